package org.jfutex.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jfutex.poll.Discipline;
import org.jfutex.poll.Events;
import org.jfutex.poll.Registration;
import org.jfutex.testing.Crew;
import org.jfutex.testing.Delays;
import org.jfutex.testing.ThreadKind;
import org.jfutex.time.Deadline;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.FieldSource;

/** The queue. */
class BoundedQueueTest {
  static final List<Arguments> ALL = PipeBlockingTest.ALL;

  private final Crew crew = new Crew();

  @org.junit.jupiter.api.AfterEach
  void end() {
    crew.close();
  }

  private static int mask(BoundedQueue<?> queue) {
    return queue.poll(Events.IN | Events.OUT, null);
  }

  private static <T> Crew.Job<T> asleep(Crew.Job<T> job) {
    Crew.until("asleep", () -> job.thread().getState() == Thread.State.WAITING);
    return job;
  }

  @ParameterizedTest
  @EnumSource
  void isEmptyHoldsIsFullAndEnds(Discipline discipline) {
    BoundedQueue<String> queue = new BoundedQueue<>(2, discipline);
    assertThat(mask(queue)).isEqualTo(Events.OUT);
    assertThat(queue.tryTake()).isNull();
    assertThat(queue.tryPut("a")).isTrue();
    assertThat(mask(queue)).isEqualTo(Events.IN | Events.OUT);
    assertThat(queue.tryPut("b")).isTrue();
    assertThat(mask(queue)).isEqualTo(Events.IN);
    assertThat(queue.tryPut("c")).isFalse();
    assertThat(queue.size()).isEqualTo(2);
    assertThat(queue.remainingCapacity()).isZero();
    assertThat(queue.tryTake()).isEqualTo("a");
    assertThat(mask(queue)).isEqualTo(Events.IN | Events.OUT);
    queue.close();
    queue.close();
    assertThat(queue.isClosed()).isTrue();
    assertThat(mask(queue)).isEqualTo(Events.IN | Events.HUP);
    assertThatThrownBy(() -> queue.tryPut("d")).isInstanceOf(IllegalStateException.class);
    assertThat(queue.tryTake()).isEqualTo("b");
    assertThat(mask(queue)).isEqualTo(Events.HUP);
    assertThat(queue.tryTake()).isNull();
    assertThatThrownBy(() -> new BoundedQueue<>(0)).isInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @EnumSource
  void eachItemIsNewsAndRoomAfterFull(Discipline discipline) {
    BoundedQueue<Integer> queue = new BoundedQueue<>(2, discipline);
    AtomicInteger in = new AtomicInteger();
    AtomicInteger out = new AtomicInteger();
    try (var _ =
            queue
                .pollee()
                .register(_ -> in.incrementAndGet() > 0, Events.IN, Registration.Mode.SHARED);
        var _ =
            queue
                .pollee()
                .register(_ -> out.incrementAndGet() > 0, Events.OUT, Registration.Mode.SHARED)) {
      queue.tryPut(1);
      queue.tryPut(2);
      queue.tryPut(3);
      assertThat(in).hasValue(2);
      queue.tryTake();
      assertThat(out).hasValue(1);
      queue.tryTake();
      queue.tryTake();
      assertThat(out).hasValue(1);
    }
  }

  @ParameterizedTest
  @FieldSource("ALL")
  void waitsForItemsRoomAndTheEnd(Discipline discipline, ThreadKind kind)
      throws InterruptedException {
    BoundedQueue<Integer> queue = new BoundedQueue<>(1, discipline);
    var taker = asleep(crew.start(kind, queue::take));
    queue.put(1);
    assertThat(taker.join()).isEqualTo(1);
    queue.put(2);
    var putter = asleep(crew.start(kind, () -> queue.tryPut(3, Deadline.NEVER)));
    assertThat(queue.tryTake()).isEqualTo(2);
    assertThat(putter.join()).isTrue();
    var refused =
        asleep(
            crew.start(
                kind,
                () -> {
                  assertThatThrownBy(() -> queue.put(4)).isInstanceOf(IllegalStateException.class);
                  return true;
                }));
    queue.close();
    assertThat(refused.join()).isTrue();
    assertThat(queue.take()).isEqualTo(3);
    assertThat(queue.take()).isNull();
    BoundedQueue<Integer> empty = new BoundedQueue<>(1, discipline);
    assertThat(empty.tryTake(Deadline.after(Delays.SHORT))).isNull();
    List<Crew.Job<Integer>> takers = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      takers.add(asleep(crew.start(kind, empty::take)));
    }
    empty.close();
    takers.forEach(each -> assertThat(each.join()).isNull());
  }

  @ParameterizedTest
  @FieldSource("ALL")
  void anInterruptEndsAWait(Discipline discipline, ThreadKind kind) {
    BoundedQueue<Integer> queue = new BoundedQueue<>(1, discipline);
    var taker =
        asleep(
            crew.start(
                kind,
                () -> {
                  assertThatThrownBy(queue::take).isInstanceOf(InterruptedException.class);
                  return Thread.currentThread().isInterrupted();
                }));
    taker.thread().interrupt();
    assertThat(taker.join()).isFalse();
  }

  /** All that is put is taken, once, and by each taker in its order. */
  @ParameterizedTest
  @FieldSource("ALL")
  void nothingIsLostOrDoubled(Discipline discipline, ThreadKind kind) {
    int each = 5_000;
    BoundedQueue<Integer> queue = new BoundedQueue<>(3, discipline);
    List<Crew.Job<Boolean>> putters = new ArrayList<>();
    List<Crew.Job<Long>> takers = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      putters.add(
          crew.start(
              kind,
              () -> {
                for (int k = 1; k <= each; k++) {
                  queue.put(k);
                }
                return true;
              }));
      takers.add(
          crew.start(
              kind,
              () -> {
                long sum = 0;
                for (Integer item = queue.take(); item != null; item = queue.take()) {
                  sum += item;
                }
                return sum;
              }));
    }
    putters.forEach(job -> assertThat(job.join()).isTrue());
    queue.close();
    long sum = takers.stream().mapToLong(Crew.Job::join).sum();
    assertThat(sum).isEqualTo((long) each * (each + 1));
  }
}
