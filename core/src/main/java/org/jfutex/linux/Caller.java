package org.jfutex.linux;

import org.jfutex.time.Deadline;
import org.jfutex.time.Ticker;

/** The thread that makes a system call, as far as the raw face needs to know it. */
public interface Caller {
  /**
   * The memory its addresses mean.
   *
   * @return the address space
   */
  AddressSpace space();

  /**
   * Its place in wait queues; see {@link org.jfutex.WaitOptions#rank()}.
   *
   * @return the rank, 0 for an ordinary thread
   */
  default int rank() {
    return 0;
  }

  /**
   * The NUMA node it runs on, written to a futex with FUTEX2_NUMA that names none.
   *
   * @return from 0 to {@link AddressSpace#nodes()} - 1
   */
  default int node() {
    return 0;
  }

  /**
   * Turns a relative timeout into the deadline it means. A caller whose call was restarted after a
   * signal answers with the deadline of the first try.
   *
   * @param nanos the timeout, not negative
   * @return the deadline on the monotonic clock
   */
  default Deadline deadlineAfter(long nanos) {
    return Deadline.afterNanos(nanos, Ticker.system());
  }
}
