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
  /** How the new value is made from the old one, in 32-bit arithmetic that wraps. */
  public enum Operation {
    /** The argument. */
    SET {
      @Override
      int apply(int old, int argument) {
        return argument;
      }
    },
    /** Old plus argument. */
    ADD {
      @Override
      int apply(int old, int argument) {
        return old + argument;
      }
    },
    /** Old or argument. */
    OR {
      @Override
      int apply(int old, int argument) {
        return old | argument;
      }
    },
    /** Old and not argument. */
    ANDN {
      @Override
      int apply(int old, int argument) {
        return old & ~argument;
      }
    },
    /** Old xor argument. */
    XOR {
      @Override
      int apply(int old, int argument) {
        return old ^ argument;
      }
    };

    abstract int apply(int old, int argument);
  }

  /** How the old value is judged, as a signed 32-bit number. */
  public enum Comparison {
    /** Equal. */
    EQ {
      @Override
      boolean test(int old, int against) {
        return old == against;
      }
    },
    /** Not equal. */
    NE {
      @Override
      boolean test(int old, int against) {
        return old != against;
      }
    },
    /** Less. */
    LT {
      @Override
      boolean test(int old, int against) {
        return old < against;
      }
    },
    /** Less or equal. */
    LE {
      @Override
      boolean test(int old, int against) {
        return old <= against;
      }
    },
    /** Greater. */
    GT {
      @Override
      boolean test(int old, int against) {
        return old > against;
      }
    },
    /** Greater or equal. */
    GE {
      @Override
      boolean test(int old, int against) {
        return old >= against;
      }
    };

    abstract boolean test(int old, int against);
  }

  /**
   * The value that replaces an old one.
   *
   * @param old the old value
   * @return the new value
   */
  public int apply(int old) {
    return operation.apply(old, argument);
  }

  /**
   * Whether the second word's waiters are woken too.
   *
   * @param old the value the word had
   * @return whether the comparison holds
   */
  public boolean test(int old) {
    return comparison.test(old, against);
  }
}
