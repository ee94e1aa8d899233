package org.jfutex.cli.fuzz;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.jfutex.OwnerWord;
import org.jfutex.cli.fuzz.RaceRig.Outcome;
import org.jfutex.cli.machine.Capability;
import org.jfutex.cli.play.Scenario.Step;
import org.jspecify.annotations.Nullable;

/**
 * Runs programs with a race and judges what comes out: on the machines once, on the rig many times,
 * always one of the outcomes that an order of the race gives.
 */
final class Races {
  private final List<Bench> benches;
  private final RaceRig rig;

  /** Races on these machines, and on a rig. */
  Races(List<Bench> benches, RaceRig rig) {
    this.benches = List.copyOf(benches);
    this.rig = rig;
  }

  /**
   * Runs a program.
   *
   * @param times how often on the rig
   * @param untilNanos until when at most, of {@link System#nanoTime}
   * @return what went wrong, null if nothing did
   */
  @Nullable String judge(RaceProgram program, int times, long untilNanos, SplittableRandom random) {
    RigProgram lowered = program.lower();
    Set<Outcome> allowed = rig.allowed(lowered);
    if (!program.requeues() && !lowered.ownsLocks()) {
      WakeCount count = new WakeCount(lowered);
      for (Outcome outcome : allowed) {
        if (count.isBroken(outcome)) {
          return "engine: as many wakes as woken: expected, an order gives: " + outcome;
        }
      }
    }
    for (Bench bench : benches) {
      String wrong = judge(program, allowed, bench);
      if (wrong != null) {
        return wrong;
      }
    }
    Outcome wrong = rig.race(lowered, allowed, times, untilNanos, random);
    return wrong == null ? null : told("engine", wrong, allowed);
  }

  private @Nullable String judge(RaceProgram program, Set<Outcome> allowed, Bench bench) {
    Outcome outcome = run(program, bench);
    if (allowed.contains(outcome)) {
      return null;
    }
    if (program.requeues()) {
      Set<Outcome> counts = new HashSet<>();
      allowed.forEach(one -> counts.add(counts(program, one)));
      if (counts.contains(counts(program, outcome))) {
        return null;
      }
    }
    return told(bench.name(), outcome, allowed);
  }

  private static String told(String who, Outcome wrong, Set<Outcome> allowed) {
    StringBuilder text = new StringBuilder(who + ": " + wrong);
    allowed.forEach(one -> text.append("\nan order gives: ").append(one));
    return text.toString();
  }

  private static Outcome run(RaceProgram program, Bench bench) {
    bench.prepare(program.scenario());
    for (Step step : program.prefix()) {
      bench.start(step);
      Moment _ = bench.finish(step, program.scenario().words());
    }
    List<Long> numbers = new ArrayList<>(bench.race(program));
    look(program, bench, bench.finish(program.race(), program.scenario().words()), numbers);
    for (Step step : program.suffix()) {
      bench.start(step);
      Moment moment = bench.finish(step, program.scenario().words());
      numbers.add(moment.result());
      look(program, bench, moment, numbers);
    }
    bench.clean();
    return new Outcome(numbers.stream().mapToLong(Long::longValue).toArray());
  }

  private static void look(RaceProgram program, Bench bench, Moment moment, List<Long> numbers) {
    for (String thread : program.threads()) {
      Long result = moment.returned().get(thread);
      if (result != null) {
        numbers.add(result);
      } else {
        numbers.add(moment.asleep().contains(thread) ? RaceRig.ASLEEP : RaceRig.IDLE);
      }
    }
    moment.cells().forEach(cell -> numbers.add((long) renamed(program, bench, cell)));
  }

  /** Words call a thread otherwise on a machine than on the rig. */
  private static int renamed(RaceProgram program, Bench bench, int cell) {
    int id = OwnerWord.owner(cell);
    boolean names = program.scenario().needs().contains(Capability.PI);
    String thread = id == 0 || !names ? null : bench.thread(id);
    int index = thread == null ? -1 : program.threads().indexOf(thread);
    return index < 0 ? cell : (cell & ~OwnerWord.OWNER_MASK) | (Lane.FIRST_ID + index);
  }

  /**
   * The outcome without who it was that slept or was served. One that waits on several words may
   * stand in a queue twice, so where one does nothing is left but what the race's own steps gave
   * and what the cells hold: as {@link OpenOrder#leavesOpen}.
   */
  static Outcome counts(RaceProgram program, Outcome outcome) {
    long[] numbers = outcome.numbers().clone();
    int threads = program.threads().size();
    int row = threads + 2 * program.scenario().words().size();
    for (int at = program.race().steps().size(); at < numbers.length; at += row + 1) {
      Arrays.sort(numbers, at, at + threads);
      if (program.movesOn()) {
        Arrays.fill(numbers, at, at + threads, 0);
        if (at + row < numbers.length) {
          numbers[at + row] = 0; // what the next step gave
        }
      }
    }
    return new Outcome(numbers);
  }
}
