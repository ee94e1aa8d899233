package org.jfutex.cli.fuzz;

import java.util.List;
import org.jfutex.cli.play.Scenario;
import org.jfutex.cli.play.Scenario.Step;
import org.jspecify.annotations.Nullable;

/** Where the steps of a program come from. */
interface Steps {
  /** The program without its steps. */
  Scenario declarations();

  /** The next step, null after the last. */
  @Nullable Step next(View view);

  /** The steps of a program that is written down. */
  static Steps of(Scenario program) {
    List<Step> steps = program.steps();
    return new Steps() {
      private int at;

      @Override
      public Scenario declarations() {
        return program;
      }

      @Override
      public @Nullable Step next(View view) {
        return at < steps.size() ? steps.get(at++) : null;
      }
    };
  }
}
