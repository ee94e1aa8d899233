package org.jfutex.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.jfutex.sync.Setting.faults;
import static org.jfutex.sync.Setting.refuses;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jfutex.Errno;
import org.jfutex.testing.Crew;
import org.jfutex.testing.Delays;
import org.jfutex.testing.WordKind;
import org.jfutex.time.Deadline;
import org.jfutex.word.Word;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class OnceTest {
  private static final Deadline REACHED = Deadline.after(0, TimeUnit.NANOSECONDS);

  private static Once once(Setting setting, Word word) {
    return setting.isShared() ? Once.shared(word) : Once.of(setting.futex(), word);
  }

  @ParameterizedTest
  @MethodSource("org.jfutex.sync.Setting#all")
  void exactlyOneRunsAndTheOthersSeeWhatItDid(Setting setting) {
    for (int round = 0; round < 50; round++) {
      Once once = once(setting, setting.word(0));
      int[] runs = {0};
      AtomicInteger told = new AtomicInteger();
      AtomicInteger here = new AtomicInteger();
      setting.together(
          4,
          _ -> {
            here.incrementAndGet();
            Crew.until("all are here", () -> here.get() == 4);
            boolean ran =
                once.run(
                    () -> {
                      Thread.yield(); // so that others come meanwhile
                      runs[0]++;
                    });
            if (ran) {
              told.incrementAndGet();
            }
            assertThat(runs[0]).isEqualTo(1);
          });
      assertThat(told).hasValue(1);
      assertThat(once.isDone()).isTrue();
    }
  }

  /** Three wait while the first one fails; then each fails but the last. */
  @ParameterizedTest
  @MethodSource("org.jfutex.sync.Setting#all")
  void afterAFailureTheNextOneTries(Setting setting) {
    Word word = setting.word(0);
    Once once = once(setting, word);
    AtomicInteger tries = new AtomicInteger();
    AtomicInteger failures = new AtomicInteger();
    setting.together(
        4,
        _ -> {
          try {
            once.run(
                () -> {
                  if (tries.incrementAndGet() == 1) {
                    setting.untilQueued(word, 3);
                  }
                  if (tries.get() < 4) {
                    throw new ArithmeticException("try " + tries.get());
                  }
                });
          } catch (ArithmeticException e) {
            failures.incrementAndGet();
          }
        });
    assertThat(failures).hasValue(3);
    assertThat(once.isDone()).isTrue();
    assertThat(once.run(tries::incrementAndGet)).isFalse();
    assertThat(tries).hasValue(4);
  }

  /** Who waits behind a failure is interrupted just then: it tries, or the other does. */
  @ParameterizedTest
  @MethodSource("org.jfutex.sync.Setting#all")
  void noTurnIsLostToOneWhoGivesUp(Setting setting) throws Exception {
    for (int round = 0; round < 30; round++) {
      Word word = setting.word(0);
      Once once = once(setting, word);
      AtomicReference<Thread> first = new AtomicReference<>();
      try (Crew crew = new Crew()) {
        Crew.Job<?> failing =
            crew.start(
                setting.kind(),
                () -> {
                  assertThatThrownBy(
                          () ->
                              once.run(
                                  () -> {
                                    Crew.until("one waits", () -> first.get() != null);
                                    setting.untilQueued(word, 2);
                                    throw new ArithmeticException();
                                  }))
                      .isInstanceOf(ArithmeticException.class);
                  first.get().interrupt();
                  return null;
                });
        Crew.until("it runs", () -> !word.holds(0));
        Crew.Job<?> hasty =
            crew.start(
                setting.kind(),
                () -> {
                  try {
                    return once.runInterruptibly(() -> {});
                  } catch (InterruptedException e) {
                    return false;
                  }
                });
        setting.untilQueued(word, 1);
        crew.start(setting.kind(), () -> once.run(() -> {}));
        first.set(hasty.thread());
        failing.join();
        crew.joinAll();
      }
      assertThat(once.isDone()).isTrue();
    }
  }

  @ParameterizedTest
  @MethodSource("org.jfutex.sync.Setting#all")
  void givesUpAtADeadlineAndWhenInterrupted(Setting setting) throws Exception {
    Word word = setting.word(1); // as if another ran
    Once once = once(setting, word);
    try (Crew crew = new Crew()) {
      crew.start(
              setting.kind(),
              () -> {
                assertThatThrownBy(
                        () -> once.runInterruptibly(() -> {}, Deadline.after(Delays.SHORT)))
                    .isInstanceOf(TimeoutException.class);
                assertThatThrownBy(() -> once.runInterruptibly(() -> {}, 1, TimeUnit.MILLISECONDS))
                    .isInstanceOf(TimeoutException.class);
                return null;
              })
          .join();
      Crew.Job<?> waiting =
          crew.start(
              setting.kind(),
              () -> {
                assertThatThrownBy(() -> once.runInterruptibly(() -> {}))
                    .isInstanceOf(InterruptedException.class);
                return null;
              });
      setting.untilQueued(word, 1);
      waiting.thread().interrupt();
      waiting.join();
    }
    WordKind.store(word, 0);
    setting.keepsAnInterruptForLater(
        occupied(word),
        () -> once.run(() -> {}),
        () -> {
          WordKind.store(word, 0);
          int _ = setting.futex().wake(word, 1); // nobody, if it comes back to its sleep just now
        });
  }

  private static Word occupied(Word word) {
    WordKind.store(word, 1);
    return word;
  }

  @ParameterizedTest
  @MethodSource("org.jfutex.sync.Setting#all")
  void anActionThatCallsItsOwnOnceIsRefused(Setting setting) {
    Once once = once(setting, setting.word(0));
    once.run(
        () -> {
          refuses(Errno.EDEADLK, "runs the action", () -> once.run(() -> {}));
          refuses(Errno.EDEADLK, "runs the action", () -> once.runInterruptibly(() -> {}));
        });
    assertThat(once.isDone()).isTrue();
  }

  @ParameterizedTest
  @MethodSource("org.jfutex.sync.Setting#all")
  void aDamagedWordIsNamedAndCanBeMended(Setting setting) throws Exception {
    Word word = setting.word(4);
    Once once = once(setting, word);
    refuses(Errno.EINVAL, "0x4", () -> once.run(() -> {}));
    refuses(Errno.EINVAL, "0x4", () -> once.runInterruptibly(() -> {}));
    refuses(Errno.EINVAL, "0x4", once::isDone);
    WordKind.store(word, -1);
    refuses(Errno.EINVAL, "0xffffffff", () -> once.runInterruptibly(() -> {}, REACHED));
    WordKind.store(word, 0);
    refuses(Errno.EINVAL, "0x3", () -> once.run(() -> WordKind.store(word, 3)));
    WordKind.store(word, 0);
    assertThatThrownBy(
            () ->
                once.run(
                    () -> {
                      WordKind.store(word, 9);
                      throw new ArithmeticException();
                    }))
        .isInstanceOf(ArithmeticException.class)
        .satisfies(e -> assertThat(e.getSuppressed()).hasSize(1));
    WordKind.store(word, 0);
    assertThat(once.run(() -> {})).isTrue();
  }

  @ParameterizedTest
  @MethodSource("org.jfutex.sync.Setting#all")
  void closedMemoryIsAFault(Setting setting) throws Exception {
    setting.onMemory(
        1,
        (word, close) -> {
          Once once = once(setting, word.apply(0));
          faults(() -> once.run(close));
          faults(() -> once.run(() -> {}));
          faults(() -> once.runInterruptibly(() -> {}, REACHED));
          faults(once::isDone);
        });
  }
}
