package org.jfutex.engine;

import org.jfutex.word.Key;

/** The buckets: a fixed power of two of them, chosen by the high bits of a key's hash. */
final class HashTable {
  /** As many as the kernel's global table has for each CPU. */
  private static final int BUCKETS_PER_CPU = 256;

  static final int MAX_BUCKETS = 1 << 20;

  private final Bucket[] buckets;
  private final int shift;

  HashTable(int size) {
    if (size < 1 || size > MAX_BUCKETS || Integer.bitCount(size) != 1) {
      throw new IllegalArgumentException(
          "table size " + size + ": expected a power of two from 1 to " + MAX_BUCKETS);
    }
    buckets = new Bucket[size];
    for (int i = 0; i < size; i++) {
      buckets[i] = new Bucket(i);
    }
    shift = Long.SIZE - Integer.numberOfTrailingZeros(size);
  }

  static int defaultSize() {
    int wanted = BUCKETS_PER_CPU * Runtime.getRuntime().availableProcessors();
    return Math.min(MAX_BUCKETS, Integer.highestOneBit(2 * wanted - 1));
  }

  int size() {
    return buckets.length;
  }

  Bucket bucket(int index) {
    return buckets[index];
  }

  /** The queues inside a bucket use the low bits of the hash, so the bucket uses the high ones. */
  Bucket bucketFor(Key key) {
    // a shift by 64 would be a shift by 0: widening first makes one bucket index 0
    return buckets[(int) (((long) key.hashCode() << Integer.SIZE) >>> 1 >>> (shift - 1))];
  }

  /** Locks one bucket, or two in index order. The only place that takes two. */
  static void lockPair(Bucket a, Bucket b) {
    if (a == b) {
      a.lock();
      return;
    }
    Bucket first = a.before(b) ? a : b;
    Bucket second = first == a ? b : a;
    first.lock();
    try {
      second.lock();
    } catch (RuntimeException | Error e) {
      first.unlock();
      throw e;
    }
  }

  static void unlockPair(Bucket a, Bucket b) {
    a.unlock();
    if (a != b) {
      b.unlock();
    }
  }
}
