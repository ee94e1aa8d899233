package org.jfutex.linux;

/**
 * Where a thread keeps its robust list: what set_robust_list(2) stores and get_robust_list reads.
 */
public final class RobustList {
  /*
   * State       head: an address that nobody vouches for; 0 for none.
   * Guards      head: volatile. Set by its thread, read by it when it ends and by who asks.
   * Lock order  none.
   * Ordering    none beyond that.
   * Progress    none.
   * Callbacks   none.
   * Checked by  RobustWalkTest.
   */
  private volatile long head;

  /** None yet. */
  public RobustList() {}

  /**
   * The head of the list.
   *
   * @return an address in the thread's address space, which may hold anything; 0 if there is none
   */
  public long head() {
    return head;
  }

  /**
   * Sets the head of the list. Nothing is read until the thread ends.
   *
   * @param address where the head is; 0 for none
   */
  public void head(long address) {
    head = address;
  }
}
