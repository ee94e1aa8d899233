package org.jfutex.shm;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.jfutex.kernel.Syscalls;
import org.jfutex.word.Key;
import org.jfutex.word.NativePlace;
import org.jfutex.word.Word;
import org.jspecify.annotations.Nullable;

/**
 * The numbered fail points of a region: counts what this process does with the words and sends it a
 * signal at one of these steps. One stands before and behind every change, before looks that follow
 * a change, and before calls of the kernel. What {@code JFUTEX_STEP} is in C.
 */
final class Steps implements UnaryOperator<Word> {
  static final int SIGKILL = 9;
  static final int SIGSTOP = 19;

  private static final int NR_KILL = 62;
  private static final int SIGNAL_SHIFT = 16;

  private final String phase;
  private final int point;
  private final AtomicInteger left = new AtomicInteger();
  private volatile int signal = SIGKILL;
  private volatile boolean hasLooked;
  private volatile @Nullable Word orders;

  /** Sends SIGKILL at a step of a phase; the first is 1, none is 0. */
  Steps(String phase, int point) {
    this.phase = phase;
    this.point = point;
  }

  /** A phase begins, and the one before it has ended. */
  void begin(String name) {
    left.set(name.equals(phase) ? point : 0);
  }

  /** From now on it does as the word says, which is then 0 again. */
  void obey(Word word) {
    orders = word;
  }

  /** What to write into that word for a signal at a step from then on. */
  static int order(int signal, int point) {
    return signal << SIGNAL_SHIFT | point;
  }

  /** A fail point. */
  void at() {
    Word word = orders;
    int order = word == null ? 0 : (int) word.load();
    if (order != 0 && word != null) {
      Cells.set(word, 0);
      signal = order >>> SIGNAL_SHIFT;
      left.set(order & ((1 << SIGNAL_SHIFT) - 1));
    }
    if (left.get() > 0 && left.decrementAndGet() == 0) {
      Syscalls.call(NR_KILL, ProcessHandle.current().pid(), signal, 0);
    }
  }

  /** Nothing has changed since the last look. */
  private void look() {
    if (!hasLooked) {
      hasLooked = true;
      at();
    }
  }

  @Override
  public Word apply(Word word) {
    return new Stepped(word);
  }

  private final class Stepped implements Word {
    private final Word word;

    Stepped(Word word) {
      this.word = word;
    }

    @Override
    public int bits() {
      return word.bits();
    }

    @Override
    public long load() {
      look();
      return word.load();
    }

    @Override
    public boolean compareAndSet(long expected, long value) {
      at();
      boolean isSet = word.compareAndSet(expected, value);
      hasLooked = false;
      at();
      return isSet;
    }

    @Override
    public Key key() {
      return word.key();
    }

    @Override
    public NativePlace nativePlace() {
      hasLooked = false; // who asks calls the kernel next
      at();
      return word.nativePlace();
    }

    @Override
    public String toString() {
      return word.toString();
    }
  }
}
