package org.jfutex.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jfutex.engine.AsyncWait;
import org.jfutex.time.Deadline;
import org.jspecify.annotations.Nullable;

/** A thread of a guest, which no thread of this JVM stands for. */
final class GuestThread implements RemoteCaller {
  private final Guest guest;
  private final AddressSpace space;
  private final CompletableFuture<Long> result = new CompletableFuture<>();
  private int rank;
  private int node;
  private boolean isDead;
  private @Nullable Deadline fixedDeadline;
  private @Nullable AsyncWait sleep;

  /** The timeout of a relative wait, as the face handed it over; -1 before. */
  long relativeNanos = -1;

  GuestThread(Guest guest, AddressSpace space) {
    this.guest = guest;
    this.space = space;
  }

  GuestThread rank(int rank) {
    this.rank = rank;
    return this;
  }

  GuestThread node(int node) {
    this.node = node;
    return this;
  }

  /** What every relative timeout means from now on. */
  GuestThread deadline(Deadline deadline) {
    this.fixedDeadline = deadline;
    return this;
  }

  /** From now on it cannot be told anything. */
  void die() {
    isDead = true;
  }

  /** Makes a call that must end at once. */
  long call(long nr, long... arguments) {
    Submitted submitted = submit(nr, arguments);
    assertThat(submitted.sleep()).as("a sleep").isNull();
    return submitted.result();
  }

  /** Makes a call that must sleep. */
  GuestThread sleeps(long nr, long... arguments) {
    Submitted submitted = submit(nr, arguments);
    assertThat(submitted.sleep())
        .as("a sleep; the call ended with " + submitted.result())
        .isNotNull();
    sleep = submitted.sleep();
    return this;
  }

  Submitted submit(long nr, long... arguments) {
    long[] a = Arrays.copyOf(arguments, 6);
    return guest.futex.submit(this, nr, a[0], a[1], a[2], a[3], a[4], a[5]);
  }

  boolean cancel() {
    return sleep.cancel();
  }

  boolean isAsleep() {
    return !result.isDone();
  }

  /** The result of the call it slept in, which somebody has ended. */
  long result() {
    assertThat(result).as("the result of a sleeping call").isCompleted();
    return result.join();
  }

  /** The result of the call it slept in, when its deadline has ended it. */
  long timedResult() throws Exception {
    return result.get(1, TimeUnit.MINUTES);
  }

  @Override
  public AddressSpace space() {
    return space;
  }

  @Override
  public int rank() {
    return rank;
  }

  @Override
  public int node() {
    return node;
  }

  @Override
  public Deadline deadlineAfter(long nanos) {
    relativeNanos = nanos;
    return fixedDeadline != null ? fixedDeadline : RemoteCaller.super.deadlineAfter(nanos);
  }

  @Override
  public boolean complete(long value) {
    return !isDead && result.complete(value);
  }
}
