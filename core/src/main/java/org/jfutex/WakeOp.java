package org.jfutex;

/**
 * What a wake-op does to its second word and which condition on the old value lets it wake there
 * too (FUTEX_WAKE_OP in futex(2)).
 *
 * @param operation how the new value is made
 * @param argument the operand of {@code operation}
 * @param comparison how the old value is judged
 * @param against the operand of {@code comparison}
 */
public record WakeOp(Operation operation, int argument, Comparison comparison, int against) {
  /** How the new value is made from the old one, in arithmetic that wraps at the word's width. */
  public enum Operation {
    /** The argument. */
    SET {
      @Override
      long apply(long old, int argument) {
        return argument;
      }
    },
    /** Old plus argument. */
    ADD {
      @Override
      long apply(long old, int argument) {
        return old + argument;
      }
    },
    /** Old or argument. */
    OR {
      @Override
      long apply(long old, int argument) {
        return old | argument;
      }
    },
    /** Old and not argument. */
    ANDN {
      @Override
      long apply(long old, int argument) {
        return old & ~argument;
      }
    },
    /** Old xor argument. */
    XOR {
      @Override
      long apply(long old, int argument) {
        return old ^ argument;
      }
    };

    abstract long apply(long old, int argument);
  }

  /** How the old value is judged, as a signed number of the word's width. */
  public enum Comparison {
    /** Equal. */
    EQ {
      @Override
      boolean test(long old, int against) {
        return old == against;
      }
    },
    /** Not equal. */
    NE {
      @Override
      boolean test(long old, int against) {
        return old != against;
      }
    },
    /** Less. */
    LT {
      @Override
      boolean test(long old, int against) {
        return old < against;
      }
    },
    /** Less or equal. */
    LE {
      @Override
      boolean test(long old, int against) {
        return old <= against;
      }
    },
    /** Greater. */
    GT {
      @Override
      boolean test(long old, int against) {
        return old > against;
      }
    },
    /** Greater or equal. */
    GE {
      @Override
      boolean test(long old, int against) {
        return old >= against;
      }
    };

    abstract boolean test(long old, int against);
  }

  /**
   * The value that replaces an old one.
   *
   * @param old the old value
   * @return the new value, of which the word takes the low bits
   */
  public long apply(long old) {
    return operation.apply(old, argument);
  }

  /**
   * Whether the second word's waiters are woken too.
   *
   * @param old the value the word had, sign-extended
   * @return whether the comparison holds
   */
  public boolean test(long old) {
    return comparison.test(old, against);
  }
}
