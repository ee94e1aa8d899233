package org.jfutex.cli.run;

import org.jfutex.word.Key;
import org.jfutex.word.Word;
import org.jfutex.word.WordFault;

/** A 32-bit word in another process. It can be read, not changed: nothing here is atomic there. */
final class RemoteWord implements Word {
  private final int tid;
  private final long address;
  private final Key key;
  private int lastLoaded;

  RemoteWord(int tid, long address, Key key) {
    this.tid = tid;
    this.address = address;
    this.key = key;
  }

  @Override
  public int bits() {
    return Integer.SIZE;
  }

  @Override
  public long load() {
    lastLoaded = ProcessMemory.readInt(tid, address);
    return lastLoaded;
  }

  /** What the last {@link #load} gave: of a wait that sleeps, the value it expected. */
  int lastLoaded() {
    return lastLoaded;
  }

  long address() {
    return address;
  }

  @Override
  public boolean compareAndSet(long expected, long value) {
    throw new WordFault("address 0x%x of thread %d: cannot be changed".formatted(address, tid));
  }

  @Override
  public Key key() {
    return key;
  }
}
