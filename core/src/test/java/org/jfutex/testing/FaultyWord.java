package org.jfutex.testing;

import org.jfutex.word.Key;
import org.jfutex.word.Word;

/** A word whose memory fails when the test says so. */
public final class FaultyWord implements Word {
  private final Word word;
  private final Faults faults;

  /** Counts the accesses to all its words, and does something before one of them. */
  public static final class Faults {
    private final int at;
    private final Runnable action;
    private int accesses;

    /** Runs an action before the access with this number; the first is 0. */
    public Faults(int at, Runnable action) {
      this.at = at;
      this.action = action;
    }

    /** Whether the access was reached. */
    public boolean happened() {
      return accesses > at;
    }

    private void access() {
      if (accesses++ == at) {
        action.run();
      }
    }
  }

  /** A word at the same place as another. */
  public FaultyWord(Word word, Faults faults) {
    this.word = word;
    this.faults = faults;
  }

  @Override
  public int bits() {
    return word.bits();
  }

  @Override
  public long load() {
    faults.access();
    return word.load();
  }

  @Override
  public boolean compareAndSet(long expected, long value) {
    faults.access();
    return word.compareAndSet(expected, value);
  }

  @Override
  public Key key() {
    return word.key();
  }
}
