package org.jfutex.cli.fuzz;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.jfutex.cli.machine.Capability;
import org.jfutex.cli.play.Num;
import org.jfutex.cli.play.Scenario;
import org.jfutex.cli.play.Scenario.Act;
import org.jfutex.cli.play.Scenario.Call;
import org.jfutex.cli.play.Scenario.Op;
import org.jfutex.cli.play.Scenario.Step;
import org.jfutex.cli.play.Scenario.WordDecl;

/**
 * Makes programs in which two threads race for a lock: taking it, trying, giving up, unlocking with
 * and without a call, being moved to it, and ending. Who would sleep has a time that is over, so it
 * is queued and then gives up, unless the other comes in between.
 */
final class LockRaceMaker {
  private static final List<String> RACERS = List.of("t1", "t2");
  private static final String OVER = "deadline=0";
  private static final String LOCK = "a";
  private static final String FROM = "b";
  private static final List<String> FLAGS = List.of("", "", "", "|0x80000000", "|0xc0000000");

  private final SplittableRandom random;
  private final List<String> scope;

  private LockRaceMaker(SplittableRandom random) {
    this.random = random;
    this.scope = random.nextInt(3) == 0 ? List.of("shared") : List.of();
  }

  /** One program. */
  static Scenario make(long seed, long number) {
    SplittableRandom random = Generator.random(seed, number);
    return new LockRaceMaker(random).make(Generator.title(seed, number));
  }

  private Scenario make(String title) {
    String owner = of(List.of("t1", "t1", "t1", "t2", "t3", ""));
    List<Step> race = new ArrayList<>();
    do {
      race.clear();
      RACERS.forEach(thread -> side(thread, thread.equals(owner), race));
    } while (race.stream().filter(Generator::isOver).count() > 1);
    List<Step> steps = new ArrayList<>();
    steps.add(
        call("main", "store", LOCK, owner.isEmpty() ? "0" : "tid(" + owner + ")" + of(FLAGS)));
    steps.add(call("t3", "store", FROM, "0"));
    steps.add(new Scenario.Race(0, race));
    for (String thread : RACERS) {
      if (race.stream().noneMatch(step -> step instanceof Act act && act.name().equals(thread))) {
        steps.add(call(thread, "unlock_pi", LOCK));
      }
    }
    steps.add(call("main", "trylock_pi", LOCK));
    return new Scenario(
        title, Set.of(Capability.PI), Set.of(), List.of(), words(), List.of(), steps);
  }

  private static List<WordDecl> words() {
    return List.of(word(LOCK, 0), word(FROM, 2 * Integer.BYTES));
  }

  private static WordDecl word(String name, int offset) {
    return new WordDecl(0, name, Integer.SIZE, Num.of(0), "mem", offset, false);
  }

  /** What one thread does; the owner mostly gives up the lock, in one way or the other. */
  private void side(String thread, boolean owns, List<Step> race) {
    if (random.nextInt(4) == 0) {
      race.add(other(thread));
    }
    if (owns && random.nextInt(4) > 0) {
      switch (random.nextInt(4)) {
        case 0 -> race.add(call(thread, "cas", LOCK, "tid(" + thread + ")", "0"));
        case 1 -> race.add(new Act(0, Act.Verb.EXIT, thread));
        default -> race.add(call(thread, "unlock_pi", LOCK));
      }
      return;
    }
    switch (random.nextInt(3)) {
      case 0 -> race.add(call(thread, "wait_requeue_pi", FROM, "0", LOCK, OVER));
      case 1 -> race.add(call(thread, "lock_pi", LOCK, OVER));
      default -> race.add(other(thread));
    }
  }

  private Step other(String thread) {
    return switch (random.nextInt(5)) {
      case 0 -> call(thread, "trylock_pi", LOCK);
      case 1 -> call(thread, "cas", LOCK, "0", "tid(" + thread + ")");
      case 2 -> call(thread, "unlock_pi", LOCK);
      case 3 -> call(thread, "store", FROM, "1");
      default ->
          call(
              thread, "cmp_requeue_pi", FROM, LOCK, "wake=1", "move=" + random.nextInt(2), "val=0");
    };
  }

  private Call call(String thread, String name, String... words) {
    List<String> all = new ArrayList<>(List.of(words));
    if (name.endsWith("_pi")) {
      all.addAll(scope);
    }
    return Generator.call(thread, new Op(name, all));
  }

  private String of(List<String> list) {
    return list.get(random.nextInt(list.size()));
  }
}
