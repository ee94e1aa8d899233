package org.jfutex.shm;

import java.util.HashMap;
import java.util.Map;
import java.util.function.IntConsumer;
import org.jfutex.park.ThreadEnd;

/** How much of something each thread of this process holds: what it has left is given back. */
final class Holders {
  /*
   * State       of each thread, how much it holds of what; nothing is kept where that is 0.
   * Guards      the thread; after its end its watcher.
   * Lock order  none.
   * Ordering    the watcher joins the thread first.
   * Progress    it comes a little after Thread.join returns to others, see ThreadEnd.
   * Callbacks   onEnd, on the watcher, with nothing held.
   * Checked by  SharedPrimitivesTest.
   */
  private static final ThreadLocal<Map<Holders, Integer>> MINE =
      ThreadLocal.withInitial(Holders::register);

  private final IntConsumer onEnd;

  Holders(IntConsumer onEnd) {
    this.onEnd = onEnd;
  }

  private static Map<Holders, Integer> register() {
    Map<Holders, Integer> mine = new HashMap<>();
    ThreadEnd.watch(Thread.currentThread(), () -> mine.forEach(Holders::giveBack));
    return mine;
  }

  private void giveBack(int count) {
    try {
      onEnd.accept(count);
    } catch (RuntimeException | Error e) { // overwritten or made shorter: the others are given back
      Thread current = Thread.currentThread();
      current.getUncaughtExceptionHandler().uncaughtException(current, e);
    }
  }

  /** How much the calling thread holds. */
  int mine() {
    return MINE.get().getOrDefault(this, 0);
  }

  /** Changes how much the calling thread holds. */
  void add(int change) {
    int count = mine() + change;
    if (count == 0) {
      MINE.get().remove(this);
    } else {
      MINE.get().put(this, count);
    }
  }
}
