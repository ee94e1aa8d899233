package org.jfutex.shm;

import java.util.HashMap;
import java.util.Map;
import java.util.function.IntConsumer;
import org.jfutex.park.ThreadEnd;

/** How much of something each thread of this process holds: what it has left is given back. */
final class Holders {
  /*
   * State       of each thread, how much it holds of what; some of what it held is kept with 0.
   * Guards      the thread; after its end its watcher.
   * Lock order  none.
   * Ordering    the watcher joins the thread first.
   * Progress    it comes a little after Thread.join returns to others, see ThreadEnd.
   * Callbacks   onEnd, on the watcher, with nothing held.
   * Checked by  SharedPrimitivesTest.
   */
  /** From how many counts on a thread forgets those that are 0, when it adds another. */
  private static final int MOST_KEPT = 64;

  private static final ThreadLocal<Map<Holders, Count>> MINE =
      ThreadLocal.withInitial(Holders::register);

  /** How much a thread holds. */
  private static final class Count {
    int held;
  }

  private final IntConsumer onEnd;

  Holders(IntConsumer onEnd) {
    this.onEnd = onEnd;
  }

  private static Map<Holders, Count> register() {
    Map<Holders, Count> mine = new HashMap<>();
    ThreadEnd.watch(Thread.currentThread(), () -> mine.forEach(Holders::giveBack));
    return mine;
  }

  private void giveBack(Count count) {
    try {
      if (count.held != 0) {
        onEnd.accept(count.held);
      }
    } catch (RuntimeException | Error e) { // overwritten or made shorter: the others are given back
      Thread current = Thread.currentThread();
      current.getUncaughtExceptionHandler().uncaughtException(current, e);
    }
  }

  /** How much the calling thread holds. */
  int mine() {
    Count count = MINE.get().get(this);
    return count == null ? 0 : count.held;
  }

  /** Changes how much the calling thread holds. */
  void add(int change) {
    Map<Holders, Count> mine = MINE.get();
    Count count = mine.get(this);
    if (count == null) {
      if (mine.size() >= MOST_KEPT) {
        mine.values().removeIf(each -> each.held == 0);
      }
      count = new Count();
      mine.put(this, count);
    }
    count.held += change;
  }
}
