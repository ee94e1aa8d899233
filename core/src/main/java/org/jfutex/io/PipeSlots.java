package org.jfutex.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.util.concurrent.locks.ReentrantLock;
import org.jfutex.Errno;
import org.jfutex.poll.Discipline;
import org.jfutex.poll.Events;
import org.jfutex.poll.Pollee;

/** What is in a {@link Pipe}, slot by slot as in fs/pipe.c, and what its ends are ready for. */
final class PipeSlots {
  /*
   * State       head, tail    the slots [tail, head) hold data; counted up for ever, but put back
   *                           to 0 by who writes into an empty pipe
   *             pages, starts, ends, packets    by slot: where its data is, whether it is a packet
   *             bytes         in all slots
   *             sourceClosed, sinkClosed, mode
   * Guards      lock: head, tail, bytes, the ends, and the slots [tail, head).
   *             writers: what else is of the free slots, mode. readers: the slots [tail, head - 1),
   *             which no write changes any more. All three: the number of slots.
   * Lock order  readers, writers, lock; then those of a pollee.
   * Ordering    lock and the pollees'. Who writes much copies with writers alone into slots that
   *             nobody reads, and moves head with lock; who reads much copies with readers alone
   *             from slots that nobody writes, and moves tail with lock. The last slot, to which
   *             small writes add, is only read with lock.
   * Progress    a call waits for the copies of the calls of its own kind that came before it, and
   *             for nobody who sleeps. One notification per call.
   * Callbacks   the pollees' observers, with no lock held.
   * Checked by  PipeTest, PipeBlockingTest, PipeKernelTest.
   */
  private static final int SLOT = 4096;

  /** So many bytes are copied with the lock held. */
  private static final int SMALL = 2 * SLOT;

  /** So many slots are filled before who reads sees them. */
  private static final int CHUNK = 16;

  private final ReentrantLock readers = new ReentrantLock();
  private final ReentrantLock writers = new ReentrantLock();
  private final ReentrantLock lock = new ReentrantLock();

  private byte[][] pages;
  private int[] starts;
  private int[] ends;
  private boolean[] packets;
  private int head;
  private int tail;
  private int bytes;
  private Pipe.Mode mode = Pipe.Mode.STREAM;
  private boolean sourceClosed;
  private boolean sinkClosed;

  /** The readiness of the ends. */
  final Pollee source;

  /** Likewise. */
  final Pollee sink;

  PipeSlots(Discipline discipline) {
    int slots = Pipe.DEFAULT_CAPACITY / SLOT;
    pages = new byte[slots][];
    starts = new int[slots];
    ends = new int[slots];
    packets = new boolean[slots];
    source = new Pollee(discipline, this::sourceEvents);
    sink = new Pollee(discipline, this::sinkEvents);
  }

  int capacity() {
    lock.lock();
    try {
      return pages.length * SLOT;
    } finally {
      lock.unlock();
    }
  }

  int available() throws ClosedChannelException {
    lock.lock();
    try {
      if (sourceClosed) {
        throw new ClosedChannelException();
      }
      return bytes;
    } finally {
      lock.unlock();
    }
  }

  void setMode(Pipe.Mode newMode) {
    writers.lock();
    try {
      mode = newMode;
    } finally {
      writers.unlock();
    }
  }

  int resize(int capacity) throws ErrnoIOException {
    if (capacity < 0) {
      throw new ErrnoIOException(Errno.EINVAL, "capacity " + capacity + ", expected 0 or more");
    }
    if (capacity > Pipe.MAX_CAPACITY) {
      throw new ErrnoIOException(
          Errno.EPERM, "capacity " + capacity + ", expected at most " + Pipe.MAX_CAPACITY);
    }
    int slots = Integer.highestOneBit(Math.max(capacity - 1, SLOT / 2)) * 2 / SLOT;
    readers.lock();
    writers.lock();
    lock.lock();
    try {
      if (used() > slots) {
        throw new ErrnoIOException(
            Errno.EBUSY, "capacity " + capacity + " with " + used() + " slots of 4096 in use");
      }
      move(slots);
      sink.invalidate();
    } finally {
      lock.unlock();
      writers.unlock();
      readers.unlock();
    }
    sink.tellEvents(Events.OUT);
    return slots * SLOT;
  }

  /** Moves all data into so many slots. */
  private void move(int slots) {
    byte[][] newPages = new byte[slots][];
    int[] newStarts = new int[slots];
    int[] newEnds = new int[slots];
    boolean[] newPackets = new boolean[slots];
    int count = used();
    for (int i = 0; i < count; i++) {
      int from = slot(tail + i);
      newPages[i] = pages[from];
      newStarts[i] = starts[from];
      newEnds[i] = ends[from];
      newPackets[i] = packets[from];
    }
    pages = newPages;
    starts = newStarts;
    ends = newEnds;
    packets = newPackets;
    tail = 0;
    head = count;
  }

  private int used() {
    return head - tail;
  }

  private boolean isFull() {
    return used() == pages.length;
  }

  private int slot(int index) {
    return index & pages.length - 1;
  }

  private int sourceEvents() {
    lock.lock();
    try {
      return (head != tail ? Events.IN : 0) | (sinkClosed ? Events.HUP : 0);
    } finally {
      lock.unlock();
    }
  }

  private int sinkEvents() {
    lock.lock();
    try {
      return (isFull() ? 0 : Events.OUT) | (sourceClosed ? Events.ERR : 0);
    } finally {
      lock.unlock();
    }
  }

  /** Writes what there is room for, once. */
  int push(ByteBuffer src, boolean mayMerge) throws IOException {
    int done = 0;
    writers.lock();
    try {
      lock.lock();
      try {
        if (sinkClosed) {
          throw new ClosedChannelException();
        }
        if (!src.hasRemaining()) {
          return 0;
        }
        if (sourceClosed) {
          throw new ErrnoIOException(Errno.EPIPE, "a write to a pipe whose source is closed");
        }
        if (head == tail) {
          head = 0; // the page that was used last
          tail = 0;
        } else if (mayMerge) {
          done = merge(src);
        }
        if (src.remaining() <= SMALL) {
          int before = src.position();
          publish(fill(src, pages.length - used()), src.position() - before);
          done += src.position() - before;
        }
      } finally {
        lock.unlock();
      }
      if (src.remaining() > SMALL) {
        done += pushMuch(src);
      }
    } finally {
      writers.unlock();
    }
    if (done != 0) {
      source.notifyEvents(Events.IN);
    }
    return done;
  }

  /** Puts what would fill no slot behind what the last slot holds. */
  private int merge(ByteBuffer src) {
    int odd = src.remaining() & SLOT - 1;
    int last = slot(head - 1);
    if (odd == 0 || packets[last] || ends[last] + odd > SLOT) {
      return 0;
    }
    src.get(pages[last], ends[last], odd);
    ends[last] += odd;
    bytes += odd;
    return odd;
  }

  /** Fills free slots, which are not published yet. */
  private int fill(ByteBuffer src, int limit) {
    int count = 0;
    while (count < limit && src.hasRemaining()) {
      int slot = slot(head + count);
      byte[] page = pages[slot];
      if (page == null) {
        page = new byte[SLOT];
        pages[slot] = page;
      }
      int length = Math.min(SLOT, src.remaining());
      src.get(page, 0, length);
      starts[slot] = 0;
      ends[slot] = length;
      packets[slot] = mode == Pipe.Mode.PACKETS;
      count++;
    }
    return count;
  }

  /** With the lock held. */
  private void publish(int slots, int length) {
    head += slots;
    bytes += length;
    if (isFull()) {
      sink.invalidate();
    }
  }

  /** Copies without the lock. */
  private int pushMuch(ByteBuffer src) {
    int start = src.position();
    int published = start;
    int filled = 0;
    while (true) {
      int free;
      lock.lock();
      try {
        if (sourceClosed || sinkClosed) {
          src.position(published);
          return published - start;
        }
        publish(filled, src.position() - published);
        free = pages.length - used();
      } finally {
        lock.unlock();
      }
      published = src.position();
      filled = fill(src, Math.min(free, CHUNK));
      if (filled == 0) {
        return published - start;
      }
    }
  }

  /** Reads what there is, once. */
  int pull(ByteBuffer dst) throws IOException {
    int start = dst.position();
    boolean hasRoom = false;
    readers.lock();
    try {
      int freed = start;
      int slots = 0;
      do {
        lock.lock();
        try {
          if (sourceClosed && slots == 0) {
            throw new ClosedChannelException();
          }
          if (head == tail) {
            return dst.hasRemaining() && sinkClosed ? -1 : 0;
          }
          hasRoom |= free(slots, dst.position() - freed);
          slots = dst.remaining() > SMALL ? wholeSlots() : 0;
          if (slots == 0) {
            hasRoom |= take(dst);
          }
        } finally {
          lock.unlock();
        }
        freed = dst.position();
        slots = copy(dst, slots);
      } while (slots != 0);
    } finally {
      readers.unlock();
    }
    if (hasRoom) {
      sink.notifyEvents(Events.OUT);
    }
    return dst.position() - start;
  }

  /** How many slots at the front no write changes any more, and no read ends at. */
  private int wholeSlots() {
    int count = 0;
    while (count < used() - 1 && !packets[slot(tail + count)]) {
      count++;
    }
    return count;
  }

  /** Copies from slots without the lock; returns how many are empty then. */
  private int copy(ByteBuffer dst, int slots) {
    int emptied = 0;
    while (emptied < slots && dst.hasRemaining()) {
      int slot = slot(tail + emptied);
      int length = Math.min(ends[slot] - starts[slot], dst.remaining());
      dst.put(pages[slot], starts[slot], length);
      starts[slot] += length;
      if (starts[slot] == ends[slot]) {
        emptied++;
      }
    }
    return emptied;
  }

  /** Frees slots at the front; tells whether there was no free one. */
  private boolean free(int slots, int length) {
    boolean hasRoom = slots != 0 && isFull();
    tail += slots;
    bytes -= length;
    return hasRoom;
  }

  /** Reads with the lock held; tells whether a full pipe has got room. */
  private boolean take(ByteBuffer dst) {
    boolean hasRoom = false;
    boolean isPacket = false;
    while (dst.hasRemaining() && head != tail && !isPacket) {
      int slot = slot(tail);
      isPacket = packets[slot];
      int length = ends[slot] - starts[slot];
      int taken = Math.min(length, dst.remaining());
      dst.put(pages[slot], starts[slot], taken);
      starts[slot] += taken;
      if (isPacket || taken == length) {
        hasRoom |= free(1, length);
      } else {
        bytes -= taken;
      }
    }
    if (head == tail) {
      source.invalidate();
    }
    return hasRoom;
  }

  void closeSource() {
    lock.lock();
    try {
      sourceClosed = true;
    } finally {
      lock.unlock();
    }
    source.close();
    sink.notifyEveryone(Events.OUT | Events.ERR);
  }

  void closeSink() {
    lock.lock();
    try {
      sinkClosed = true;
    } finally {
      lock.unlock();
    }
    sink.close();
    source.notifyEveryone(Events.IN | Events.HUP);
  }
}
