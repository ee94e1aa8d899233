package org.jfutex.engine;

import java.util.ArrayList;
import java.util.List;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jfutex.WaitEntry;
import org.jfutex.WaitOptions;
import org.jfutex.time.Deadline;
import org.jfutex.word.Word;
import org.junit.jupiter.api.Test;

/**
 * Wake, leave and requeue on two words in two buckets behave under every schedule as if each were
 * one step; waiters are callbacks, so nobody parks but for the locks.
 */
class QueueLincheckTest {
  private static final int WORDS = 2;
  private static final int SLOTS = 3;

  /** The engine, with waiters 0 and 1 on word 0 and waiter 2 on word 1. */
  @Param(name = "word", gen = IntGen.class, conf = "0:1")
  @Param(name = "slot", gen = IntGen.class, conf = "0:2")
  @SuppressWarnings("unused")
  public static class Engine {
    private final int[] cells = new int[WORDS];
    private final JvmFutex engine = new JvmFutex(2, _ -> 0);
    private final Word[] words = new Word[WORDS];
    private final AsyncWait[] waits = new AsyncWait[SLOTS];

    public Engine() {
      words[0] = Word.of(cells, 0);
      words[1] = inTheOtherBucket();
      waits[0] = queue(0);
      waits[1] = queue(0);
      waits[2] = queue(1);
    }

    private Word inTheOtherBucket() {
      Word word = Word.of(cells, 1);
      while (engine.table().bucketFor(word.key()) == engine.table().bucketFor(words[0].key())) {
        word = Word.of(new int[1], 0);
      }
      return word;
    }

    private AsyncWait queue(int word) {
      return engine.enqueue(
          List.of(new WaitEntry(words[word], 0)),
          Deadline.NEVER,
          WaitOptions.DEFAULT,
          (_, _) -> true);
    }

    @Operation
    public int wake(@Param(name = "word") int word) {
      return engine.wake(words[word], 1);
    }

    // of two cancels of one wait either may be told that it was the one
    @Operation(nonParallelGroup = "leave")
    public boolean leave(@Param(name = "slot") int slot) {
      return waits[slot].cancel();
    }

    @Operation
    public int requeue(@Param(name = "word") int from) {
      return engine.requeue(words[from], 1, words[1 - from], 1);
    }

    @Operation
    public void arrive(@Param(name = "word") int word) {
      AsyncWait _ = queue(word);
    }
  }

  /** The same with two lists. */
  public static class Lists {
    private static final int NEWCOMER = -1;

    private final List<List<Integer>> queues =
        List.of(new ArrayList<>(List.of(0, 1)), new ArrayList<>(List.of(2)));

    public int wake(int word) {
      if (queues.get(word).isEmpty()) {
        return 0;
      }
      queues.get(word).removeFirst();
      return 1;
    }

    public boolean leave(int slot) {
      return queues.stream().anyMatch(queue -> queue.remove((Integer) slot));
    }

    public int requeue(int from) {
      int woken = wake(from);
      if (queues.get(from).isEmpty()) {
        return woken;
      }
      queues.get(1 - from).add(queues.get(from).removeFirst());
      return woken + 1;
    }

    public void arrive(int word) {
      queues.get(word).add(NEWCOMER);
    }
  }

  @Test
  void everyOperationIsOneStep() {
    new ModelCheckingOptions()
        .iterations(6)
        .invocationsPerIteration(100)
        .threads(2)
        .actorsBefore(0)
        .actorsPerThread(2)
        .actorsAfter(1)
        .sequentialSpecification(Lists.class)
        .check(Engine.class);
  }
}
