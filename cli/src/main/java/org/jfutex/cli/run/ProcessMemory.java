package org.jfutex.cli.run;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jfutex.kernel.Syscalls;
import org.jfutex.word.WordFault;

/**
 * The memory of another process, by process_vm_readv(2), which honours its page protection as
 * /proc/PID/mem would not, and brings pages in as an access of its own would.
 */
final class ProcessMemory {
  /** Size of struct iovec. */
  private static final int IOVEC_BYTES = 16;

  /** UIO_MAXIOV: the most pieces of one call. */
  private static final int MAX_PIECES = 1024;

  private static final int EPERM = 1;
  private static final int EFAULT = 14;

  /** Two iovecs and room for what a single call transfers. */
  private static final int SCRATCH_BYTES = 2 * IOVEC_BYTES + 4096;

  private static final ThreadLocal<MemorySegment> SCRATCH =
      ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(SCRATCH_BYTES, Long.BYTES));

  private ProcessMemory() {}

  /** A process that this one may not look into, for example because it became another user's. */
  static final class OffLimits extends RuntimeException {
    private static final long serialVersionUID = 1L;

    OffLimits(int tid) {
      super("thread " + tid + ": its memory may not be read");
    }
  }

  /**
   * Reads a 32-bit value.
   *
   * @param tid a thread of the process
   * @param address where
   * @return the value
   * @throws WordFault if it cannot be read
   * @throws OffLimits if this process may not
   */
  static int readInt(int tid, long address) {
    MemorySegment data = transfer(Nr.PROCESS_VM_READV, tid, address, Integer.BYTES);
    return data.get(ValueLayout.JAVA_INT, 0);
  }

  /**
   * Copies memory out.
   *
   * @param tid a thread of the process
   * @param address where it starts
   * @param bytes how much, at most 4096
   * @return a buffer of that size in little endian order
   * @throws WordFault if any of it cannot be read
   * @throws OffLimits if this process may not
   */
  static ByteBuffer read(int tid, long address, int bytes) {
    MemorySegment data = transfer(Nr.PROCESS_VM_READV, tid, address, bytes);
    return ByteBuffer.wrap(data.toArray(ValueLayout.JAVA_BYTE)).order(ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * Stores a 32-bit value.
   *
   * @param tid a thread of the process
   * @param address where
   * @param value what
   * @throws WordFault if it cannot be written
   * @throws OffLimits if this process may not
   */
  static void writeInt(int tid, long address, int value) {
    SCRATCH.get().set(ValueLayout.JAVA_INT, 2 * IOVEC_BYTES, value);
    var _ = transfer(Nr.PROCESS_VM_WRITEV, tid, address, Integer.BYTES);
  }

  /**
   * Stores a 64-bit value.
   *
   * @param tid a thread of the process
   * @param address where
   * @param value what
   * @throws WordFault if it cannot be written
   * @throws OffLimits if this process may not
   */
  static void writeLong(int tid, long address, long value) {
    SCRATCH.get().set(ValueLayout.JAVA_LONG, 2 * IOVEC_BYTES, value);
    var _ = transfer(Nr.PROCESS_VM_WRITEV, tid, address, Long.BYTES);
  }

  private static MemorySegment transfer(int nr, int tid, long address, int bytes) {
    MemorySegment scratch = SCRATCH.get();
    MemorySegment data = scratch.asSlice(2 * IOVEC_BYTES, bytes);
    setPiece(scratch, 0, data.address(), bytes);
    setPiece(scratch, 1, address, bytes);
    long local = scratch.address();
    long done = Syscalls.call(nr, tid, local, 1, local + IOVEC_BYTES, 1, 0);
    if (done == -EPERM) {
      throw new OffLimits(tid);
    }
    if (done != bytes) {
      throw new WordFault(
          "address 0x%x of thread %d: %d bytes of %d accessed"
              .formatted(address, tid, Math.max(done, 0), bytes));
    }
    return data;
  }

  private static void setPiece(MemorySegment pieces, long index, long address, long bytes) {
    pieces.set(ValueLayout.JAVA_LONG, index * IOVEC_BYTES, address);
    pieces.set(ValueLayout.JAVA_LONG, index * IOVEC_BYTES + Long.BYTES, bytes);
  }

  /**
   * Copies as much memory out as there is.
   *
   * @param tid a thread of the process
   * @param address where it starts
   * @param bytes how much at most
   * @return what could be read from there on
   */
  static byte[] readUpTo(int tid, long address, int bytes) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment data = arena.allocate(bytes);
      MemorySegment pieces = arena.allocate(2 * IOVEC_BYTES, Long.BYTES);
      setPiece(pieces, 0, data.address(), bytes);
      setPiece(pieces, 1, address, bytes);
      long local = pieces.address();
      long done = Syscalls.call(Nr.PROCESS_VM_READV, tid, local, 1, local + IOVEC_BYTES, 1, 0);
      return data.asSlice(0, Math.max(done, 0)).toArray(ValueLayout.JAVA_BYTE);
    }
  }

  /**
   * Reads many 32-bit values with few calls. What cannot be read is left out of the result.
   *
   * @param tid a thread of the process
   * @param addresses where they are
   * @param values takes the values, at the index of their address
   * @param readable is set true at the index of each address that could be read
   */
  static void readInts(int tid, long[] addresses, int[] values, boolean[] readable) {
    try (Arena arena = Arena.ofConfined()) {
      int room = Math.min(addresses.length, MAX_PIECES);
      MemorySegment data = arena.allocate((long) room * Integer.BYTES, Long.BYTES);
      MemorySegment local = arena.allocate(IOVEC_BYTES, Long.BYTES);
      MemorySegment remote = arena.allocate((long) room * IOVEC_BYTES, Long.BYTES);
      int next = 0;
      while (next < addresses.length) {
        int count = Math.min(addresses.length - next, MAX_PIECES);
        setPiece(local, 0, data.address(), (long) count * Integer.BYTES);
        for (int i = 0; i < count; i++) {
          setPiece(remote, i, addresses[next + i], Integer.BYTES);
        }
        long done =
            Syscalls.call(Nr.PROCESS_VM_READV, tid, local.address(), 1, remote.address(), count, 0);
        if (done < 0 && done != -EFAULT) {
          return; // the process has gone, or may not be looked into any more
        }
        int complete = (int) Math.max(done, 0) / Integer.BYTES;
        for (int i = 0; i < complete; i++) {
          values[next + i] = data.getAtIndex(ValueLayout.JAVA_INT, i);
          readable[next + i] = true;
        }
        next += complete == count ? count : complete + 1; // stopped at one that cannot be read
      }
    }
  }
}
