package org.jfutex.sync;

import org.jfutex.word.Word;

/**
 * What a thread does before it sleeps for a lock, in one of two ways.
 *
 * <p>It stays near, and looks at the word all the time: best where the lock is free for longer than
 * it takes to see that and to take it.
 *
 * <p>It keeps away, for as long as it takes to sleep and to be woken, then looks once: best where
 * whoever frees the lock comes back sooner. Each look takes the word's cache line from the owner,
 * who could have gone through several such sections meanwhile, and often gains nothing, as the lock
 * is taken again before the one that looked can take it.
 *
 * <p>Which it is depends on how long threads stay outside and on how fast a cache line goes from
 * one processor to the other. It is learned from the outcome: of those that see the lock free,
 * awake or just woken, many come too late where to keep away is best, and next to none where not
 * ({@code docs/performance.md} has the figures). Staying awake is left out while it has been in
 * vain, as for a lock that is held for long, or whose owner has no processor.
 */
final class Backoff {
  /*
   * State       sure > 0       those who wait stay near; each that sees the lock free adds 1, and
   *                            each that is late takes LATE off
   *             sure == 0      they keep away, but for one of RETRY, whose success makes it 1
   *             passing > 0    so many waits do not stay awake; set when staying awake was in vain
   *             failures       how often in a row it was
   *             away, turns    count
   * Guards      none: all are racy, and whatever they hold is only a guess that any value is good
   *             for. They are written seldom, for who reads on the same cache line.
   * Lock order  none.
   * Ordering    none; the word is ordered by who takes it.
   * Progress    to stay near ends after so many looks, to keep away after AWAY pauses.
   * Callbacks   Word.load.
   * Checked by  BackoffTest.
   */
  /** How often one that stays near looks, with a pause before each. */
  private static final int LOOKS = 300;

  /** Pauses of one that keeps away: on x86 as long as it takes to sleep and to be woken. */
  private static final int AWAY = 600;

  /**
   * How sure it can be that to stay near is right. It begins like this, and each success adds 1.
   */
  private static final int SUREST = 128;

  /**
   * What a thread takes off that saw the lock free and was too late: two soon after another, all.
   */
  private static final int LATE = SUREST - 1;

  /** Where threads keep away, one in so many that stay awake tries to stay near. */
  private static final int RETRY = 64;

  /** After so many failures in a row it is tried in one of 2^MOST_FAILURES waits. */
  private static final int MOST_FAILURES = 6;

  private static final boolean ALONE = Runtime.getRuntime().availableProcessors() == 1;

  private final int looks;

  /** How sure it is that to stay near is right; 0 if to keep away is. */
  private int sure = SUREST;

  /** Counts the waits that kept away, or tried not to. */
  private int away;

  /** How many waits are to pass before the next one that stays awake. */
  private int passing;

  /** How often in a row it was in vain; up to a limit. */
  private int failures;

  /** Counts the waits of virtual threads. */
  private int turns;

  Backoff() {
    this(ALONE ? 0 : LOOKS);
  }

  /**
   * One for a test.
   *
   * @param looks how often a thread that stays near looks; none stays awake if it is 0
   */
  Backoff(int looks) {
    this.looks = looks;
  }

  /**
   * Waits a moment for a value. A virtual thread lets others run instead, once in so many calls:
   * nobody takes its carrier from it, so those that were woken might wait for ever.
   *
   * @return what the word says then
   */
  @SuppressWarnings("ThreadPriorityCheck") // nothing relies on it but the shares
  int await(Word word, int wanted, int turn) {
    if (Thread.currentThread().isVirtual() && ++turns % turn == 0) {
      Thread.yield();
      return (int) word.load();
    }
    int left = passing;
    if (left > 0) {
      passing = left - 1;
      return (int) word.load();
    }
    return looks == 0 ? (int) word.load() : stayAwake(word, wanted);
  }

  /** Tells that a thread saw the value it waited for, and somebody else took it. */
  void wasLate() {
    int before = sure;
    if (before > 0) {
      sure = Math.max(0, before - LATE);
    }
  }

  private int stayAwake(Word word, int wanted) {
    int value = isToStayNear() ? stayNear(word, wanted) : keepAway(word);
    int inVain = failures;
    if (value != wanted) {
      passing = 1 << inVain;
      failures = Math.min(inVain + 1, MOST_FAILURES);
    } else if (inVain != 0) {
      failures = 0;
    }
    return value;
  }

  private boolean isToStayNear() {
    if (sure > 0) {
      return true;
    }
    int waits = away + 1;
    away = waits;
    return waits % RETRY == 0;
  }

  private int stayNear(Word word, int wanted) {
    int left = looks;
    int value;
    do {
      Thread.onSpinWait();
      value = (int) word.load();
      left--;
    } while (value != wanted && left > 0);
    if (value == wanted) {
      int before = sure;
      if (before < SUREST) {
        sure = before + 1;
      }
    }
    return value;
  }

  private static int keepAway(Word word) {
    for (int i = 0; i < AWAY; i++) {
      Thread.onSpinWait();
    }
    return (int) word.load();
  }
}
