package org.jfutex.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.jfutex.sync.Setting.faults;
import static org.jfutex.sync.Setting.refuses;

import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jfutex.Errno;
import org.jfutex.testing.WordKind;
import org.jfutex.time.Deadline;
import org.jfutex.word.Word;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class LatchTest {
  private static final Deadline REACHED = Deadline.after(0, TimeUnit.NANOSECONDS);

  private static Latch latch(Setting setting, Word word) {
    return setting.isShared() ? Latch.shared(word) : Latch.of(setting.futex(), word);
  }

  @ParameterizedTest
  @MethodSource("org.jfutex.sync.Setting#all")
  void theLastOneLetsAllGoAndNoneBefore(Setting setting) {
    int count = 50;
    for (int round = 0; round < 20; round++) {
      Word word = setting.word(count);
      Latch latch = latch(setting, word);
      AtomicInteger counted = new AtomicInteger();
      setting.together(
          4,
          index -> {
            if (index < 2) {
              latch.awaitUninterruptibly();
              assertThat(counted).hasValue(count);
              return;
            }
            for (int i = 0; i < count / 2; i++) {
              counted.incrementAndGet();
              latch.countDown();
            }
          });
      assertThat(word.holds(0)).isTrue();
    }
  }

  @ParameterizedTest
  @MethodSource("org.jfutex.sync.Setting#all")
  void givesUpAtADeadlineAndWhenInterrupted(Setting setting) {
    Word word = setting.word(1);
    Latch latch = latch(setting, word);
    setting.givesUpAtADeadlineAndWhenInterrupted(
        word, latch::await, latch::await, latch::awaitUninterruptibly, latch::countDown);
    latch.arm(1);
    setting.keepsAnInterruptForLater(word, latch::awaitUninterruptibly, latch::countDown);
  }

  @ParameterizedTest
  @MethodSource("org.jfutex.sync.Setting#all")
  void misuseIsRefusedAndChangesNothing(Setting setting) {
    Word word = setting.word(2);
    Latch latch = latch(setting, word);
    assertThatThrownBy(() -> latch.arm(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("count 0");
    assertThatThrownBy(() -> latch.arm(3))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("counts 2");
    assertThat(word.holds(2)).isTrue();
  }

  @ParameterizedTest
  @MethodSource("org.jfutex.sync.Setting#all")
  void aDamagedWordIsNamedAndCanBeMended(Setting setting) throws Exception {
    Word word = setting.word(0x8000_0000);
    Latch latch = latch(setting, word);
    refuses(Errno.EINVAL, "0x80000000", latch::await);
    refuses(Errno.EINVAL, "0x80000000", latch::awaitUninterruptibly);
    refuses(Errno.EINVAL, "0x80000000", () -> latch.await(REACHED));
    refuses(Errno.EINVAL, "0x80000000", latch::countDown);
    refuses(Errno.EINVAL, "0x80000000", latch::getCount);
    refuses(Errno.EINVAL, "0x80000000", () -> latch.arm(1));
    for (int value : new int[] {-1, 0x8000_0001, Integer.MAX_VALUE}) {
      WordKind.store(word, value);
      assertThat(latch.await(REACHED)).isFalse();
      assertThat(latch.getCount()).isEqualTo(value & Integer.MAX_VALUE);
    }
    WordKind.store(word, 0x8000_0001);
    latch.countDown();
    latch.await();
  }

  @ParameterizedTest
  @MethodSource("org.jfutex.sync.Setting#all")
  void closedMemoryIsAFault(Setting setting) throws Exception {
    setting.onMemory(
        1,
        (word, close) -> {
          Latch latch = latch(setting, word.apply(0));
          latch.arm(1);
          close.run();
          faults(latch::countDown);
          faults(latch::await);
          faults(() -> latch.await(REACHED));
          faults(() -> latch.arm(1));
        });
  }

  @ParameterizedTest
  @MethodSource("org.jfutex.sync.Setting#all")
  void behavesAsTheOneOfTheJdk(Setting setting) throws Exception {
    for (int seed = 0; seed < 20; seed++) {
      Random random = new Random(seed);
      int count = random.nextInt(6);
      Latch latch = latch(setting, setting.word(count));
      CountDownLatch model = new CountDownLatch(count);
      for (int step = 0; step < 15; step++) {
        if (random.nextBoolean()) {
          latch.countDown();
          model.countDown();
        }
        boolean open = step % 2 == 0 ? latch.tryAwait() : latch.await(REACHED);
        String where = "seed " + seed + ", step " + step;
        assertThat(open).as(where).isEqualTo(model.getCount() == 0);
        assertThat(latch.getCount()).as(where).isEqualTo((int) model.getCount());
      }
    }
  }

  @Test
  void onlyTheLastOneWakesAndOnlyWhoWaits() throws Exception {
    AtomicInteger wakes = new AtomicInteger();
    Setting engine = Setting.all().findFirst().orElseThrow();
    Latch latch = Latch.of(engine.countingWakes(wakes), engine.word(2));
    latch.countDown();
    latch.countDown();
    latch.countDown();
    latch.await();
    assertThat(wakes).hasValue(0);
    latch.arm(2);
    assertThat(latch.await(REACHED)).isFalse();
    latch.countDown();
    assertThat(wakes).hasValue(0);
    latch.countDown();
    assertThat(wakes).hasValue(1);
  }
}
