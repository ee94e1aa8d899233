package org.jfutex.linux;

/**
 * Where a thread keeps its robust list: what set_robust_list(2) stores and get_robust_list reads.
 */
public final class RobustList {
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
