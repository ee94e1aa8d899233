package org.jfutex.io;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import org.jfutex.Errno;
import org.jfutex.WaitStatus;
import org.jfutex.poll.Discipline;
import org.jfutex.poll.Events;
import org.jfutex.poll.Pollable;
import org.jfutex.poll.Pollee;
import org.jfutex.time.Deadline;

/**
 * A pipe within the JVM, with all that pipe(7) says of one: what is written to its {@link Sink} is
 * read from its {@link Source}, in order. It does what a pipe of Linux does, step by step: the same
 * calls have the same results, and leave its ends ready for the same.
 *
 * <p>It has slots of 4096 bytes, 16 at first. A write goes into free slots; the bytes of it that
 * fill no slot go behind what the last slot holds, if they fit there. So a pipe can be full with
 * less than its capacity in it. Up to {@link #ATOMIC} bytes are written together or not at all; of
 * more, a part may be, and the bytes of another write may come between.
 *
 * <p><b>Events.</b> Source: IN while there is something to read, HUP once the sink is closed. Sink:
 * OUT while a slot is free, ERR once the source is closed. Each write is news to who waits for IN,
 * also if there was something to read before; OUT is news when a full pipe gets a free slot.
 *
 * <p><b>Memory effects.</b> What a thread did before it wrote happens before the return of the call
 * that reads what it wrote.
 *
 * <p><b>Interruption.</b> A call that would have to wait ends with an {@link
 * InterruptedIOException}, or with what it has written so far; the thread stays interrupted, the
 * pipe as it is.
 *
 * <p>For any number of threads, platform or virtual. Calls that find what they need make no
 * garbage.
 */
public final class Pipe {
  /*
   * State       head, tail    the slots [tail, head) hold data; counted up for ever, but put back
   *                           to 0 by who writes into an empty pipe
   *             pages, starts, ends, packets, by slot: where its data is, and whether it is a packet
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

  /** How many bytes are always written together, as PIPE_BUF. */
  public static final int ATOMIC = 4096;

  /** The capacity in bytes that a pipe has at first. */
  public static final int DEFAULT_CAPACITY = 65_536;

  /** The highest capacity in bytes, as /proc/sys/fs/pipe-max-size says at first. */
  public static final int MAX_CAPACITY = 1 << 20;

  /** How writes are kept apart. */
  public enum Mode {
    /** Not at all. */
    STREAM,
    /**
     * As with O_DIRECT: each write of up to {@link #ATOMIC} bytes is a packet, and a larger one is
     * several. A read takes one; what does not fit is lost.
     */
    PACKETS
  }

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
  private Mode mode = Mode.STREAM;
  private boolean sourceClosed;
  private boolean sinkClosed;

  private final Source source;
  private final Sink sink;

  /** An empty pipe of {@link #DEFAULT_CAPACITY}, a stream of bytes. */
  public Pipe() {
    this(Discipline.HYBRID);
  }

  /**
   * An empty pipe of {@link #DEFAULT_CAPACITY}, a stream of bytes.
   *
   * @param discipline what its ends keep of their readiness
   */
  public Pipe(Discipline discipline) {
    int slots = DEFAULT_CAPACITY / SLOT;
    pages = new byte[slots][];
    starts = new int[slots];
    ends = new int[slots];
    packets = new boolean[slots];
    source = new Source(discipline);
    sink = new Sink(discipline);
  }

  /**
   * The end to read from.
   *
   * @return always the same
   */
  public Source source() {
    return source;
  }

  /**
   * The end to write to.
   *
   * @return always the same
   */
  public Sink sink() {
    return sink;
  }

  /**
   * How many bytes it can hold.
   *
   * @return the number of slots, times 4096
   */
  public int capacity() {
    lock.lock();
    try {
      return pages.length * SLOT;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Changes how many bytes it can hold, as F_SETPIPE_SZ.
   *
   * @param capacity how many at least; rounded up to a power of two, and to 4096
   * @return the new capacity
   * @throws ErrnoIOException EPERM above {@link #MAX_CAPACITY}; EBUSY if more slots are in use;
   *     EINVAL below 0
   */
  public int resize(int capacity) throws ErrnoIOException {
    if (capacity < 0) {
      throw new ErrnoIOException(Errno.EINVAL, "capacity " + capacity + ", expected 0 or more");
    }
    if (capacity > MAX_CAPACITY) {
      throw new ErrnoIOException(
          Errno.EPERM, "capacity " + capacity + ", expected at most " + MAX_CAPACITY);
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
      sink.pollee.invalidate();
    } finally {
      lock.unlock();
      writers.unlock();
      readers.unlock();
    }
    sink.pollee.notifyEvents(Events.OUT);
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
  private int push(ByteBuffer src, boolean mayMerge) throws IOException {
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
      source.pollee.notifyEvents(Events.IN);
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
      packets[slot] = mode == Mode.PACKETS;
      count++;
    }
    return count;
  }

  /** With the lock held. */
  private void publish(int slots, int length) {
    head += slots;
    bytes += length;
    if (isFull()) {
      sink.pollee.invalidate();
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
  private int pull(ByteBuffer dst) throws IOException {
    int start = dst.position();
    boolean hasRoom = false;
    readers.lock();
    try {
      int freed = start;
      int slots = 0;
      do {
        lock.lock();
        try {
          if (sourceClosed) {
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
      sink.pollee.notifyEvents(Events.OUT);
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
      source.pollee.invalidate();
    }
    return hasRoom;
  }

  private void closeSource() {
    lock.lock();
    try {
      sourceClosed = true;
    } finally {
      lock.unlock();
    }
    source.pollee.close();
    sink.pollee.notifyEveryone(Events.OUT | Events.ERR);
  }

  private void closeSink() {
    lock.lock();
    try {
      sinkClosed = true;
    } finally {
      lock.unlock();
    }
    sink.pollee.close();
    source.pollee.notifyEveryone(Events.IN | Events.HUP);
  }

  private static InterruptedIOException interrupted(String what, int transferred) {
    InterruptedIOException e = new InterruptedIOException(what);
    e.bytesTransferred = transferred;
    return e;
  }

  /** The end to read from. */
  public final class Source implements Pollable, ReadableByteChannel {
    private final Pollee pollee;

    private Source(Discipline discipline) {
      pollee = new Pollee(discipline, Pipe.this::sourceEvents);
    }

    @Override
    public Pollee pollee() {
      return pollee;
    }

    /**
     * The pipe that this is an end of.
     *
     * @return the pipe
     */
    public Pipe pipe() {
      return Pipe.this;
    }

    /**
     * Reads what there is.
     *
     * @param dst where to
     * @return how many bytes, more than 0; 0 if there are none yet, or no room for any; -1 if there
     *     are none and the sink is closed
     * @throws ClosedChannelException if this end is closed
     */
    public int tryRead(ByteBuffer dst) throws IOException {
      return pull(dst);
    }

    /**
     * Reads what there is, waiting for something if need be.
     *
     * @param dst where to
     * @return how many bytes, more than 0; 0 if there is no room for any; -1 if there are none and
     *     the sink is closed
     * @throws ClosedChannelException if this end is closed, before or meanwhile
     * @throws InterruptedIOException if the thread is interrupted and would have to wait
     */
    @Override
    public int read(ByteBuffer dst) throws IOException {
      int count = pull(dst);
      return count != 0 || !dst.hasRemaining() ? count : awaitRead(dst);
    }

    private int awaitRead(ByteBuffer dst) throws IOException {
      int[] count = new int[1];
      WaitStatus end =
          await(
              Events.IN,
              Deadline.NEVER,
              () -> {
                count[0] = pull(dst);
                return count[0] != 0;
              });
      if (end == WaitStatus.INTERRUPTED) {
        throw interrupted("reading from a pipe", 0);
      }
      return count[0];
    }

    /**
     * How many bytes there are to read, as FIONREAD.
     *
     * @return 0 or more; of packets, the sum
     * @throws ClosedChannelException if this end is closed
     */
    public int available() throws ClosedChannelException {
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

    /**
     * This end as a stream, whose calls wait. Closing it closes this end.
     *
     * @return a new one
     */
    public InputStream inputStream() {
      return new In();
    }

    @Override
    public boolean isOpen() {
      return !pollee.isClosed();
    }

    /**
     * Closes this end. Who writes, or waits to, gets EPIPE; who waits in a call of this end gets a
     * {@link ClosedChannelException}. Idempotent.
     */
    @Override
    public void close() {
      closeSource();
    }
  }

  /** The end to write to. */
  public final class Sink implements Pollable, WritableByteChannel {
    private final Pollee pollee;

    private Sink(Discipline discipline) {
      pollee = new Pollee(discipline, Pipe.this::sinkEvents);
    }

    @Override
    public Pollee pollee() {
      return pollee;
    }

    /**
     * The pipe that this is an end of.
     *
     * @return the pipe
     */
    public Pipe pipe() {
      return Pipe.this;
    }

    /**
     * Writes what there is room for; up to {@link #ATOMIC} bytes all or none.
     *
     * @param src what to write
     * @return how many bytes; 0 if there is no room, or nothing to write
     * @throws ErrnoIOException EPIPE if the source is closed
     * @throws ClosedChannelException if this end is closed
     */
    public int tryWrite(ByteBuffer src) throws IOException {
      return push(src, true);
    }

    /**
     * Writes everything, waiting for room if need be.
     *
     * @param src what to write
     * @return how many bytes: all, or fewer if the thread was interrupted or an end closed when
     *     some were written
     * @throws ErrnoIOException EPIPE if the source is closed and nothing was written
     * @throws ClosedChannelException if this end is closed and nothing was written
     * @throws InterruptedIOException if the thread is interrupted, would have to wait, and nothing
     *     was written
     */
    @Override
    public int write(ByteBuffer src) throws IOException {
      int count = push(src, true);
      return src.hasRemaining() ? count + awaitWrite(src, count) : count;
    }

    private int awaitWrite(ByteBuffer src, int before) throws IOException {
      int start = src.position();
      WaitStatus end;
      try {
        end =
            await(
                Events.OUT,
                Deadline.NEVER,
                () -> {
                  int _ = push(src, false);
                  return !src.hasRemaining();
                });
      } catch (IOException e) {
        if (before + src.position() - start == 0) {
          throw e;
        }
        return src.position() - start;
      }
      int count = src.position() - start;
      if (end == WaitStatus.INTERRUPTED && before + count == 0) {
        throw interrupted("writing to a pipe", 0);
      }
      return count;
    }

    /**
     * How writes are kept apart from now on, as F_SETFL with O_DIRECT.
     *
     * @param mode as a stream at first
     */
    public void setMode(Mode mode) {
      Objects.requireNonNull(mode, "mode");
      writers.lock();
      try {
        Pipe.this.mode = mode;
      } finally {
        writers.unlock();
      }
    }

    /**
     * This end as a stream, whose calls wait until all is written. Closing it closes this end.
     *
     * @return a new one
     */
    public OutputStream outputStream() {
      return new Out();
    }

    @Override
    public boolean isOpen() {
      return !pollee.isClosed();
    }

    /**
     * Closes this end. Who reads gets what was written, and then the end; who waits in a call of
     * this end gets a {@link ClosedChannelException}. Idempotent.
     */
    @Override
    public void close() {
      closeSink();
    }
  }

  private final class In extends InputStream {
    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return source.read(ByteBuffer.wrap(one)) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
      return source.read(ByteBuffer.wrap(target, offset, length));
    }

    @Override
    public int available() throws IOException {
      return source.available();
    }

    @Override
    public void close() {
      source.close();
    }
  }

  private final class Out extends OutputStream {
    @Override
    public void write(int value) throws IOException {
      write(new byte[] {(byte) value}, 0, 1);
    }

    @Override
    public void write(byte[] data, int offset, int length) throws IOException {
      ByteBuffer src = ByteBuffer.wrap(data, offset, length);
      do {
        try {
          int _ = sink.write(src);
        } catch (InterruptedIOException e) {
          throw interrupted("writing to a pipe", src.position() - offset);
        }
      } while (src.hasRemaining());
    }

    @Override
    public void close() {
      sink.close();
    }
  }
}
