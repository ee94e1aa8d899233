package org.jfutex.word;

import org.jspecify.annotations.Nullable;

/**
 * What identifies a futex word: two words are the same futex exactly when their keys are equal. As
 * in the kernel the key is the place, not the width, so a 32-bit wait meets a wake on the byte at
 * the same place.
 *
 * <p>There are three kinds. A <em>private</em> key names a place in this JVM: an object and an
 * offset in it, or a native address. A <em>file</em> key names a file, whatever its mapping, and an
 * offset in it. A <em>space</em> key names an address in somebody else's address space, and keeps
 * private and shared futexes on one address apart. A key holds what it names alive; it never reads
 * the memory, so it may outlive it.
 *
 * <p>Immutable and comparable by content. Source: the key union in kernel/futex/futex.h.
 */
public final class Key {
  /** Keys of one base that never meet although their offsets are equal. */
  private static final int PLAIN = 0;

  private static final int SHARED = 1;

  private final @Nullable Object base;
  private final long offset;
  private final int realm;
  private final int hash;

  private Key(@Nullable Object base, int baseHash, long offset, int realm) {
    this.base = base;
    this.offset = offset;
    this.realm = realm;
    // the finalizer of splitmix64, as in SplittableRandom: every bit of x moves every bit
    long x = offset ^ ((long) baseHash << 32) ^ ((long) realm << 57);
    x = (x ^ (x >>> 30)) * 0xBF58476D1CE4E5B9L;
    x = (x ^ (x >>> 27)) * 0x94D049BB133111EBL;
    this.hash = (int) (x ^ (x >>> 31));
  }

  /**
   * The key of a place inside a Java object.
   *
   * @param base the object, compared by identity
   * @param offset the place in it; for an array its byte offset, as in a heap segment
   * @return the key
   */
  public static Key heap(Object base, long offset) {
    return new Key(base, System.identityHashCode(base), offset, PLAIN);
  }

  /**
   * The key of a native address of this process, as FUTEX_PRIVATE_FLAG makes it.
   *
   * @param address the address
   * @return the key
   */
  public static Key address(long address) {
    return new Key(null, 0, address, PLAIN);
  }

  /**
   * The key of a place in a file: two mappings of one file meet in it.
   *
   * @param file identifies the file; compared by {@code equals}, so usually a record or the {@code
   *     fileKey} of its attributes
   * @param position the byte offset in the file
   * @return the key
   */
  public static Key file(Object file, long position) {
    return new Key(new FileBase(file), file.hashCode(), position, SHARED);
  }

  /**
   * The key of an address in another address space.
   *
   * @param space identifies the address space, compared by identity
   * @param address the address there
   * @param shared whether the futex is shared (no FUTEX_PRIVATE_FLAG): the two never meet
   * @return the key
   */
  public static Key space(Object space, long address, boolean shared) {
    return new Key(space, System.identityHashCode(space), address, shared ? SHARED : PLAIN);
  }

  /**
   * The same place hashed to a given NUMA node, which only futexes with FUTEX2_NUMA name: keys of
   * different nodes, and keys with and without one, do not meet.
   *
   * @param node the node, at least 0
   * @return the key
   * @throws IllegalArgumentException if the node is negative
   */
  public Key onNode(int node) {
    if (node < 0) {
      throw new IllegalArgumentException("node " + node + ": expected 0 or more");
    }
    return new Key(base, baseHash(), offset, (realm & SHARED) | (node + 1) << 1);
  }

  /**
   * The NUMA node it is hashed to.
   *
   * @return the node, at least 0; -1 if it names none
   */
  public int node() {
    return (realm >>> 1) - 1;
  }

  private int baseHash() {
    return switch (base) {
      case null -> 0;
      case FileBase file -> file.id.hashCode();
      default -> System.identityHashCode(base);
    };
  }

  @Override
  @SuppressWarnings("ReferenceEquality") // objects and address spaces are their own identity
  public boolean equals(@Nullable Object other) {
    return this == other
        || (other instanceof Key key
            && offset == key.offset
            && realm == key.realm
            && (base == key.base || (base instanceof FileBase file && file.equals(key.base))));
  }

  /** Spreads well in its high and in its low bits alike. */
  @Override
  public int hashCode() {
    return hash;
  }

  @Override
  public String toString() {
    String place = "0x" + Long.toHexString(offset);
    String node = node() >= 0 ? " node " + node() : "";
    return switch (base) {
      case null -> place + node;
      case FileBase file -> "file " + file.id + "+" + place + node;
      default ->
          base.getClass().getSimpleName()
              + "@"
              + Integer.toHexString(System.identityHashCode(base))
              + "+"
              + place
              + ((realm & SHARED) != 0 ? " shared" : "")
              + node;
    };
  }

  /** Marks a base that is compared by content. */
  private record FileBase(Object id) {}
}
