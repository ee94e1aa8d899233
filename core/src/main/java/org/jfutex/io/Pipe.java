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

  private final PipeSlots slots;
  private final Source source = new Source();
  private final Sink sink = new Sink();

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
    slots = new PipeSlots(discipline);
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
    return slots.capacity();
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
    return slots.resize(capacity);
  }

  private static InterruptedIOException interrupted(String what, int transferred) {
    InterruptedIOException e = new InterruptedIOException(what);
    e.bytesTransferred = transferred;
    return e;
  }

  /** The end to read from. */
  public final class Source implements Pollable, ReadableByteChannel {
    private final Patience patience = new Patience();

    private Source() {}

    @Override
    public Pollee pollee() {
      return slots.source;
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
      return slots.pull(dst);
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
      int count = slots.pull(dst);
      return count != 0 || !dst.hasRemaining() ? count : awaitRead(dst);
    }

    private int awaitRead(ByteBuffer dst) throws IOException {
      patience.linger(slots.source, Events.IN);
      int[] count = new int[1];
      WaitStatus end =
          await(
              Events.IN,
              Deadline.NEVER,
              () -> {
                count[0] = slots.pull(dst);
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
      return slots.available();
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
      return !slots.source.isClosed();
    }

    /**
     * Closes this end. Who writes, or waits to, gets EPIPE; who waits in a call of this end gets a
     * {@link ClosedChannelException}. Idempotent.
     */
    @Override
    public void close() {
      slots.closeSource();
    }
  }

  /** The end to write to. */
  public final class Sink implements Pollable, WritableByteChannel {
    private final Patience patience = new Patience();

    private Sink() {}

    @Override
    public Pollee pollee() {
      return slots.sink;
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
      return slots.push(src, true);
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
      int count = slots.push(src, true);
      return src.hasRemaining() ? count + awaitWrite(src, count) : count;
    }

    private int awaitWrite(ByteBuffer src, int before) throws IOException {
      patience.linger(slots.sink, Events.OUT);
      int start = src.position();
      WaitStatus end;
      try {
        end =
            await(
                Events.OUT,
                Deadline.NEVER,
                () -> {
                  int _ = slots.push(src, false);
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
      slots.setMode(mode);
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
      return !slots.sink.isClosed();
    }

    /**
     * Closes this end. Who reads gets what was written, and then the end; who waits in a call of
     * this end gets a {@link ClosedChannelException}. Idempotent.
     */
    @Override
    public void close() {
      slots.closeSink();
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
