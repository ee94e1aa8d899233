package org.jfutex.cli.machine;

/**
 * A process of a {@link Machine}: an address space and threads. Memory calls are made on behalf of
 * the player, not by a thread of the scenario. Used by one thread of this JVM.
 */
public interface MachineProcess {
  /**
   * Maps fresh memory, readable, writable and zero.
   *
   * @param backing what from
   * @param bytes how much, rounded up to pages; a file is as long as its mapping
   * @return where it was mapped
   */
  long map(Backing backing, long bytes);

  /**
   * Maps the memory of a mapping a second time, readable and writable. Of PRIVATE memory there is
   * no second mapping: its own address is returned. Of FILE_PRIVATE memory it is a second private
   * mapping of the same file.
   *
   * @param address where the first mapping begins
   * @return where the second one begins
   */
  long alias(long address);

  /**
   * Changes what the process may do with pages, mprotect(2).
   *
   * @param address the first page
   * @param bytes how much, rounded up to pages
   * @param protection what it may do
   */
  void protect(long address, long bytes, Protection protection);

  /**
   * Unmaps pages, munmap(2).
   *
   * @param address the first page
   * @param bytes how much, rounded up to pages
   */
  void unmap(long address, long bytes);

  /**
   * Moves a whole mapping elsewhere, mremap(2) with MREMAP_MAYMOVE and MREMAP_FIXED onto an address
   * that was free; nothing is mapped at the old one afterwards.
   *
   * @param address where the mapping begins
   * @return where it begins now
   */
  long remap(long address);

  /**
   * Changes the size of the file under a FILE or FILE_PRIVATE mapping, ftruncate(2).
   *
   * @param address where the mapping begins
   * @param bytes the new size of the file
   */
  void truncate(long address, long bytes);

  /**
   * Reads memory whatever its protection.
   *
   * @param address where
   * @param bytes how much
   * @return the bytes
   * @throws IllegalArgumentException if nothing is mapped there
   */
  byte[] read(long address, int bytes);

  /**
   * Writes memory whatever its protection, four aligned bytes at once where it can.
   *
   * @param address where
   * @param bytes what
   * @throws IllegalArgumentException if nothing is mapped there
   */
  void write(long address, byte[] bytes);

  /**
   * Starts a thread. It is IDLE when this returns.
   *
   * @param name its name, for people
   * @param fifo its SCHED_FIFO priority from 1 to 99, 0 for an ordinary thread
   * @return the thread
   */
  MachineThread thread(String name, int fifo);

  /**
   * Forks: the child has the same addresses, copies of the private memory, and no threads of the
   * scenario.
   *
   * @return the child
   */
  MachineProcess fork();

  /** Stops all threads, SIGSTOP, and returns when they have stopped. */
  void stop();

  /** Continues all threads, SIGCONT. */
  void resume();

  /** Kills the process, SIGKILL, and returns when its threads are GONE. */
  void kill();
}
