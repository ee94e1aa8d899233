package org.jfutex.bench.area;

import java.util.List;
import org.jfutex.Futex;
import org.jfutex.WaitStatus;
import org.jfutex.bench.frame.Area;
import org.jfutex.bench.frame.Case;
import org.jfutex.bench.frame.Contender;
import org.jfutex.bench.frame.Target;
import org.jfutex.word.Word;

/**
 * The shape of {@code perf bench futex requeue}: waiters of one word, moved to another one at a
 * time. And what requeue is for: a broadcast to waiters who all need the mutex next.
 */
final class Requeue implements Area {
  private static final int HERD = 10_000;
  private static final int FREE = 0;
  private static final int CONTENDED = 2;

  /** How the waiters of a condition are sent on to its mutex. */
  private enum Broadcast {
    REQUEUE,
    WAKE_ALL
  }

  /** Until when a broadcast lasts. */
  private enum End {
    /** All wait for the mutex, which the one that broadcasts holds. */
    QUEUED,
    /** All have had the mutex. */
    PASSED
  }

  @Override
  public String name() {
    return "requeue";
  }

  @Override
  public List<Case> cases() {
    return List.of(
        Wakes.shape(
            "move 100 one by one",
            Wakes::moveEach,
            "perf bench futex requeue",
            _ -> Perf.perWaiter(Perf.Shape.REQUEUE, Wakes.WAITERS, Wakes.WAITERS)),
        broadcast("broadcast to 10k, mutex held", End.QUEUED, Target.timesFaster(5)),
        broadcast("broadcast to 10k, until all are through", End.PASSED, Target.none()));
  }

  private static Case broadcast(String name, End end, Target target) {
    return Case.of(name, "ns/waiter", "requeue", _ -> herd(Broadcast.REQUEUE, end))
        .inEvents(0.1)
        .against("wake-all", target, _ -> herd(Broadcast.WAKE_ALL, end));
  }

  private static Contender herd(Broadcast broadcast, End end) {
    return new Events(() -> new Herd().nanosPerWaiter(broadcast, end));
  }

  /** Virtual threads that wait for a condition, and then take its mutex (Drepper's third). */
  private static final class Herd {
    private final Futex futex = Futex.jvm();
    private final Word condition = Word.of(new int[1], 0);
    private final Word mutex = Word.of(new int[1], 0);

    double nanosPerWaiter(Broadcast broadcast, End end) {
      Sleepers herd = Sleepers.start(HERD, Thread.ofVirtual(), this::passThrough);
      Sleepers.awaitQueued(futex, condition, HERD);
      // contended, as whoever is moved will wait there
      lock();
      boolean _ = condition.compareAndSet(0, 1);
      long start = System.nanoTime();
      if (broadcast == Broadcast.REQUEUE) {
        int _ = futex.requeue(condition, 0, mutex, Integer.MAX_VALUE);
      } else {
        int _ = futex.wakeAll(condition);
      }
      if (end == End.QUEUED) {
        Sleepers.awaitQueued(futex, mutex, HERD);
      }
      double nanos = System.nanoTime() - start;
      unlock();
      herd.join();
      return (end == End.QUEUED ? nanos : System.nanoTime() - start) / HERD;
    }

    private void passThrough() {
      while (condition.load() == 0) {
        WaitStatus _ = futex.await(condition, 0);
      }
      lock();
      unlock();
    }

    /** Always as contended: who comes from the condition cannot know that nobody waits. */
    private void lock() {
      while (true) {
        if (mutex.compareAndSet(FREE, CONTENDED)) {
          return;
        }
        WaitStatus _ = futex.await(mutex, CONTENDED);
      }
    }

    private void unlock() {
      if (!mutex.compareAndSet(CONTENDED, FREE)) {
        throw new IllegalStateException(mutex + ": expected " + CONTENDED);
      }
      int _ = futex.wake(mutex, 1);
    }
  }
}
