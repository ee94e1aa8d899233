package org.jfutex.sync;

import org.jfutex.word.Word;

/**
 * What a thread does before it sleeps for a lock: it keeps away from the word for a while, then
 * looks whether it is free. Each look takes the word's cache line from the owner, who could have
 * gone through many short sections meanwhile, so the looks are few. Left out while it has been in
 * vain, as for a lock that is held for long, or whose owner has no processor.
 *
 * <p>The fields are racy: whatever they hold is only a guess.
 */
final class Backoff {
  private static final int LOOKS = 2;

  /** Before each look, of 20 to 35 ns each: together as long as it takes to be woken. */
  private static final int PAUSES = 150;

  /** After so many failures in a row it is tried in one of 2^MOST_FAILURES waits. */
  private static final int MOST_FAILURES = 6;

  private static final boolean ALONE = Runtime.getRuntime().availableProcessors() == 1;

  /** How many waits are to pass before the next one that stays awake. */
  private int passing;

  /** How often in a row it was in vain; up to a limit. */
  private int failures;

  /** Counts the waits of virtual threads. */
  private int turns;

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
    return ALONE ? (int) word.load() : stayAwake(word, wanted);
  }

  private int stayAwake(Word word, int wanted) {
    int value = wanted;
    for (int i = 0; i < LOOKS; i++) {
      pause();
      value = (int) word.load();
      if (value == wanted) {
        failures = 0;
        return value;
      }
    }
    passing = 1 << failures;
    failures = Math.min(failures + 1, MOST_FAILURES);
    return value;
  }

  private static void pause() {
    for (int i = 0; i < PAUSES; i++) {
      Thread.onSpinWait();
    }
  }
}
