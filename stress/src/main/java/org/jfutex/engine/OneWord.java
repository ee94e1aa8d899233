package org.jfutex.engine;

import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jfutex.AnyWait;
import org.jfutex.WaitEntry;
import org.jfutex.WaitOptions;
import org.jfutex.WaitStatus;
import org.jfutex.time.Deadline;
import org.jfutex.time.Ticker;
import org.jfutex.word.Word;

/**
 * What most tests share: an engine of their own, so that nobody else is counted in, with one bucket
 * and one word. No actor ever sleeps: it waits with a listener, or with a deadline that has passed.
 */
public abstract class OneWord {
  /** A wait with this deadline queues, looks once whether it was woken, and leaves. */
  static final Deadline REACHED = Deadline.after(0, TimeUnit.NANOSECONDS);

  final JvmFutex futex = new JvmFutex(1, Ticker.system());
  final int[] cells = new int[1];
  final Word word = Word.of(cells, 0);
  final Told told = new Told();

  /** Waits for the word to be woken while it holds 0; the listener takes the outcome. */
  final AsyncWait enqueue(Deadline deadline) {
    return futex.enqueue(List.of(new WaitEntry(word, 0)), deadline, WaitOptions.DEFAULT, told);
  }

  /** A listener that counts. */
  static final class Told implements WaitListener {
    private final AtomicInteger times = new AtomicInteger();

    @Override
    public boolean onOutcome(WaitStatus status, int index) {
      times.incrementAndGet();
      return true;
    }

    int times() {
      return times.get();
    }

    /** What has become of a wait: an outcome that was there at once, TOLD, or still ASLEEP. */
    String fateOf(AsyncWait wait) {
      AnyWait immediate = wait.immediate();
      if (immediate != null) {
        return immediate.status().name();
      }
      return times.get() > 0 ? "TOLD" : "ASLEEP";
    }
  }
}
