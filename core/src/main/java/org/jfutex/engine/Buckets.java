package org.jfutex.engine;

import java.util.List;
import org.jfutex.word.Key;
import org.jspecify.annotations.Nullable;

/**
 * A power of two of buckets, chosen by the high bits of a key's hash: what a {@link HashTable} is
 * between two growths.
 */
final class Buckets {
  private final Bucket[] all;
  private final int shift;
  private final int node;
  private final int generation;

  /** Those that these move to; guarded by the lock by which {@link HashTable} changes its size. */
  private @Nullable Buckets next;

  /**
   * Buckets of a table.
   *
   * @param size a power of two
   * @param node whose table it is; only orders locks
   * @param generation how often the table has grown; only orders locks
   */
  Buckets(int size, int node, int generation) {
    this.node = node;
    this.generation = generation;
    all = new Bucket[size];
    for (int i = 0; i < size; i++) {
      all[i] = new Bucket(node, generation, i, size);
    }
    shift = Long.SIZE - Integer.numberOfTrailingZeros(size);
  }

  int size() {
    return all.length;
  }

  Bucket get(int index) {
    return all[index];
  }

  /** The queues inside a bucket use the low bits of the hash, so the bucket uses the high ones. */
  Bucket of(Key key) {
    // a shift by 64 would be a shift by 0: widening first makes one bucket index 0
    return all[(int) (((long) key.hashCode() << Integer.SIZE) >>> 1 >>> (shift - 1))];
  }

  int node() {
    return node;
  }

  /** Those to move to, of a size; of another one if an earlier move did not come to its end. */
  Buckets next(int size) {
    Buckets now = next;
    if (now == null) {
      now = new Buckets(size, node, generation + 1);
      next = now;
    }
    return now;
  }

  /** The buckets that hold the keys which one of {@code other} buckets, at an index, has held. */
  List<Bucket> holding(int index, int other) {
    int first = (int) ((long) index * all.length / other);
    int end = (int) (((long) index + 1) * all.length / other);
    return List.of(all).subList(first, Math.max(end, first + 1));
  }
}
