package org.jfutex.linux;

import java.nio.ByteBuffer;
import org.jfutex.word.Key;
import org.jfutex.word.Word;

/** An address space like another, on a machine with a given number of NUMA nodes. */
class ForwardingSpace implements AddressSpace {
  private final AddressSpace space;
  private final int nodes;

  ForwardingSpace(AddressSpace space, int nodes) {
    this.space = space;
    this.nodes = nodes;
  }

  @Override
  public int nodes() {
    return nodes;
  }

  @Override
  public boolean inRange(long address, int bytes) {
    return space.inRange(address, bytes);
  }

  @Override
  public Key key(long address, Scope scope, Access access) {
    return space.key(address, scope, access);
  }

  @Override
  public Word word(long address, Key key) {
    return space.word(address, key);
  }

  @Override
  public ByteBuffer read(long address, int bytes) {
    return space.read(address, bytes);
  }

  @Override
  public void writeInt(long address, int value) {
    space.writeInt(address, value);
  }
}
