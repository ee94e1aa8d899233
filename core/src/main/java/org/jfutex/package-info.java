/**
 * The futex operations, their arguments and their outcomes: the contract that every backend keeps.
 *
 * <h2>Memory model</h2>
 *
 * <p>What the operations of {@link Futex#jvm()} order, in terms of the happens-before relation of
 * the Java Language Specification and of the access modes of {@link java.lang.invoke.VarHandle}.
 * Nothing beyond it is promised. In brackets stands the jcstress test, in package {@code
 * org.jfutex.engine} of the module {@code stress}, that would fail.
 *
 * <p><b>No wake is lost.</b> A thread stores to a word, in any access mode, and then wakes on it.
 * Every wait on the word either compares with what was stored, or something later, or is in the
 * queue when the wake looks there [LostWake.Wake]. The same holds for a requeue in place of the
 * wake [LostWake.Requeue], and for a wake-op that makes the store itself [LostWake.WakeOpTarget].
 * {@link Futex#compareRequeue} compares and moves in one step: a thread that stores to the first
 * word and then wakes on the second is either seen by the comparison or finds who was moved
 * [LostRequeue.CompareRequeue].
 *
 * <p><b>WOKEN.</b> What a thread did before a wake that counted a waiter happens before the return
 * of that waiter's wait [MemoryModel.WakeBeforeWoken]. A vector wait returns after every wake that
 * counted one of its entries, in this sense [MemoryModel.WakesBeforeVectorWoken]. For a wait
 * without a thread the completion of its future takes the place of the return
 * [MemoryModel.WakeBeforeCompletion]. What a thread did before a requeue that moved a waiter
 * happens before the return of the wake that counts it on the second word
 * [MemoryModel.RequeueBeforeWake], and what that waker did before its wake is seen as above.
 *
 * <p><b>Counts.</b> What a thread did before a wait happens before the return of a wake that
 * counted it [MemoryModel.WaitBeforeWake]. A wake that counted nobody orders nothing but the store
 * of the first paragraph.
 *
 * <p><b>CHANGED.</b> A wait compares by {@link org.jfutex.word.Word#load}, a volatile read. What a
 * thread did before it stored the value that was read, by a release, volatile or atomic access,
 * happens before the return with CHANGED [MemoryModel.StoreBeforeChanged]. A plain store orders
 * nothing, as everywhere [MemoryModel.PlainStoreBeforeChanged shows it on aarch64].
 *
 * <p><b>TIMED_OUT, INTERRUPTED.</b> They order what the comparison with the expected value orders,
 * which came before them [MemoryModel.StoreBeforeTimedOut], and nothing else.
 *
 * <p><b>Wake-op.</b> {@link Futex#wakeOp} changes its target in one atomic step with the memory
 * effects of a {@link java.lang.invoke.VarHandle#compareAndSet}: no update by others is lost, and
 * what was done before happens before an acquiring read of the new value
 * [MemoryModel.WakeOpIsAtomic].
 */
package org.jfutex;
