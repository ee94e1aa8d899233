package org.jfutex.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jfutex.WaitOptions;
import org.jfutex.WaitStatus;
import org.jfutex.observe.Snapshot;
import org.jfutex.testing.Crew;
import org.jfutex.time.Deadline;
import org.jfutex.time.Ticker;
import org.jfutex.word.Key;
import org.jfutex.word.Word;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A table that grows while somebody waits in it. */
class GrowingTableTest {
  private static final int LEAST = 2;
  private static final int MOST = 64;
  private static final int WORDS = 1000;

  private final int[] cells = new int[WORDS];
  private final JvmFutex futex = new JvmFutex(new TableSize(LEAST, MOST, 1), Ticker.system(), null);

  private CompletableFuture<WaitStatus> wait(int index, int rank) {
    return futex.awaitAsync(Word.of(cells, index), 0, Deadline.NEVER, WaitOptions.ofRank(rank));
  }

  private int buckets() {
    return futex.tables().getFirst().buckets();
  }

  @Test
  void growsWithUseAndNoFurtherThanItMay() {
    assertThat(futex.tables()).containsExactly(new TableUse(-1, LEAST, MOST));
    List<CompletableFuture<WaitStatus>> waits = new ArrayList<>();
    for (int i = 0; i < WORDS; i++) {
      waits.add(wait(i, 0));
    }
    assertThat(buckets()).isEqualTo(MOST);
    assertThat(Snapshot.of(futex).size()).isEqualTo(WORDS);
    assertThat(Snapshot.of(futex).tables()).containsExactly(new TableUse(-1, MOST, MOST));
    for (int i = 0; i < WORDS; i++) {
      assertThat(futex.wake(Word.of(cells, i), 2)).as("word %s", i).isEqualTo(1);
    }
    assertThat(waits).allSatisfy(wait -> assertThat(wait).isCompletedWithValue(WaitStatus.WOKEN));
    new EngineProbe(futex).assertAtRest();
    assertThat(buckets()).as("it does not shrink").isEqualTo(MOST);
  }

  @Test
  void aFixedTableDoesNotGrow() {
    JvmFutex fixed = new JvmFutex(LEAST, Ticker.system());
    for (int i = 0; i < WORDS; i++) {
      fixed.awaitAsync(Word.of(cells, i), 0, Deadline.NEVER, WaitOptions.DEFAULT);
    }
    assertThat(fixed.tables()).containsExactly(new TableUse(-1, LEAST, LEAST));
    for (int i = 0; i < WORDS; i++) {
      assertThat(fixed.wakeAll(Word.of(cells, i))).isEqualTo(1);
    }
  }

  @Test
  void keepsRankAndOrderOfArrival() {
    List<Integer> told = new ArrayList<>();
    int[] ranks = {0, 5, 0, 9, 5};
    for (int i = 0; i < ranks.length; i++) {
      int number = i;
      CompletableFuture<Void> _ = wait(0, ranks[i]).thenAccept(_ -> told.add(number));
    }
    while (buckets() < MOST) {
      futex.table().grow(-1);
    }
    for (int i = 0; i < ranks.length; i++) {
      assertThat(futex.wake(Word.of(cells, 0), 1)).isEqualTo(1);
    }
    assertThat(told).containsExactly(3, 1, 4, 0, 2);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4, 32, 512})
  void takesAnySizeAndKeepsIt(int size) {
    for (int before : new int[] {1, 8, 128}) {
      futex.resize(before);
      List<CompletableFuture<WaitStatus>> waits = new ArrayList<>();
      for (int i = 0; i < WORDS; i++) {
        waits.add(wait(i, 0));
      }
      assertThat(buckets()).as("a size that was set is kept").isEqualTo(before);
      futex.resize(size);
      assertThat(futex.tables()).containsExactly(new TableUse(-1, size, size));
      assertThat(Snapshot.of(futex).size()).isEqualTo(WORDS);
      for (int i = 0; i < WORDS; i++) {
        assertThat(futex.wake(Word.of(cells, i), 2)).as("word %s", i).isEqualTo(1);
      }
      assertThat(waits).allSatisfy(wait -> assertThat(wait).isCompleted());
      new EngineProbe(futex).assertAtRest();
    }
  }

  @Test
  void whoLeavesAndWhoIsMovedIsFoundAfterGrowing() {
    CompletableFuture<WaitStatus> leaves = wait(0, 0);
    CompletableFuture<WaitStatus> moves = wait(1, 0);
    futex.table().grow(-1);
    assertThat(leaves.cancel(true)).isTrue();
    futex.table().grow(-1);
    assertThat(futex.requeue(Word.of(cells, 1), 0, Word.of(cells, 2), 1)).isEqualTo(1);
    futex.table().grow(-1);
    assertThat(futex.wake(Word.of(cells, 1), 1)).isZero();
    assertThat(futex.wake(Word.of(cells, 2), 1)).isEqualTo(1);
    assertThat(moves).isCompletedWithValue(WaitStatus.WOKEN);
    new EngineProbe(futex).assertAtRest();
  }

  /** Whoever looked a bucket up before the growth, and comes to it afterwards. */
  @Test
  void aBucketThatHasMovedIsNeverTakenForEmpty() {
    Word word = Word.of(cells, 0);
    Bucket old = futex.table().bucketFor(word.key());
    CompletableFuture<WaitStatus> wait = wait(0, 0);
    futex.table().grow(-1);
    assertThat(old.hasMoved()).isTrue();
    assertThat(old.hasWaiters()).isTrue();
    assertThat(old.successor(word.key())).isSameAs(futex.table().bucketFor(word.key()));
    assertThat(futex.wake(word, 1)).isEqualTo(1);
    assertThat(wait).isCompleted();
  }

  /** Every wait is woken once and every wake is counted once, while the table grows under them. */
  @Test
  void countsAddUpWhileGrowing() {
    for (int round = 0; round < 100; round++) {
      JvmFutex growing = new JvmFutex(new TableSize(1, 128, 1), Ticker.system(), null);
      AtomicInteger waited = new AtomicInteger();
      AtomicInteger woken = new AtomicInteger();
      AtomicBoolean ended = new AtomicBoolean();
      int seed = round;
      int[] words = new int[300];
      try (Crew crew = new Crew()) {
        crew.start(
            () -> {
              for (int i = 0; i < words.length; i++) {
                CompletableFuture<Void> _ =
                    growing
                        .awaitAsync(Word.of(words, i), 0, Deadline.NEVER, WaitOptions.DEFAULT)
                        .thenAccept(_ -> waited.incrementAndGet());
              }
              ended.set(true);
              return null;
            });
        crew.start(
            () -> {
              SplittableRandom random = new SplittableRandom(seed);
              while (!ended.get()) {
                if (random.nextInt(50) == 0) {
                  growing.resize(1 << random.nextInt(8));
                }
                Word one = Word.of(words, random.nextInt(words.length));
                Word other = Word.of(words, random.nextInt(words.length));
                if (random.nextBoolean()) {
                  woken.addAndGet(growing.wake(one, 1));
                } else {
                  int _ = growing.requeue(one, 0, other, 1);
                }
              }
              return null;
            });
        crew.joinAll();
      }
      for (int i = 0; i < words.length; i++) {
        woken.addAndGet(growing.wakeAll(Word.of(words, i)));
      }
      assertThat(woken.get()).isEqualTo(words.length);
      assertThat(waited.get()).isEqualTo(words.length);
      new EngineProbe(growing).assertAtRest();
    }
  }

  @Test
  void eachNodeHasATableOfItsOwn() {
    JvmFutex nodes = new JvmFutex(new TableSize(16, 16, 2), Ticker.system(), null);
    Key key = Key.address(64);
    assertThat(nodes.table().bucketFor(key.onNode(0)))
        .isNotSameAs(nodes.table().bucketFor(key))
        .isNotSameAs(nodes.table().bucketFor(key.onNode(1)));
    assertThat(nodes.tables())
        .containsExactly(new TableUse(-1, 16, 16), new TableUse(0, 8, 16), new TableUse(1, 8, 16));
    assertThat(key.onNode(1).node()).isEqualTo(1);
    assertThat(key.node()).isEqualTo(-1);
  }

  @ParameterizedTest
  @CsvSource({"0,1", "'0-3\n',4", "'0,2-5',6", "'',1", "garbage,1"})
  void nodesAreCountedAsSysfsListsThem(String list, int nodes) {
    assertThat(TableSize.nodesOf(list)).isEqualTo(nodes);
  }

  @ParameterizedTest
  @CsvSource({"3,4,1", "4,2,1", "4,6,1", "0,1,1", "1,2097152,1", "1,1,0"})
  void refusesOtherSizes(int buckets, int most, int nodes) {
    assertThatIllegalArgumentException().isThrownBy(() -> new TableSize(buckets, most, nodes));
  }
}
