package org.jfutex.cli.run;

import java.util.List;
import org.jfutex.linux.Operation;
import org.jfutex.word.Key;
import org.jspecify.annotations.Nullable;

/**
 * One finished futex call of the program, as the report and the trace see it.
 *
 * @param atNanos when the call was made, on the monotonic clock
 * @param tookNanos from the call to its reply, in nanoseconds; what a waiter slept
 * @param tgid the process
 * @param tid the thread
 * @param nr the x86-64 system call number
 * @param args its six arguments; never changed after construction
 * @param operation what it asked for, null for a number or a command that does not exist
 * @param words the futexes it named; empty where the call failed before they were looked up
 * @param result what the program got: a count, an index, 0 or a negative errno; 0 where the kernel
 *     answered
 * @param disposition who answered
 * @param wakerTid the thread whose call ended this wait, 0 for none
 * @param stack the user stack, innermost frame first; empty unless the call was refused or unknown
 */
@SuppressWarnings("ArrayRecordComponent") // one for each call; compared and changed by nobody
record ServedCall(
    long atNanos,
    long tookNanos,
    int tgid,
    int tid,
    long nr,
    long[] args,
    @Nullable Operation operation,
    List<Key> words,
    long result,
    Disposition disposition,
    int wakerTid,
    List<String> stack) {

  /** Who answered a call. */
  enum Disposition {
    /** The engine. */
    SERVED,
    /** The kernel: an operation, or a word, that the engine leaves to it. */
    PASSED,
    /** Nobody: the user asked for it to be missing, and it was answered ENOSYS. */
    REFUSED,
    /** The kernel, because jfutex cannot serve the process at all. */
    UNSERVED
  }
}
