package org.jfutex.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jfutex.WaitEntry;
import org.jfutex.WaitOptions;
import org.jfutex.WaitStatus;
import org.jfutex.observe.Snapshot;
import org.jfutex.testing.Crew;
import org.jfutex.time.Deadline;
import org.jfutex.time.Ticker;
import org.jfutex.word.Word;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Very many waiters, very many words. */
class ScaleTest {
  private static final int MANY = 20_000;
  private static final int VERY_MANY = 100_000;
  private static final long HEAP_GROWTH = 2 << 20;
  private static final int COLLECTIONS = 4;

  private static final int COLLIDING = 10_000;
  private static final int ROUNDS = 21;
  private static final int WARM_UP_ROUNDS = 10;
  private static final double COLLISION_COST = 2.0;

  /** rpcs3 9234: no cap on the waiters of an address. */
  @Test
  void manyVirtualThreadsOnOneWordAreAllWokenAndNothingIsKept() {
    assertAllWokenAndNothingKept(MANY, 1);
  }

  /** osv 951, Endive, GraalJS: nothing is kept for an address nobody waits on. */
  @Test
  void manyVirtualThreadsOnAsManyWordsAreAllWokenAndNothingIsKept() {
    assertAllWokenAndNothingKept(MANY, MANY);
  }

  @Test
  @Tag("long")
  void aHundredThousandVirtualThreadsOnOneWord() {
    assertAllWokenAndNothingKept(VERY_MANY, 1);
  }

  @Test
  @Tag("long")
  void aHundredThousandVirtualThreadsOnAsManyWords() {
    assertAllWokenAndNothingKept(VERY_MANY, VERY_MANY);
  }

  /**
   * The heap is compared between two equal runs, so that what the JVM itself keeps (its carriers,
   * its grown tables, compiled code's metadata) is there both times; after collections, with the
   * engine alive.
   */
  private static void assertAllWokenAndNothingKept(int threads, int words) {
    JvmFutex engine = new JvmFutex();
    int[] cells = new int[words];
    sleepAndWake(engine, threads, cells);
    long before = heapAfterCollection();
    sleepAndWake(engine, threads, cells);
    long after = heapAfterCollection();
    assertThat(Snapshot.of(engine).isEmpty()).isTrue();
    new EngineProbe(engine).assertAtRest();
    assertThat(after - before).as("heap growth").isLessThan(HEAP_GROWTH);
  }

  private static void sleepAndWake(JvmFutex engine, int count, int[] cells) {
    AtomicInteger woken = new AtomicInteger();
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Word word = Word.of(cells, i % cells.length);
      threads.add(
          Thread.startVirtualThread(
              () -> {
                if (engine.await(word, 0) == WaitStatus.WOKEN) {
                  woken.incrementAndGet();
                }
              }));
    }
    Crew.until("all are queued", () -> queued(engine) == count);
    int counted = 0;
    for (int i = 0; i < cells.length; i++) {
      counted += engine.wakeAll(Word.of(cells, i));
    }
    assertThat(counted).isEqualTo(count);
    Crew.until("all have been woken", () -> woken.get() == count);
    for (Thread thread : threads) {
      Crew.until("a thread has ended", () -> !thread.isAlive());
    }
  }

  /** Under the locks: a waiter counts itself in before it is queued. */
  private static int queued(JvmFutex engine) {
    int queued = 0;
    for (int i = 0; i < engine.table().size(); i++) {
      Bucket bucket = engine.table().bucket(i);
      bucket.lock();
      try {
        queued += bucket.queueLocked().size();
      } finally {
        bucket.unlock();
      }
    }
    return queued;
  }

  private static long heapAfterCollection() {
    for (int i = 0; i < COLLECTIONS; i++) {
      System.gc();
    }
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }

  /** go 17953, 38420: no cliff where many words share a bucket. */
  @Test
  void wordsInOneBucketCostAtMostTwiceThoseSpreadOut() {
    int[] cells = new int[COLLIDING];
    JvmFutex crowded = new JvmFutex(1, Ticker.system());
    JvmFutex spread = new JvmFutex();
    double[] ratios = new double[ROUNDS];
    for (int round = -WARM_UP_ROUNDS; round < ROUNDS; round++) {
      // alternated, so that both see the same disturbances
      long first = waitAndWakeEach(round % 2 == 0 ? crowded : spread, cells);
      long second = waitAndWakeEach(round % 2 == 0 ? spread : crowded, cells);
      if (round >= 0) {
        ratios[round] = round % 2 == 0 ? (double) first / second : (double) second / first;
      }
    }
    Arrays.sort(ratios);
    assertThat(ratios[ROUNDS / 2])
        .as("median of %s", Arrays.toString(ratios))
        .isLessThanOrEqualTo(COLLISION_COST);
  }

  private static long waitAndWakeEach(JvmFutex engine, int[] cells) {
    AtomicInteger told = new AtomicInteger();
    long start = System.nanoTime();
    for (int i = 0; i < cells.length; i++) {
      engine.enqueue(
          List.of(new WaitEntry(Word.of(cells, i), 0)),
          Deadline.NEVER,
          WaitOptions.DEFAULT,
          (_, _) -> told.incrementAndGet() > 0);
    }
    int woken = 0;
    for (int i = 0; i < cells.length; i++) {
      woken += engine.wake(Word.of(cells, i), 1);
    }
    long took = System.nanoTime() - start;
    assertThat(woken).isEqualTo(cells.length);
    assertThat(told).hasValue(cells.length);
    return took;
  }
}
