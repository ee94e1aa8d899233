package org.jfutex.cli.run;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jfutex.linux.AddressSpace;
import org.jfutex.word.Key;
import org.jfutex.word.Word;
import org.jfutex.word.WordFault;

/**
 * The memory of a calling thread, as one call sees it. Remembers which words the call named, so
 * that nobody has to decode its arguments a second time. Used with the supervisor's lock held.
 */
final class RemoteMemory implements AddressSpace {
  private final Space space;
  private final int tid;
  private final List<RemoteWord> words = new ArrayList<>(1);

  RemoteMemory(Space space, int tid) {
    this.space = space;
    this.tid = tid;
  }

  @Override
  public Key key(long address, Scope scope, Access access) {
    return scope == Scope.PRIVATE ? Key.space(space, address, false) : sharedKey(address, access);
  }

  /**
   * As get_futex_key of kernel/futex/core.c pins the page: for writing if it can, which makes a
   * writable private page the process's own whatever file it came from; else, if reading is enough,
   * as it is, and then only a page of a file has an identity.
   */
  private Key sharedKey(long address, Access access) {
    Space.Mapping mapping = space.mappingAt(address);
    if (mapping == null || !mapping.isReadable()) {
      throw fault(address, "not mapped for reading");
    }
    if (access == Access.WRITE && !mapping.isWritable()) {
      throw fault(address, "not mapped for writing");
    }
    var _ = ProcessMemory.readInt(tid, address); // a page beyond the end of a file has no key
    FileId file = mapping.file();
    if (file != null && (mapping.isShared() || !mapping.isWritable())) {
      return Key.file(file, mapping.offset() + address - mapping.start());
    }
    if (!mapping.isWritable()) {
      throw fault(address, "anonymous and read-only");
    }
    return Key.space(space, address, true);
  }

  private WordFault fault(long address, String reason) {
    return new WordFault("address 0x%x of thread %d: %s".formatted(address, tid, reason));
  }

  @Override
  public Word word(long address, Key key) {
    RemoteWord word = new RemoteWord(tid, address, key);
    words.add(word);
    return word;
  }

  @Override
  public ByteBuffer read(long address, int bytes) {
    return ProcessMemory.read(tid, address, bytes);
  }

  @Override
  public void writeInt(long address, int value) {
    ProcessMemory.writeInt(tid, address, value);
  }

  /** The words made so far, in order: of a vector wait that sleeps, its entries. */
  List<RemoteWord> words() {
    return words;
  }
}
