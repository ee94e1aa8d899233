package org.jfutex;

/**
 * How a vector wait ended.
 *
 * @param status the outcome
 * @param index when woken, the highest entry that a waker took, a hint as in futex_waitv(2); when
 *     changed, the first entry found changed; otherwise -1
 */
public record AnyWait(WaitStatus status, int index) {}
