package org.jfutex.shm;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;
import org.jfutex.park.ThreadEnd;

/** How much of something each thread of this process holds: what it has left is given back. */
final class Holders {
  /*
   * State       of each thread that has held something, how much it holds.
   * Guards      the thread; after its end its watcher.
   * Lock order  none.
   * Ordering    the watcher joins the thread first.
   * Progress    it comes a little after Thread.join returns to others, see ThreadEnd.
   * Callbacks   onEnd, on the watcher, with nothing held.
   * Checked by  SharedPrimitivesTest.
   */
  private final ThreadLocal<AtomicInteger> mine;

  Holders(IntConsumer onEnd) {
    mine =
        ThreadLocal.withInitial(
            () -> {
              AtomicInteger count = new AtomicInteger();
              ThreadEnd.watch(
                  Thread.currentThread(),
                  () -> {
                    if (count.get() > 0) {
                      onEnd.accept(count.get());
                    }
                  });
              return count;
            });
  }

  /** How much the calling thread holds. */
  int mine() {
    return mine.get().get();
  }

  /** Changes how much the calling thread holds. */
  void add(int change) {
    int _ = mine.get().addAndGet(change);
  }
}
