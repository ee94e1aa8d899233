package org.jfutex.engine;

/** A cache line of nothing before the fields of a {@link Bucket}. */
abstract class BucketPadding {
  @SuppressWarnings("unused")
  private long p0, p1, p2, p3, p4, p5, p6, p7;
}
