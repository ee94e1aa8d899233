package org.jfutex.sync;

/** Whether a thread that comes may take a free lock before those that have waited for it. */
public enum Fairness {
  /**
   * It may, always. The most throughput, and no bound on how often a waiter is overtaken: where
   * virtual threads do little but take one lock, few of them may have most of it.
   */
  BARGING(Long.MAX_VALUE),
  /**
   * It may, until a waiter asks for the lock. A waiter asks when it is woken, finds the lock taken
   * again, and went to sleep for the first time 5 ms ago or longer. Once it sleeps again, every
   * unlock hands the lock over to one of those that have asked, in the order in which they did, and
   * nobody else gets it in between. Waiters are woken in order of arrival until then; one that was
   * woken is not served before it runs, which with more virtual threads than carriers may take
   * long.
   */
  FAIR(5_000_000);

  /** How long after its first sleep began a waiter asks, in nanoseconds. */
  final long patienceNanos;

  Fairness(long patienceNanos) {
    this.patienceNanos = patienceNanos;
  }
}
