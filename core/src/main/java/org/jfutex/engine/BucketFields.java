package org.jfutex.engine;

/**
 * The fields of a {@link Bucket}, kept together and off other objects' cache lines by what stands
 * around them: the fields of a superclass come before, those of a subclass after.
 */
abstract class BucketFields extends BucketPadding {
  private static final int NODE_SHIFT = 40;

  final int index;

  /** Its place in the lock order: by node, then by size, then by index. */
  final long order;

  final WaitQueue queue = new WaitQueue();

  /** See {@link Bucket} for its bits and how they are written. */
  volatile int state;

  BucketFields(int node, int generation, int index) {
    this.index = index;
    this.order = (long) node << NODE_SHIFT | (long) generation << Integer.SIZE | index;
  }
}
