package org.jfutex;

import org.jfutex.word.Word;

/**
 * The layout of a 32-bit word that names its owner, as the priority-inheritance operations and
 * robust lists read and write it (include/uapi/linux/futex.h).
 *
 * <table>
 * <caption>Values</caption>
 * <tr><th>value</th><th>meaning</th></tr>
 * <tr><td>0</td><td>free</td></tr>
 * <tr><td>id</td><td>owned by the thread of that id, nobody waits: unlocked by a compare-and-set
 * to 0</td></tr>
 * <tr><td>id | WAITERS</td><td>owned, and somebody may wait: unlocked by the backend</td></tr>
 * <tr><td>OWNER_DIED, with or without WAITERS</td><td>free, and the last owner ended without
 * unlocking</td></tr>
 * <tr><td>id | OWNER_DIED</td><td>owned by one who came after such an owner</td></tr>
 * </table>
 */
public final class OwnerWord {
  /** The bits that hold the owner's id; FUTEX_TID_MASK. */
  public static final int OWNER_MASK = 0x3fff_ffff;

  /** The last owner ended without unlocking; FUTEX_OWNER_DIED. */
  public static final int OWNER_DIED = 0x4000_0000;

  /** The owner must unlock by the backend, as somebody may wait; FUTEX_WAITERS. */
  public static final int WAITERS = 0x8000_0000;

  private OwnerWord() {}

  /**
   * The owner's id in a word's value.
   *
   * @param value what {@link Word#load()} gave
   * @return from 0, for nobody, to 2^30 - 1
   */
  public static int owner(long value) {
    return (int) value & OWNER_MASK;
  }

  /**
   * Whether a value says that the last owner died.
   *
   * @param value what {@link Word#load()} gave
   * @return whether the bit is set
   */
  public static boolean hasOwnerDied(long value) {
    return ((int) value & OWNER_DIED) != 0;
  }

  /**
   * Whether a value says that somebody may wait.
   *
   * @param value what {@link Word#load()} gave
   * @return whether the bit is set
   */
  public static boolean hasWaiters(long value) {
    return ((int) value & WAITERS) != 0;
  }
}
