package org.jfutex.engine;

import java.util.List;
import org.jfutex.WaitEntry;
import org.jfutex.WaitOptions;
import org.jfutex.time.Deadline;
import org.jfutex.time.Ticker;
import org.jfutex.word.Word;

/** An engine of two buckets, with a word in each. */
public abstract class TwoWords {
  /** Hashes are random: that so many fall into one bucket does not happen. */
  private static final int CELLS = 48;

  final JvmFutex futex = new JvmFutex(2, Ticker.system());
  final int[] cells = new int[CELLS];
  final Word word = Word.of(cells, 0);
  final Word other;
  final OneWord.Told told = new OneWord.Told();

  TwoWords() {
    Word candidate = word;
    for (int i = 1; i < CELLS && bucketOf(candidate) == bucketOf(word); i++) {
      candidate = Word.of(cells, i);
    }
    other = candidate;
  }

  final Bucket bucketOf(Word of) {
    return futex.table().bucketFor(of.key());
  }

  /** Waits for any of some words to be woken while it holds 0. */
  final AsyncWait enqueue(Word... words) {
    List<WaitEntry> entries = List.of(words).stream().map(w -> new WaitEntry(w, 0)).toList();
    return futex.enqueue(entries, Deadline.NEVER, WaitOptions.DEFAULT, told);
  }

  /** How many are queued, and buckets seem occupied, anywhere; 0 in an engine at rest. */
  final int left() {
    return futex.waiters().size()
        + (futex.table().bucket(0).hasWaiters() ? 1 : 0)
        + (futex.table().bucket(1).hasWaiters() ? 1 : 0);
  }
}
