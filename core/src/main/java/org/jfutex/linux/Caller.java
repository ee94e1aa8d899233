package org.jfutex.linux;

import org.jfutex.engine.Task;
import org.jfutex.time.Deadline;
import org.jfutex.time.Ticker;
import org.jspecify.annotations.Nullable;

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

  /**
   * Itself as an owner of locks and robust lists. Without one the calls that need it are answered
   * ENOSYS, as by a kernel without CONFIG_FUTEX_PI.
   *
   * @return always the same task, or null
   */
  default @Nullable Task task() {
    return null;
  }

  /**
   * The task that a word names as the owner of a futex of this caller's, as its process knows tasks
   * (find_get_task_by_vpid).
   *
   * @param id from 1 to 2^30 - 1
   * @param scope of the futex; a private one cannot belong to a task of another address space
   * @return the task; null if there is none
   * @throws org.jfutex.FutexException with EPERM if it is one that cannot own the futex
   */
  default @Nullable Task task(int id, AddressSpace.Scope scope) {
    return null;
  }

  /**
   * The robust list of a thread, as far as this caller may know it.
   *
   * @param id the thread's id, 0 for the caller itself
   * @return the list, empty or not; null if there is no such thread, or it can have none
   * @throws org.jfutex.FutexException with EPERM if the caller may not look
   */
  default @Nullable RobustList robustList(int id) {
    return null;
  }
}
