package org.jfutex.cli.run.stack;

/** Reads the memory of other processes. */
@FunctionalInterface
public interface MemoryReader {
  /**
   * Copies memory.
   *
   * @param tid a thread of the process
   * @param address where to start, unsigned
   * @param bytes how much
   * @return what could be read from there on: all of it, less where the memory ends, nothing where
   *     there is none or the process has gone
   */
  byte[] read(int tid, long address, int bytes);
}
