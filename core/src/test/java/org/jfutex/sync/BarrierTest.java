package org.jfutex.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.jfutex.sync.Setting.faults;
import static org.jfutex.sync.Setting.refuses;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.jfutex.Errno;
import org.jfutex.testing.Crew;
import org.jfutex.testing.Delays;
import org.jfutex.testing.WordKind;
import org.jfutex.time.Deadline;
import org.jfutex.word.Word;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class BarrierTest {
  private static final int ROUNDS = 200;
  private static final int PARTIES = 3;

  private static Barrier barrier(Setting setting, Word word, int parties) {
    return setting.isShared()
        ? Barrier.shared(word, parties)
        : Barrier.of(setting.futex(), word, parties);
  }

  /** The values before the word begins again at 0 are crossed on the way. */
  @ParameterizedTest
  @MethodSource("org.jfutex.sync.Setting#all")
  void nobodyIsAGenerationAheadAndOneOfEachWasTheLast(Setting setting) {
    int limit = Integer.MAX_VALUE - Integer.MAX_VALUE % PARTIES;
    Word word = setting.word(limit - ROUNDS / 2 * PARTIES);
    Barrier barrier = barrier(setting, word, PARTIES);
    AtomicIntegerArray arrived = new AtomicIntegerArray(ROUNDS);
    AtomicInteger last = new AtomicInteger();
    setting.together(
        PARTIES,
        _ -> {
          for (int round = 0; round < ROUNDS; round++) {
            arrived.incrementAndGet(round);
            if (barrier.awaitUninterruptibly()) {
              last.incrementAndGet();
            }
            assertThat(arrived.get(round)).isEqualTo(PARTIES);
          }
        });
    assertThat(last).hasValue(ROUNDS);
    assertThat(word.holds(ROUNDS / 2 * PARTIES)).isTrue();
  }

  /** More threads than parties: generations pass by who looks late. */
  @ParameterizedTest
  @MethodSource("org.jfutex.sync.Setting#all")
  void nobodyMissesItsReleaseThoughTheNextGenerationHasBegun(Setting setting) {
    int threads = 4;
    Word word = setting.word(0);
    Barrier barrier = barrier(setting, word, 2);
    AtomicInteger arrivals = new AtomicInteger();
    int total = threads * ROUNDS;
    setting.together(
        threads,
        _ -> {
          while (arrivals.getAndIncrement() < total) { // an even number of arrivals in all
            boolean _ = barrier.awaitUninterruptibly();
          }
        });
    assertThat(barrier.arrived()).isZero();
    assertThat(setting.queued(word)).isZero();
  }

  @ParameterizedTest
  @MethodSource("org.jfutex.sync.Setting#all")
  void whoGivesUpHasNotArrived(Setting setting) {
    Word word = setting.word(0);
    Barrier barrier = barrier(setting, word, 2);
    try (Crew crew = new Crew()) {
      crew.start(
              setting.kind(),
              () -> {
                assertThatThrownBy(() -> barrier.await(Deadline.after(Delays.SHORT)))
                    .isInstanceOf(TimeoutException.class)
                    .hasMessageContaining("0 of 2");
                assertThatThrownBy(() -> barrier.await(1, TimeUnit.MILLISECONDS))
                    .isInstanceOf(TimeoutException.class);
                return null;
              })
          .join();
      assertThat(barrier.arrived()).isZero();
      Crew.Job<?> waiting =
          crew.start(
              setting.kind(),
              () -> {
                assertThatThrownBy(barrier::await).isInstanceOf(InterruptedException.class);
                Thread.currentThread().interrupt();
                assertThatThrownBy(barrier::await).isInstanceOf(InterruptedException.class);
                return null;
              });
      setting.untilQueued(word, 1);
      assertThat(barrier.arrived()).isEqualTo(1);
      waiting.thread().interrupt();
      waiting.join();
    }
    assertThat(barrier.arrived()).isZero();
    setting.keepsAnInterruptForLater(
        word, barrier::awaitUninterruptibly, barrier::awaitUninterruptibly);
  }

  /** Released or taken back, as its partner is told: never both, never neither. */
  @ParameterizedTest
  @MethodSource("org.jfutex.sync.Setting#all")
  void anInterruptAndAReleaseAreNeverBothBelieved(Setting setting) {
    Word word = setting.word(0);
    Barrier barrier = barrier(setting, word, 2);
    for (int round = 0; round < 40; round++) {
      try (Crew crew = new Crew()) {
        Crew.Job<Boolean> first =
            crew.start(
                setting.kind(),
                () -> {
                  try {
                    assertThat(barrier.await()).isFalse();
                    return true;
                  } catch (InterruptedException e) {
                    return false;
                  }
                });
        setting.untilQueued(word, 1);
        Crew.Job<Boolean> second = crew.start(setting.kind(), barrier::awaitUninterruptibly);
        first.thread().interrupt();
        if (first.join()) {
          assertThat(second.join()).isTrue();
        } else {
          boolean last = crew.start(setting.kind(), barrier::awaitUninterruptibly).join();
          assertThat(second.join()).isEqualTo(!last);
        }
      }
      assertThat(barrier.arrived()).isZero();
    }
  }

  @ParameterizedTest
  @MethodSource("org.jfutex.sync.Setting#all")
  void aDamagedWordIsNamedAndCanBeMended(Setting setting) throws Exception {
    Word word = setting.word(-5);
    Barrier barrier = barrier(setting, word, PARTIES);
    refuses(Errno.EINVAL, "0xfffffffb", barrier::await);
    refuses(Errno.EINVAL, "0xfffffffb", barrier::awaitUninterruptibly);
    refuses(Errno.EINVAL, "0xfffffffb", barrier::arrived);
    WordKind.store(word, Integer.MAX_VALUE - Integer.MAX_VALUE % PARTIES);
    refuses(Errno.EINVAL, "0x7ffffffe", barrier::await); // one more than the last arrival
    WordKind.store(word, PARTIES - 1);
    assertThat(barrier.await()).isTrue();
    for (int parties : new int[] {0, -1, 1 << 30}) {
      assertThatThrownBy(() -> barrier(setting, word, parties))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("parties " + parties);
    }
    Barrier most = barrier(setting, word, (1 << 30) - 1);
    WordKind.store(word, (1 << 30) - 2);
    assertThat(most.await()).isTrue();
    WordKind.store(word, Integer.MAX_VALUE - 2);
    assertThat(most.await()).isTrue();
    assertThat(word.holds(0)).isTrue();
    assertThat(barrier(setting, word, 1).await()).isTrue();
  }

  /** The arrival that would be taken back is not there any more. */
  @ParameterizedTest
  @MethodSource("org.jfutex.sync.Setting#all")
  void aWordOverwrittenUnderAWaiterIsNamed(Setting setting) {
    Word word = setting.word(0);
    Barrier barrier = barrier(setting, word, 2);
    try (Crew crew = new Crew()) {
      Crew.Job<?> waiting =
          crew.start(
              setting.kind(),
              () -> {
                refuses(Errno.EINVAL, "0x0", barrier::await);
                return null;
              });
      setting.untilQueued(word, 1);
      WordKind.store(word, 0);
      waiting.thread().interrupt();
      waiting.join();
    }
  }

  @ParameterizedTest
  @MethodSource("org.jfutex.sync.Setting#all")
  void closedMemoryIsAFault(Setting setting) throws Exception {
    setting.onMemory(
        1,
        (word, close) -> {
          Barrier barrier = barrier(setting, word.apply(0), 2);
          close.run();
          faults(barrier::await);
          faults(barrier::awaitUninterruptibly);
          faults(() -> barrier.await(1, TimeUnit.NANOSECONDS));
        });
  }
}
