package org.jfutex.cli.fuzz;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jfutex.cli.fuzz.RaceRig.Outcome;
import org.jfutex.cli.fuzz.RigProgram.Kind;
import org.jfutex.cli.fuzz.RigProgram.Step;

/**
 * What every outcome of a race must keep, whatever engine it comes from: who counts a wake has
 * woken somebody who says so. Programs that move waiters count those too, and are not judged.
 */
final class WakeCount {
  private final RigProgram program;
  private final Set<Integer> vectors = new HashSet<>();

  WakeCount(RigProgram program) {
    this.program = program;
    List<Step> all = new ArrayList<>(program.prefix());
    all.addAll(program.first());
    all.addAll(program.second());
    for (Step step : all) {
      if (step.entries() > 1) {
        vectors.add(step.thread());
      }
    }
  }

  /**
   * Whether wakes and those who were woken differ in number. A wait on several words may be counted
   * more than once.
   */
  boolean isBroken(Outcome outcome) {
    long[] numbers = outcome.numbers();
    List<Step> racing = new ArrayList<>(program.first());
    racing.addAll(program.second());
    long counted = 0;
    for (int i = 0; i < racing.size(); i++) {
      counted += racing.get(i).kind() == Kind.CALL ? Math.max(numbers[i], 0) : 0;
    }
    int row = program.threads() + program.cells().length;
    long woken = 0;
    boolean vectorWoken = false;
    for (int at = racing.size(); at < numbers.length; at += row + 1) {
      counted += at > racing.size() ? Math.max(numbers[at - 1], 0) : 0;
      for (int thread = 0; thread < program.threads(); thread++) {
        if (numbers[at + thread] >= 0) {
          woken++;
          vectorWoken |= vectors.contains(thread);
        }
      }
    }
    return vectorWoken ? counted < woken : counted != woken;
  }
}
