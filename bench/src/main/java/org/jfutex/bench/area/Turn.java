package org.jfutex.bench.area;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jfutex.AnyWait;
import org.jfutex.Futex;
import org.jfutex.WaitEntry;
import org.jfutex.WaitStatus;
import org.jfutex.time.Deadline;
import org.jfutex.word.Word;

/** A turn that two threads hand to each other, side 0 and side 1; side 0 has it first. */
interface Turn {
  /** Says which thread a side is, before it starts. */
  default void seat(int side, Thread thread) {}

  /** Sleeps until it is a side's turn. */
  void await(int side);

  /** Hands the turn to the other side, whose number this is. */
  void give(int side);

  /** One word that holds the number of the side. */
  record OfWord(Futex futex, Word word) implements Turn {
    @Override
    public void await(int side) {
      while ((int) word.load() != side) {
        WaitStatus _ = futex.await(word, 1 - side);
      }
    }

    @Override
    public void give(int side) {
      if (!word.compareAndSet(1 - side, side)) {
        throw new IllegalStateException(word + ": expected " + (1 - side));
      }
      int _ = futex.wake(word, 1);
    }
  }

  /** Words of each side, of which the last one changes, and a wait for any of them. */
  final class OfWords implements Turn {
    private final Futex futex;
    private final List<Word> last = new ArrayList<>();

    /** For each side the entries that expect the last word to be 0, and those that expect 1. */
    private final List<List<List<WaitEntry>>> entries = new ArrayList<>();

    /** What each side expects next; each element is of its side's thread. */
    private final int[][] expected = {new int[1], new int[1]};

    OfWords(Futex futex, List<Word> first, List<Word> second) {
      this.futex = futex;
      for (List<Word> words : List.of(first, second)) {
        last.add(words.getLast());
        entries.add(List.of(entries(words, 0), entries(words, 1)));
      }
    }

    private static List<WaitEntry> entries(List<Word> words, int expected) {
      List<WaitEntry> entries = new ArrayList<>();
      for (Word word : words.subList(0, words.size() - 1)) {
        entries.add(new WaitEntry(word, 0));
      }
      entries.add(new WaitEntry(words.getLast(), expected));
      return List.copyOf(entries);
    }

    @Override
    public void await(int side) {
      int old = expected[side][0];
      while ((int) last.get(side).load() == old) {
        AnyWait _ = futex.awaitAny(entries.get(side).get(old), Deadline.NEVER);
      }
      expected[side][0] = 1 - old;
    }

    @Override
    public void give(int side) {
      Word word = last.get(side);
      int old = (int) word.load();
      if (!word.compareAndSet(old, 1 - old)) {
        throw new IllegalStateException(word + ": only one side has the turn");
      }
      int _ = futex.wake(word, 1);
    }
  }

  /** Park and unpark, as the JDK's own locks use them. */
  final class OfPark implements Turn {
    private final AtomicInteger turn = new AtomicInteger();
    private final AtomicReferenceArray<Thread> threads = new AtomicReferenceArray<>(2);

    @Override
    public void seat(int side, Thread thread) {
      threads.set(side, thread);
    }

    @Override
    public void await(int side) {
      while (turn.get() != side) {
        LockSupport.park(this);
      }
    }

    @Override
    public void give(int side) {
      turn.set(side);
      LockSupport.unpark(threads.get(side));
    }
  }

  /** A condition of a lock. */
  final class OfCondition implements Turn {
    /*
     * State       turn: the number of the side that has it.
     * Guards      turn: lock.
     * Lock order  none of its own.
     * Ordering    by the lock.
     * Progress    only one side waits at a time, and who gives wakes it.
     * Callbacks   none.
     * Checked by  PeersTest.
     */
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private int turn;

    @Override
    public void await(int side) {
      lock.lock();
      try {
        while (turn != side) {
          changed.awaitUninterruptibly();
        }
      } finally {
        lock.unlock();
      }
    }

    @Override
    public void give(int side) {
      lock.lock();
      try {
        turn = side;
        changed.signal();
      } finally {
        lock.unlock();
      }
    }
  }
}
