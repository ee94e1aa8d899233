package org.jfutex.poll;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The steps of {@link Pollee} by hand, one memory access each, in every order: who makes an event,
 * who takes it away, who polls and who registers and polls. Each ordering that its argument rests
 * on is needed: without it some order loses an event or keeps a stale one.
 */
class PolleeModelTest {
  /** What is left out or done in another order. */
  enum Weakness {
    /** The count of observers is read before the change. */
    COUNT_BEFORE_CHANGE,
    /** The stamp grows before the object changes. */
    STAMP_BEFORE_CHANGE,
    /** A check publishes whatever has happened meanwhile. */
    PUBLISH_IN_ANY_CASE,
    /** Who polls looks first and registers afterwards. */
    LOOK_BEFORE_REGISTERING,
    /** Who has taken the event does not say so. */
    NO_INVALIDATION
  }

  /** All memory there is, and where each thread is. */
  private static final class World {
    static final int THREADS = 4;

    int event;
    int stamp;
    int known;
    int cached;
    int count;
    int told;
    int stale;
    final int[] at = new int[THREADS];
    final int[] seen = new int[THREADS]; // the stamp that a poll has read, or a count
    final int[] answer = new int[THREADS];

    World copy() {
      World copy = new World();
      copy.event = event;
      copy.stamp = stamp;
      copy.known = known;
      copy.cached = cached;
      copy.count = count;
      copy.told = told;
      copy.stale = stale;
      System.arraycopy(at, 0, copy.at, 0, THREADS);
      System.arraycopy(seen, 0, copy.seen, 0, THREADS);
      System.arraycopy(answer, 0, copy.answer, 0, THREADS);
      return copy;
    }

    List<Integer> key() {
      return List.of(
          event,
          stamp,
          known,
          cached,
          count,
          told,
          Arrays.hashCode(at),
          Arrays.hashCode(seen),
          Arrays.hashCode(answer));
    }

    void invalidate() {
      stamp++;
      known = 0;
    }
  }

  private static final int MAKER = 0;
  private static final int TAKER = 1;
  private static final int POLLER = 2;
  private static final int REGISTRAR = 3;
  private static final int DONE = 100;

  private final Set<Weakness> weaknesses = EnumSet.noneOf(Weakness.class);
  private final Set<List<Integer>> visited = new HashSet<>();
  private int lost;
  private int stale;

  private boolean is(Weakness weakness) {
    return weaknesses.contains(weakness);
  }

  /** Runs every order of the threads that are not done. */
  private void explore(World world) {
    if (!visited.add(world.key())) {
      return;
    }
    boolean isOver = true;
    for (int thread = 0; thread < World.THREADS; thread++) {
      if (world.at[thread] != DONE) {
        isOver = false;
        World next = world.copy();
        step(next, thread);
        explore(next);
      }
    }
    if (isOver) {
      judge(world);
    }
  }

  private void judge(World world) {
    if (world.known == 1 && world.cached != world.event) {
      stale++;
    }
    boolean isWaiting = world.answer[REGISTRAR] == 0 && world.told == 0;
    if (isWaiting && world.event == 1) {
      lost++;
    }
  }

  private void step(World world, int thread) {
    switch (thread) {
      case MAKER -> make(world);
      case TAKER -> take(world);
      case POLLER -> poll(world, POLLER, 0);
      default -> register(world);
    }
  }

  private void make(World world) {
    int at = world.at[MAKER]++;
    int first = is(Weakness.COUNT_BEFORE_CHANGE) ? 0 : 2; // when the count is read
    if (at == first) {
      world.seen[MAKER] = world.count;
    } else if (at == 3) {
      if (world.seen[MAKER] != 0) {
        world.told = 1;
      }
      world.at[MAKER] = DONE;
    } else {
      boolean isFirst = at == (first == 0 ? 1 : 0);
      if (isFirst != is(Weakness.STAMP_BEFORE_CHANGE)) {
        world.event = 1;
      } else {
        world.invalidate();
      }
    }
  }

  /** Takes the event if it is there. */
  private void take(World world) {
    int at = world.at[TAKER]++;
    if (at == 0) {
      world.seen[TAKER] = world.event;
      world.event = 0; // with the object's lock held, as everything the object does
    } else {
      if (world.seen[TAKER] == 1 && !is(Weakness.NO_INVALIDATION)) {
        world.invalidate();
      }
      world.at[TAKER] = DONE;
    }
  }

  private void register(World world) {
    int at = world.at[REGISTRAR];
    boolean isLate = is(Weakness.LOOK_BEFORE_REGISTERING);
    if (at == (isLate ? 3 : 0)) {
      world.count++;
      world.at[REGISTRAR] = isLate ? DONE : 1;
    } else {
      poll(world, REGISTRAR, isLate ? 0 : 1);
      if (isLate && world.at[REGISTRAR] == DONE) {
        world.at[REGISTRAR] = 3;
      }
    }
  }

  /** Three steps: reads the state, checks the object, publishes. */
  private void poll(World world, int thread, int from) {
    int at = world.at[thread]++ - from;
    switch (at) {
      case 0 -> {
        world.seen[thread] = world.stamp;
        if (world.known == 1) {
          world.answer[thread] = world.cached;
          world.at[thread] = DONE;
        }
      }
      case 1 -> world.answer[thread] = world.event;
      default -> {
        boolean isUnchanged = world.stamp == world.seen[thread] && world.known == 0;
        if (isUnchanged || is(Weakness.PUBLISH_IN_ANY_CASE)) {
          world.known = 1;
          world.cached = world.answer[thread];
        }
        world.at[thread] = DONE;
      }
    }
  }

  @Test
  void noOrderLosesAnEventOrKeepsAStaleOne() {
    explore(new World());
    assertThat(visited).hasSizeGreaterThan(1_000);
    assertThat(lost).as("events that a waiter does not hear of").isZero();
    assertThat(stale).as("events kept that do not hold").isZero();
  }

  @ParameterizedTest
  @EnumSource
  void eachOrderingIsNeeded(Weakness weakness) {
    weaknesses.add(weakness);
    explore(new World());
    assertThat(lost + stale).as("orders that go wrong").isPositive();
  }
}
