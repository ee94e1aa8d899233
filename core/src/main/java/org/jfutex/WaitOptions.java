package org.jfutex;

/**
 * How a waiter stands in its queue.
 *
 * @param bitset which wakes may take it: those whose bitset has a bit in common; not 0
 * @param rank its place in the queue: waiters of a higher rank are taken first, equal ranks in
 *     order of arrival; plays the part of the real-time priority in the kernel
 */
public record WaitOptions(int bitset, int rank) {
  /** The bitset that meets every other, FUTEX_BITSET_MATCH_ANY. */
  public static final int MATCH_ANY = -1;

  /** Any wake may take the waiter, and it has rank 0. */
  public static final WaitOptions DEFAULT = new WaitOptions(MATCH_ANY, 0);

  /**
   * Checks the bitset.
   *
   * @throws FutexException with EINVAL if the bitset is 0: such a waiter could never be woken
   */
  public WaitOptions {
    checkBitset(bitset);
  }

  /**
   * Options with a bitset and rank 0.
   *
   * @param bitset which wakes may take the waiter; not 0
   * @return the options
   */
  public static WaitOptions ofBitset(int bitset) {
    return new WaitOptions(bitset, 0);
  }

  /**
   * Options with a rank and a bitset that meets every wake.
   *
   * @param rank the rank
   * @return the options
   */
  public static WaitOptions ofRank(int rank) {
    return rank == 0 ? DEFAULT : new WaitOptions(MATCH_ANY, rank);
  }

  /**
   * Refuses the empty bitset.
   *
   * @param bitset a bitset
   * @return the bitset
   * @throws FutexException with EINVAL if it is 0
   */
  public static int checkBitset(int bitset) {
    if (bitset == 0) {
      throw new FutexException(Errno.EINVAL, "bitset 0: expected at least one bit");
    }
    return bitset;
  }
}
