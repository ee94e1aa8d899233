package org.jfutex.cli.fuzz;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jfutex.cli.play.Place;
import org.jfutex.cli.play.Scenario;
import org.jfutex.cli.play.Scenario.Call;
import org.jfutex.cli.play.Scenario.Expected;
import org.jfutex.cli.play.Scenario.Result;
import org.jfutex.cli.play.Scenario.Step;

/**
 * A difference that was found, as small as it got.
 *
 * @param number the number of the program
 * @param program the program, with what the kernel answered where its steps come one by one
 * @param steps how many steps it has
 * @param difference what each side did
 */
record Found(long number, Scenario program, int steps, String difference) {
  /** States in a program what the kernel answered. */
  static Scenario stated(Scenario program, Duel.Verdict verdict) {
    List<Step> steps = new ArrayList<>();
    for (int i = 0; i < verdict.moments().size(); i++) {
      Step step = verdict.executed().get(i);
      Moment moment = verdict.moments().get(i);
      if (step instanceof Call call) {
        boolean isOfMachine = call.op().name().equals("hash"); // what others have left there counts
        Expected expected = isOfMachine ? new Expected.Anything() : expected(moment.result());
        steps.add(new Call(0, call.thread(), call.op(), expected));
      } else {
        steps.add(step);
      }
      for (Map.Entry<String, Long> end : moment.returned().entrySet()) {
        steps.add(new Scenario.Returns(0, end.getKey(), result(end.getValue())));
      }
    }
    if (!verdict.moments().isEmpty()) {
      Moment last = verdict.moments().getLast();
      last.asleep().forEach(thread -> steps.add(new Scenario.Sleeps(0, thread)));
      for (int i = 0; i < program.words().size(); i++) {
        boolean isAddress = (last.cells().get(2 * i + 1) & 0xffff_0000) == Moment.ADDRESS;
        Place word = new Place(program.words().get(i).name(), 0);
        if (!isAddress) {
          steps.add(new Scenario.CheckWord(0, word, null, verdict.words().get(i)));
        }
      }
    }
    // a step that a machine did not come back from
    steps.addAll(verdict.executed().subList(verdict.moments().size(), verdict.executed().size()));
    return RaceMaker.withSteps(program, steps);
  }

  private static Expected expected(long result) {
    return result == Moment.NONE
        ? new Expected.Anything()
        : result == Moment.SLEEPS ? new Expected.Blocks() : new Expected.Returns(result(result));
  }

  private static Result result(long value) {
    return new Result(value, value == 0 ? "ok" : Moment.text(value));
  }

  @Override
  public String toString() {
    return difference.indent(2).replaceAll("(?m)^", "#") + program;
  }
}
