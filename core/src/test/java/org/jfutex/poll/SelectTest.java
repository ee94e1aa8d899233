package org.jfutex.poll;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.jfutex.WaitStatus;
import org.jfutex.testing.Crew;
import org.jfutex.testing.Delays;
import org.jfutex.testing.ThreadKind;
import org.jfutex.time.Deadline;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Takes from one of several, and wakes that go to one of several waiters. */
class SelectTest {
  private static final Deadline NOW = Deadline.after(0, TimeUnit.SECONDS);
  private static final int ITEMS = 20_000;
  private static final int END = -1;

  /** A queue with a readiness. */
  private static final class Line implements Pollable {
    private final Queue<Integer> items = new ConcurrentLinkedQueue<>();
    private final Pollee pollee = new Pollee(() -> items.isEmpty() ? 0 : Events.IN);

    void put(int item) {
      items.add(item);
      pollee.notifyEvents(Events.IN);
    }

    Integer tryTake() {
      Integer item = items.poll();
      pollee.invalidate();
      return item;
    }

    @Override
    public Pollee pollee() {
      return pollee;
    }
  }

  private static Select<Integer> over(Select.Order order, Line... lines) {
    Select<Integer> select = new Select<>(order);
    for (Line each : lines) {
      Select<Integer> _ = select.on(each, Events.IN, each::tryTake);
    }
    return select;
  }

  @Test
  void fairIsInTurnAndBiasedIsInOrder() throws InterruptedException {
    Line a = new Line();
    Line b = new Line();
    for (int i = 0; i < 4; i++) {
      a.put(10 + i);
      b.put(20 + i);
    }
    Select<Integer> fair = over(Select.Order.FAIR, a, b);
    assertThat(List.of(fair.take(NOW), fair.take(NOW), fair.take(NOW), fair.take(NOW)))
        .containsExactly(10, 20, 11, 21);
    Select<Integer> biased = over(Select.Order.BIASED, a, b);
    assertThat(List.of(biased.take(NOW), biased.take(NOW), biased.take(NOW)))
        .containsExactly(12, 13, 22);
    assertThat(biased.take(NOW)).isEqualTo(23);
    assertThat(biased.take(NOW)).isNull();
    assertThat(biased.tryTake()).isNull();
  }

  @Test
  void aCaseThatThrowsLeavesTheOthersAlone() {
    Line a = new Line();
    Line b = new Line();
    a.put(1);
    b.put(2);
    Select<Integer> select =
        new Select<Integer>(Select.Order.BIASED)
            .on(
                a,
                Events.IN,
                () -> {
                  throw new IllegalStateException("planted");
                })
            .on(b, Events.IN, b::tryTake);
    assertThatThrownBy(() -> select.take(Deadline.NEVER)).hasMessage("planted");
    assertThat(b.items).containsExactly(2);
    assertThat(a.pollee.observers() + b.pollee.observers()).isZero();
  }

  @ParameterizedTest
  @EnumSource
  void aDeadlineAndAnInterruptTakeNothing(ThreadKind kind) {
    Line a = new Line();
    Line b = new Line();
    try (Crew crew = new Crew()) {
      Deadline soon = Deadline.after(Delays.SHORT);
      assertThat(crew.start(kind, () -> over(Select.Order.FAIR, a, b).take(soon)).join()).isNull();
      var asleep =
          crew.start(
              kind,
              () -> {
                try {
                  return "took " + over(Select.Order.FAIR, a, b).take(Deadline.NEVER);
                } catch (InterruptedException e) {
                  return "interrupted";
                }
              });
      Crew.until("it sleeps", () -> a.pollee.observers() + b.pollee.observers() == 2);
      asleep.thread().interrupt();
      assertThat(asleep.join()).isEqualTo("interrupted");
      assertThat(a.pollee.observers() + b.pollee.observers()).isZero();
    }
  }

  /**
   * Selects in opposite orders and plain waiters on the same two queues, whose wakes go to one at a
   * time: each item is taken once, and nobody sleeps beside an item.
   */
  @ParameterizedTest
  @EnumSource
  void bug23AndBug25NoItemAndNoWakeIsLost(ThreadKind kind) {
    Line a = new Line();
    Line b = new Line();
    AtomicIntegerArray taken = new AtomicIntegerArray(ITEMS);
    AtomicInteger ended = new AtomicInteger();
    try (Crew crew = new Crew()) {
      List<Crew.Job<Object>> takers = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        Select<Integer> select =
            i % 2 == 0 ? over(Select.Order.FAIR, a, b) : over(Select.Order.BIASED, b, a);
        takers.add(
            crew.start(
                kind,
                () -> {
                  int item;
                  while ((item = select.take(Deadline.NEVER)) != END) {
                    taken.incrementAndGet(item);
                  }
                  ended.incrementAndGet();
                  return null;
                }));
      }
      for (Line line : List.of(a, b)) {
        takers.add(
            crew.start(
                kind,
                () -> {
                  int[] item = {0};
                  while (item[0] != END) {
                    assertThat(line.await(Events.IN, Deadline.NEVER, () -> take(line, item)))
                        .isEqualTo(WaitStatus.WOKEN);
                    if (item[0] != END) {
                      taken.incrementAndGet(item[0]);
                    }
                  }
                  ended.incrementAndGet();
                  return null;
                }));
      }
      for (int i = 0; i < ITEMS; i++) {
        (i % 3 == 0 ? a : b).put(i);
        if (i % 64 == 0) { // so that takers fall asleep now and then
          int next = i;
          Crew.until("all was taken", () -> taken.get(next) == 1);
        }
      }
      for (int i = 0; i < ITEMS; i++) {
        int at = i;
        Crew.until("item " + i + " was taken", () -> taken.get(at) == 1);
      }
      while (ended.get() < takers.size()) {
        int before = ended.get();
        a.put(END);
        b.put(END);
        Crew.until("somebody ended", () -> ended.get() > before);
      }
      crew.joinAll();
    }
    assertThat(a.pollee.observers() + b.pollee.observers()).isZero();
  }

  private static boolean take(Line line, int[] item) {
    Integer next = line.tryTake();
    if (next != null) {
      item[0] = next;
    }
    return next != null;
  }

  /** Two items of one event: who is woken takes one and wakes the next. */
  @ParameterizedTest
  @EnumSource
  void whoLeavesWithEventsLeftWakesTheNext(ThreadKind kind) {
    for (int round = 0; round < 200; round++) {
      Line line = new Line();
      try (Crew crew = new Crew()) {
        for (int i = 0; i < 2; i++) {
          crew.start(
              kind, () -> line.await(Events.IN, Deadline.NEVER, () -> take(line, new int[1])));
        }
        Crew.until("both sleep", () -> line.pollee.observers() == 2);
        line.items.add(1);
        line.put(2);
        crew.joinAll();
      }
      assertThat(line.items).isEmpty();
    }
  }

  /** Who gives up as it is woken leaves the wake to the next. */
  @ParameterizedTest
  @EnumSource
  void aWakeForWhoGivesUpGoesToTheNext(ThreadKind kind) {
    for (int round = 0; round < 200; round++) {
      Line line = new Line();
      try (Crew crew = new Crew()) {
        var first =
            crew.start(
                kind, () -> line.await(Events.IN, Deadline.NEVER, () -> take(line, new int[1])));
        Crew.until("the first sleeps", () -> line.pollee.observers() == 1);
        var second =
            crew.start(
                kind, () -> line.await(Events.IN, Deadline.NEVER, () -> take(line, new int[1])));
        Crew.until("both sleep", () -> line.pollee.observers() == 2);
        first.thread().interrupt();
        line.put(1);
        WaitStatus end = first.join();
        if (end == WaitStatus.WOKEN) {
          line.put(2);
        }
        assertThat(second.join()).isEqualTo(WaitStatus.WOKEN);
      }
      assertThat(line.items).isEmpty();
    }
  }
}
