package org.jfutex.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.jfutex.linux.Guest.*;
import static org.jfutex.linux.Operation.NR_FUTEX;
import static org.jfutex.linux.Operation.NR_FUTEX_REQUEUE;
import static org.jfutex.linux.Operation.NR_FUTEX_WAIT;
import static org.jfutex.linux.Operation.NR_FUTEX_WAITV;
import static org.jfutex.linux.Operation.NR_FUTEX_WAKE;

import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.jfutex.Errno;
import org.jfutex.linux.Guest.Element;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Calls made by threads of this JVM, which sleep in them. */
class BlockingCallTest {
  private static final long EINTR = -Errno.EINTR.number();

  private final Guest guest = new Guest();
  private final Caller caller = () -> guest.space;

  private long call(long nr, long a0, long a1, long a2, long a3, long a4, long a5) {
    return guest.futex.call(caller, nr, a0, a1, a2, a3, a4, a5);
  }

  /** Wakes until somebody was there to be woken. */
  private void wakeOne(long address) {
    while (call(NR_FUTEX, address, WAKE | PRIVATE, 1, 0, 0, 0) == 0) {
      Thread.onSpinWait();
    }
  }

  private static long join(Thread thread, FutureTask<Long> task) throws Exception {
    thread.join(TimeUnit.MINUTES.toMillis(1));
    return task.get(0, TimeUnit.SECONDS);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aThreadSleepsUntilItIsWoken(boolean isVirtual) throws Exception {
    FutureTask<Long> task =
        new FutureTask<>(() -> call(NR_FUTEX, WORD, WAIT | PRIVATE, 0, 0, 0, 0));
    Thread thread = isVirtual ? Thread.startVirtualThread(task) : Thread.ofPlatform().start(task);
    wakeOne(WORD);
    assertThat(join(thread, task)).isZero();
  }

  @Test
  void aVectorReportsItsIndex() throws Exception {
    long waiters = guest.array(Element.of(WORD), Element.of(OTHER));
    FutureTask<Long> task = new FutureTask<>(() -> call(NR_FUTEX_WAITV, waiters, 2, 0, 0, 0, 0));
    Thread thread = Thread.ofPlatform().start(task);
    wakeOne(OTHER);
    assertThat(join(thread, task)).isOne();
  }

  @Test
  void anInterruptedSleepIsEintrAndKeepsTheFlag() {
    long waiters = guest.array(Element.of(WORD));
    Thread.currentThread().interrupt();
    try {
      assertThat(call(NR_FUTEX, WORD, WAIT | PRIVATE, 0, 0, 0, 0)).isEqualTo(EINTR);
      assertThat(call(NR_FUTEX_WAIT, WORD, 0, ANY, U32, 0, 0)).isEqualTo(EINTR);
      assertThat(call(NR_FUTEX_WAITV, waiters, 1, 0, 0, 0, 0)).isEqualTo(EINTR);
      assertThat(call(NR_FUTEX, WORD, WAIT | PRIVATE, 1, 0, 0, 0)).isEqualTo(EAGAIN);
    } finally {
      assertThat(Thread.interrupted()).isTrue();
    }
  }

  @Test
  void aSleepEndsAtItsDeadline() {
    long soon = guest.timespec(0, 1_000_000);
    assertThat(call(NR_FUTEX, WORD, WAIT | PRIVATE, 0, soon, 0, 0)).isEqualTo(ETIMEDOUT);
    long past = guest.timespec(1, 0);
    assertThat(call(NR_FUTEX_WAIT, WORD, 0, ANY, U32, past, 0)).isEqualTo(ETIMEDOUT);
  }

  @Test
  void threadsAndRemoteCallersStandInOneQueue() throws Exception {
    GuestThread remote = guest.waiter(WORD);
    FutureTask<Long> task =
        new FutureTask<>(() -> call(NR_FUTEX, WORD, WAIT | PRIVATE, 0, 0, 0, 0));
    Thread thread = Thread.ofPlatform().start(task);
    wakeOne(WORD);
    assertThat(remote.result()).isZero();
    assertThat(thread.isAlive()).isTrue();
    wakeOne(WORD);
    assertThat(join(thread, task)).isZero();
  }

  @Test
  void bothWaysInAnswerAlike() {
    long zero = guest.timespec(0, 0);
    long bad = guest.timespec(0, -1);
    long good = guest.array(Element.of(WORD), Element.of(OTHER));
    long wrong = guest.array(Element.of(WORD).reserved(1), Element.of(OTHER));
    long[] addresses = {WORD, WORD + 1, 0, UNMAPPED, KERNEL, good, wrong};
    long[] timeouts = {zero, bad, UNMAPPED};
    for (long nr :
        new long[] {NR_FUTEX, NR_FUTEX_WAITV, NR_FUTEX_WAKE, NR_FUTEX_WAIT, NR_FUTEX_REQUEUE, 1}) {
      for (long address : addresses) {
        for (long timeout : timeouts) {
          for (long op = -1; op < 16; op++) {
            for (long val = 0; val < 3; val++) {
              long a4 = nr == NR_FUTEX_WAIT ? timeout : OTHER;
              assertThat(call(nr, address, op, val, timeout, a4, 1))
                  .as("nr %d of 0x%x, %d, %d, 0x%x", nr, address, op, val, timeout)
                  .isEqualTo(guest.call(nr, address, op, val, timeout, a4, 1));
            }
          }
        }
      }
    }
  }
}
