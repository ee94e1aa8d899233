package org.jfutex.bench.area;

import org.jfutex.bench.frame.Contender;

/** A contender that is told how many operations to make, by what they took the last time. */
final class Paced implements Contender {
  private final Operations operations;
  private double nanosPerOperation = 100_000; // a careful first guess, for interpreted code

  /** Operations, one after the other. */
  @FunctionalInterface
  interface Operations {
    /** Makes so many, and tells the nanoseconds of each. */
    double nanosPerOperation(long count);
  }

  Paced(Operations operations) {
    this.operations = operations;
  }

  @Override
  public double measure(long sliceNanos) {
    long count = Math.max(1, Math.round(sliceNanos / nanosPerOperation));
    nanosPerOperation = operations.nanosPerOperation(count);
    return nanosPerOperation;
  }
}
