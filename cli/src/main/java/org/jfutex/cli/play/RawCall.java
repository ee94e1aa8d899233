package org.jfutex.cli.play;

import java.util.List;

/**
 * A system call as a thread makes it, and what must stand in memory when it does.
 *
 * @param nr the x86-64 number
 * @param args the argument registers
 * @param writes memory to write first
 */
@SuppressWarnings("ArrayRecordComponent") // handed over at once, never compared
public record RawCall(long nr, long[] args, List<Write> writes) {
  /** Copies the list. */
  public RawCall {
    writes = List.copyOf(writes);
  }

  /**
   * Memory to write.
   *
   * @param address where
   * @param bytes what
   */
  @SuppressWarnings("ArrayRecordComponent") // likewise
  public record Write(long address, byte[] bytes) {}
}
