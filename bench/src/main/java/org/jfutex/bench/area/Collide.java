package org.jfutex.bench.area;

import java.util.List;
import org.jfutex.WaitEntry;
import org.jfutex.WaitOptions;
import org.jfutex.bench.frame.Area;
import org.jfutex.bench.frame.Case;
import org.jfutex.bench.frame.Contender;
import org.jfutex.bench.frame.Loop;
import org.jfutex.bench.frame.SkippedException;
import org.jfutex.bench.frame.Target;
import org.jfutex.engine.JvmFutex;
import org.jfutex.engine.TableSize;
import org.jfutex.time.Deadline;
import org.jfutex.time.Ticker;
import org.jfutex.word.Word;

/**
 * A million words, each with a waiter: what it costs to wake one and to put one to sleep, where all
 * are in one bucket and where they are spread out.
 */
final class Collide implements Area {
  private static final int WORDS = 1_000_000;

  /** Prime to the number of words, so that all come in turn, far from each other. */
  private static final int STEP = 514_229;

  /** About eight words for each bucket. */
  private static final int SPREAD = 1 << 17;

  /** Of word, key, waiter, entry and their share of the queue. */
  private static final long BYTES_PER_WORD = 400;

  private final int count;

  Collide() {
    this(WORDS);
  }

  /** With another number of words, prime to the step. */
  Collide(int count) {
    this.count = count;
  }

  @Override
  public String name() {
    return "collide";
  }

  @Override
  public List<Case> cases() {
    return List.of(
        Case.nanos("wake and wait, 10^6 words", "one bucket", _ -> pairs(TableSize.fixed(1)))
            .against("spread out", Target.atMost(1.5), _ -> pairs(TableSize.fixed(SPREAD)))
            .against("table of this machine", Target.none(), _ -> pairs(TableSize.ofSystem())));
  }

  private Contender pairs(TableSize size) throws SkippedException {
    WakeAll.requireHeap(3L * count * BYTES_PER_WORD);
    JvmFutex futex = new JvmFutex(size, Ticker.system(), null);
    Word[] words = new Word[count];
    int[] cells = new int[count];
    for (int i = 0; i < count; i++) {
      words[i] = Word.of(cells, i);
      await(futex, words[i]);
    }
    int[] next = {0};
    return new Loop(
        "wake and wait",
        operations -> {
          long right = 0;
          int at = next[0];
          for (int i = 0; i < operations; i++) {
            Word word = words[at];
            right += futex.wake(word, 1);
            await(futex, word);
            at = (at + STEP) % count;
          }
          next[0] = at;
          return right;
        });
  }

  /** Without a thread. */
  private static void await(JvmFutex futex, Word word) {
    boolean waits =
        futex
                .enqueue(
                    List.of(new WaitEntry(word, 0)),
                    Deadline.NEVER,
                    WaitOptions.DEFAULT,
                    (_, _) -> true)
                .immediate()
            == null;
    if (!waits) {
      throw new IllegalStateException(word + ": expected to wait");
    }
  }
}
