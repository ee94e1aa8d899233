package org.jfutex.linux;

/**
 * Where a thread keeps its robust list: what set_robust_list(2) stores and get_robust_list reads.
 */
public final class RobustList {
  /*
   * State       head: where the list is said to be; any value.
   * Guards      head: volatile; written by the thread it belongs to.
   * Lock order  takes none.
   * Ordering    who walks the list at the end of the thread comes after the thread's last call.
   * Progress    never waits.
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
