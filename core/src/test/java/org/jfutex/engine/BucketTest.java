package org.jfutex.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jfutex.WaitOptions;
import org.jfutex.testing.Crew;
import org.jfutex.testing.Delays;
import org.jfutex.testing.ThreadKind;
import org.jfutex.word.Key;
import org.jfutex.word.Word;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class BucketTest {
  private static final int ANY = WaitOptions.MATCH_ANY;

  private final HashTable table = new HashTable(2);
  private final Word word = Word.of(new int[1], 0);
  private final Bucket from = table.bucketFor(word.key());
  private final Bucket to = from == table.bucket(0) ? table.bucket(1) : table.bucket(0);
  private final Crew crew = new Crew();

  @AfterEach
  void joinCrew() {
    crew.close();
  }

  @Test
  void isOccupiedAsLongAsSomebodyIsQueued() {
    assertThat(from.hasWaiters()).isFalse();
    Waiter woken = queued(from);
    Waiter leaves = queued(from);
    assertThat(from.hasWaiters()).isTrue();
    assertThat(take(from)).isEqualTo(1);
    assertThat(woken.isWoken()).isTrue();
    assertThat(from.hasWaiters()).isTrue();
    assertThat(table.leave(leaves)).isTrue();
    assertThat(from.hasWaiters()).isFalse();
  }

  @Test
  void aChangedWordLeavesNoTrace() {
    Waiter waiter = waiter();
    assertThat(table.addIfHolds(word, 1, waiter)).isFalse();
    assertThat(from.hasWaiters()).isFalse();
    assertThat(to.hasWaiters()).isFalse();
    assertThatThrownBy(() -> table.leave(waiter)).isInstanceOf(AssertionError.class);
  }

  @Test
  void leavingTwiceIsLeavingOnceAndTheWokenHaveNotLeft() {
    Waiter leaves = queued(from);
    assertThat(table.leave(leaves)).isTrue();
    assertThat(table.leave(leaves)).isTrue();
    Waiter woken = queued(from);
    take(from);
    assertThat(table.leave(woken)).isFalse();
    assertThat(table.leave(woken)).isFalse();
    assertThat(from.hasWaiters()).isFalse();
  }

  /**
   * Its scheduler runs what comes from outside, as who is unparked by a platform thread, only when
   * a carrier has nothing else to do: those that wait may not keep all carriers busy for ever.
   */
  @Test
  void virtualThreadsThatWaitLetAHolderRunThatHasLeftItsCarrier() {
    AtomicBoolean mayUnlock = new AtomicBoolean();
    Crew.Job<?> holder =
        crew.start(
            ThreadKind.VIRTUAL,
            () -> {
              from.lock();
              while (!mayUnlock.get()) {
                LockSupport.park(mayUnlock);
              }
              from.unlock();
              return null;
            });
    Crew.until(
        "it holds the lock and is parked",
        () -> from.isLocked() && holder.thread().getState() == Thread.State.WAITING);
    AtomicInteger waiting = new AtomicInteger();
    int lockers = 4 * Runtime.getRuntime().availableProcessors();
    for (int i = 0; i < lockers; i++) {
      boolean isInterrupted = i % 2 == 0;
      crew.start(
          ThreadKind.VIRTUAL,
          () -> {
            if (isInterrupted) {
              Thread.currentThread().interrupt();
            }
            waiting.incrementAndGet();
            from.lock();
            from.unlock();
            assertThat(Thread.interrupted()).isEqualTo(isInterrupted);
            return null;
          });
    }
    Crew.until("all wait", () -> waiting.get() == lockers);
    mayUnlock.set(true);
    LockSupport.unpark(holder.thread());
    crew.joinAll();
    assertThat(from.isLocked()).isFalse();
  }

  /** Whose interrupt is anybody's code, which may not run with the lock held. */
  @Test
  void anInterruptedPlatformThreadThatWaitsIsNotInterruptedByItself() throws Exception {
    AtomicInteger interrupts = new AtomicInteger();
    AtomicBoolean wasInterrupted = new AtomicBoolean();
    Thread waits =
        new Thread(
            () -> {
              from.lock();
              from.unlock();
              wasInterrupted.set(Thread.interrupted());
            }) {
          @Override
          public void interrupt() {
            interrupts.incrementAndGet();
            super.interrupt();
          }
        };
    from.lock();
    try {
      waits.start();
      Crew.until("it naps", () -> waits.getState() == Thread.State.TIMED_WAITING);
      waits.interrupt();
      long start = System.nanoTime();
      Crew.until("it has looked often", () -> System.nanoTime() - start > 20_000_000);
    } finally {
      from.unlock();
    }
    waits.join(Delays.GIVE_UP);
    assertThat(wasInterrupted).isTrue();
    assertThat(interrupts).hasValue(1);
  }

  /** Trap 7: it reads its key, locks that one's bucket, and must look again. */
  @Test
  void whoIsMovedWhileItLeavesLeavesWhereItIs() {
    Waiter leaves = queued(from);
    Crew.Job<Boolean> leaver;
    HashTable.lockPair(from, to, true);
    try {
      leaver = crew.start(() -> table.leave(leaves));
      Crew.until("it waits for its old bucket", leaver::naps);
      to.queueLocked().reserve();
      assertThat(from.moveLocked(word.key(), 1, to, keyOf(to), new WakeList())).isEqualTo(1);
      assertThat(leaves.key).isEqualTo(keyOf(to));
    } finally {
      HashTable.unlockPair(from, to);
    }
    assertThat(leaver.join()).isTrue();
    assertThat(from.hasWaiters()).isFalse();
    assertThat(to.hasWaiters()).isFalse();
  }

  @Test
  void whoIsWokenWhileItLeavesIsWoken() {
    Waiter leaves = queued(from);
    Crew.Job<Boolean> leaver;
    from.lock();
    try {
      leaver = crew.start(() -> table.leave(leaves));
      Crew.until("it waits for its bucket", leaver::naps);
      assertThat(from.takeLocked(word.key(), 1, ANY, new WakeList())).isEqualTo(1);
    } finally {
      from.unlock();
    }
    assertThat(leaver.join()).isFalse();
    assertThat(from.hasWaiters()).isFalse();
  }

  @Test
  void movesWithinOneBucketWhichStaysOccupied() {
    Waiter first = queued(from);
    Waiter second = queued(from);
    Key other = keyOf(from);
    from.enter();
    try {
      from.queueLocked().reserve();
      assertThat(from.moveLocked(word.key(), 1, from, other, new WakeList())).isEqualTo(1);
      assertThat(from.queueLocked().first(other)).isSameAs(first);
      assertThat(from.queueLocked().first(word.key())).isSameAs(second);
    } finally {
      from.unlock();
    }
    assertThat(from.hasWaiters()).isTrue();
    assertThat(table.keyOf(first)).isEqualTo(other);
    assertThat(table.leave(first) && table.leave(second)).isTrue();
    assertThat(table.keyOf(first)).isNull();
    assertThat(from.hasWaiters()).isFalse();
  }

  /** A key that hashes to a bucket. */
  private Key keyOf(Bucket bucket) {
    long address = 8;
    while (table.bucketFor(Key.address(address)) != bucket) {
      address += 8;
    }
    return Key.address(address);
  }

  private Waiter queued(Bucket bucket) {
    Waiter waiter = waiter();
    bucket.enter();
    try {
      bucket.queueLocked().reserve();
      bucket.addLocked(waiter);
    } finally {
      bucket.unlock();
    }
    return waiter;
  }

  private int take(Bucket bucket) {
    bucket.lock();
    try {
      return bucket.takeLocked(word.key(), 1, ANY, new WakeList());
    } finally {
      bucket.unlock();
    }
  }

  private Waiter waiter() {
    return new ThreadWaiter(word.key(), WaitOptions.DEFAULT, 0);
  }
}
