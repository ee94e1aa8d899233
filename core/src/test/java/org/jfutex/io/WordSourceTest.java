package org.jfutex.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jfutex.Futex;
import org.jfutex.LockStatus;
import org.jfutex.Observation;
import org.jfutex.WaitStatus;
import org.jfutex.engine.JvmFutex;
import org.jfutex.observe.Snapshot;
import org.jfutex.poll.Epoll;
import org.jfutex.poll.Events;
import org.jfutex.testing.Crew;
import org.jfutex.testing.ThreadKind;
import org.jfutex.testing.WordKind;
import org.jfutex.time.Deadline;
import org.jfutex.word.Word;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A futex word as something to wait for, and the observers that it rests on. */
class WordSourceTest {
  private static final int ROUNDS = 20_000;
  private static final Deadline NOW = Deadline.after(0, TimeUnit.SECONDS);

  private final JvmFutex futex = new JvmFutex();

  @ParameterizedTest
  @EnumSource
  void isReadyWhileTheWordDiffers(WordKind kind) {
    Word word = kind.fresh();
    try (WordSource source = new WordSource(futex, word, 0)) {
      assertThat(source.poll(Events.IN, null)).isZero();
      WordKind.store(word, 1); // without a wake: a poll sees it all the same
      assertThat(source.poll(Events.IN, null)).isEqualTo(Events.IN);
      WordKind.store(word, 0);
      assertThat(source.poll(Events.IN, null)).isZero();
    }
  }

  /**
   * Who observes takes no part: a lock whose word is looked at is taken and handed on as before.
   */
  @Test
  void whoObservesALockIsNotInItsWay() {
    Word lock = WordKind.INT_ARRAY.fresh();
    Word word = WordKind.INT_ARRAY.fresh();
    try (Observation _ = futex.observe(lock, () -> {});
        Observation _ = futex.observe(word, () -> {});
        Crew crew = new Crew()) {
      assertThat(futex.lockPi(lock)).isEqualTo(LockStatus.LOCKED);
      List<Crew.Job<LockStatus>> jobs =
          List.of(
              crew.start(() -> lockAndUnlock(lock)),
              crew.start(
                  () -> {
                    LockStatus status = futex.awaitRequeuePi(word, 0, lock, Deadline.NEVER, 0);
                    futex.unlockPi(lock);
                    return status;
                  }));
      Crew.until("they wait", () -> Snapshot.of(futex).size() == 4);
      assertThat(futex.compareRequeuePi(word, 0, lock, 1)).hasValue(1);
      futex.unlockPi(lock);
      jobs.forEach(each -> assertThat(each.join()).isEqualTo(LockStatus.LOCKED));
    }
  }

  private LockStatus lockAndUnlock(Word lock) {
    LockStatus status = futex.lockPi(lock);
    futex.unlockPi(lock);
    return status;
  }

  @ParameterizedTest
  @EnumSource
  void aWakeEndsAWait(ThreadKind kind) {
    Word word = WordKind.INT_ARRAY.fresh();
    try (WordSource source = new WordSource(futex, word, 0);
        Crew crew = new Crew()) {
      var waits = crew.start(kind, () -> source.await(Events.IN, Deadline.NEVER));
      Crew.until("it is registered", () -> source.pollee().isObserved());
      assertThat(futex.wake(word, 1)).as("who only looks is not counted").isZero();
      WordKind.store(word, 1);
      assertThat(futex.wake(word, 1)).isZero();
      assertThat(waits.join()).isEqualTo(WaitStatus.WOKEN);
    }
    assertThat(Snapshot.of(futex).size()).isZero();
  }

  /** Observers come first and last, and take nothing of what the waiters are given. */
  @Test
  void anObserverTakesNoWakeAndIsNotMoved() {
    Word word = WordKind.INT_ARRAY.fresh();
    Word other = WordKind.INT_ARRAY.fresh();
    AtomicInteger told = new AtomicInteger();
    try (Observation first = futex.observe(word, told::incrementAndGet);
        Crew crew = new Crew()) {
      List<Crew.Job<WaitStatus>> waits =
          List.of(
              crew.start(() -> futex.await(word, 0)),
              crew.start(() -> futex.await(word, 0)),
              crew.start(() -> futex.await(word, 0)));
      Crew.until("they sleep", () -> Snapshot.of(futex).size() == 4);
      try (Observation second = futex.observe(word, told::incrementAndGet)) {
        assertThat(futex.wake(word, 1)).isEqualTo(1);
        assertThat(told).hasValue(2);
        assertThat(futex.requeue(word, 0, word, 9)).as("counted").isEqualTo(2);
        assertThat(futex.requeue(word, 1, other, 9)).as("woken and moved").isEqualTo(2);
        assertThat(told).hasValue(4);
        assertThat(futex.wakeAll(other)).isEqualTo(1);
        assertThat(futex.wakeAll(word)).isZero();
        assertThat(told).hasValue(6);
        second.close();
      }
      assertThat(futex.wakeAll(word)).isZero();
      assertThat(told).hasValue(7);
      waits.forEach(each -> assertThat(each.join()).isEqualTo(WaitStatus.WOKEN));
      first.close();
    }
    assertThat(futex.wakeAll(word)).isZero();
    assertThat(told).hasValue(7);
    assertThat(Snapshot.of(futex).size()).isZero();
  }

  @Test
  void whatAnObserverThrowsCostsNobodyAWake() {
    Word word = WordKind.INT_ARRAY.fresh();
    try (Observation _ =
            futex.observe(
                word,
                () -> {
                  throw new IllegalStateException("planted");
                });
        Crew crew = new Crew()) {
      var waits = crew.start(() -> futex.await(word, 0));
      Crew.until("it sleeps", () -> Snapshot.of(futex).size() == 2);
      assertThatThrownBy(() -> futex.wake(word, 1)).hasMessage("planted");
      assertThat(waits.join()).isEqualTo(WaitStatus.WOKEN);
    }
  }

  /** A token goes to and fro between one who waits on the word and one who polls it. */
  @ParameterizedTest
  @EnumSource
  void noWakeIsLost(ThreadKind kind) {
    Word word = WordKind.INT_ARRAY.fresh();
    try (WordSource source = new WordSource(futex, word, 0);
        Epoll<String> epoll = new Epoll<>();
        Crew crew = new Crew()) {
      epoll.add(source, Events.IN | Epoll.ET, "word");
      crew.start(
          kind,
          () -> {
            for (int i = 0; i < ROUNDS; i++) {
              while (word.load() == 0) {
                assertThat(epoll.awaitEvents(1, Deadline.NEVER)).hasSize(1);
              }
              WordKind.store(word, 0);
              futex.wake(word, 1);
            }
            return null;
          });
      crew.start(
          kind,
          () -> {
            for (int i = 0; i < ROUNDS; i++) {
              WordKind.store(word, 1);
              futex.wake(word, 1);
              while (word.load() == 1) {
                WaitStatus _ = futex.await(word, 1);
              }
            }
            return null;
          });
      crew.joinAll();
    }
    assertThat(Snapshot.of(futex).size()).isZero();
  }

  @Test
  void theKernelsFutexIsRefused() {
    Word word = WordKind.NATIVE_32.fresh();
    assertThatThrownBy(() -> new WordSource(Futex.kernel(), word, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("kernel");
  }

  @Test
  void closedItIsForgotten() throws InterruptedException {
    Word word = WordKind.INT_ARRAY.fresh();
    WordSource source = new WordSource(futex, word, 0);
    try (Epoll<String> epoll = new Epoll<>()) {
      epoll.add(source, Events.IN, "word");
      assertThat(Snapshot.of(futex).size()).isEqualTo(1);
      source.close();
      source.close();
      assertThat(Snapshot.of(futex).size()).isZero();
      assertThat(epoll.size()).isZero();
      assertThat(epoll.awaitEvents(1, NOW)).isEmpty();
      assertThat(source.poll(Events.IN, null)).isEqualTo(Events.NVAL);
    }
  }
}
