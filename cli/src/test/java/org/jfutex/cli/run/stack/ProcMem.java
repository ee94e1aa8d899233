package org.jfutex.cli.run.stack;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.util.Arrays;

/** Reads /proc/PID/mem; proc_pid_mem(5). */
final class ProcMem implements MemoryReader {
  @Override
  public byte[] read(int tid, long address, int bytes) {
    byte[] into = new byte[bytes];
    try (RandomAccessFile memory = new RandomAccessFile("/proc/" + tid + "/mem", "r")) {
      memory.seek(address);
      return Arrays.copyOf(into, Math.max(0, memory.read(into)));
    } catch (IOException nothingThere) {
      return new byte[0];
    }
  }
}
