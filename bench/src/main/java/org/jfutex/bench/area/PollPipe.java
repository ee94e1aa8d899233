package org.jfutex.bench.area;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.jfutex.bench.frame.Case;
import org.jfutex.bench.frame.Contender;
import org.jfutex.bench.frame.SkippedException;
import org.jfutex.bench.frame.Target;
import org.jfutex.io.Pipe;
import org.jspecify.annotations.Nullable;

/** A byte to and fro, and many bytes one way, through a pipe between two threads. */
final class PollPipe {
  private static final int CHUNK = 1 << 16;

  /** One way between two threads. Those of streams do not outlive their threads. */
  private interface Way extends Closeable {
    /** Sends all of the buffer. */
    void send(ByteBuffer buffer) throws IOException;

    /** Receives something, at least a byte. */
    void receive(ByteBuffer buffer) throws IOException;
  }

  /** Makes a way. */
  @FunctionalInterface
  private interface Maker {
    Way make() throws IOException;
  }

  private record Channels(ReadableByteChannel source, WritableByteChannel sink) implements Way {
    @Override
    public void send(ByteBuffer buffer) throws IOException {
      while (buffer.hasRemaining()) {
        int _ = sink.write(buffer);
      }
    }

    @Override
    public void receive(ByteBuffer buffer) throws IOException {
      int _ = source.read(buffer);
    }

    @Override
    public void close() throws IOException {
      sink.close();
      source.close();
    }
  }

  private record Streams(InputStream in, OutputStream out) implements Way {
    @Override
    public void send(ByteBuffer buffer) throws IOException {
      out.write(buffer.array(), buffer.arrayOffset() + buffer.position(), buffer.remaining());
      out.flush();
      buffer.position(buffer.limit());
    }

    @Override
    public void receive(ByteBuffer buffer) throws IOException {
      int count =
          in.read(buffer.array(), buffer.arrayOffset() + buffer.position(), buffer.remaining());
      buffer.position(buffer.position() + Math.max(0, count));
    }

    @Override
    public void close() throws IOException {
      out.close();
      in.close();
    }
  }

  private PollPipe() {}

  static List<Case> cases(int large) {
    return List.of(
        trips("platform threads", Thread.ofPlatform(), Target.atMost(1.1)),
        trips("virtual threads", Thread.ofVirtual(), Target.atMost(0.1)),
        flow("platform threads", Thread.ofPlatform(), large, Target.timesFaster(2)),
        flow("virtual threads", Thread.ofVirtual(), large, Target.timesFaster(3)),
        flow("platform threads", Thread.ofPlatform(), Pipe.DEFAULT_CAPACITY, Target.none()),
        flow("virtual threads", Thread.ofVirtual(), Pipe.DEFAULT_CAPACITY, Target.none()));
  }

  private static Way ours(int capacity) throws IOException {
    Pipe pipe = new Pipe();
    int _ = pipe.resize(capacity);
    return new Channels(pipe.source(), pipe.sink());
  }

  private static Way nio() throws IOException {
    java.nio.channels.Pipe pipe = java.nio.channels.Pipe.open();
    return new Channels(pipe.source(), pipe.sink());
  }

  private static Way piped() throws IOException {
    PipedInputStream in = new PipedInputStream(Pipe.DEFAULT_CAPACITY);
    return new Streams(in, new PipedOutputStream(in));
  }

  private static Case trips(String threads, Thread.Builder kind, Target target) {
    return Case.nanos(
            "round trip of a byte, " + threads,
            "pipe",
            _ ->
                trips(
                    kind,
                    same(() -> ours(Pipe.DEFAULT_CAPACITY)),
                    same(() -> ours(Pipe.DEFAULT_CAPACITY)),
                    ByteBuffer::allocate))
        .against(
            "nio Pipe",
            target,
            _ -> trips(kind, same(PollPipe::nio), same(PollPipe::nio), ByteBuffer::allocateDirect))
        .against(
            "PipedInputStream",
            Target.none(),
            _ -> trips(kind, PollPipe::piped, PollPipe::piped, ByteBuffer::allocate));
  }

  private static Case flow(String threads, Thread.Builder kind, int capacity, Target target) {
    return Case.nanos(
            "64 KiB of %d KiB pipe, %s".formatted(capacity >> 10, threads),
            "pipe",
            _ -> flow(kind, same(() -> ours(capacity)), ByteBuffer::allocate))
        .against(
            "nio Pipe", target, _ -> flow(kind, same(PollPipe::nio), ByteBuffer::allocateDirect))
        .against(
            "PipedInputStream",
            Target.none(),
            _ -> flow(kind, PollPipe::piped, ByteBuffer::allocate));
  }

  /** Makes a buffer. */
  @FunctionalInterface
  private interface Buffers {
    ByteBuffer allocate(int bytes);
  }

  /** What one of the two threads does. */
  @FunctionalInterface
  private interface Side {
    void run() throws IOException;
  }

  /** One way for all measurements, which ends with the JVM. */
  private static Maker same(Maker maker) throws SkippedException {
    try {
      Way way = maker.make();
      return () ->
          new Way() {
            @Override
            public void send(ByteBuffer buffer) throws IOException {
              way.send(buffer);
            }

            @Override
            public void receive(ByteBuffer buffer) throws IOException {
              way.receive(buffer);
            }

            @Override
            public void close() {
              // stays open
            }
          };
    } catch (IOException e) {
      throw new SkippedException(e.toString());
    }
  }

  private static Contender trips(Thread.Builder kind, Maker there, Maker back, Buffers buffers) {
    return new Paced(
        count -> {
          try (Way ping = there.make();
              Way pong = back.make()) {
            Side one =
                () -> {
                  ByteBuffer buffer = buffers.allocate(1);
                  for (long i = 0; i < count; i++) {
                    ping.send(buffer.clear());
                    pong.receive(buffer.clear());
                  }
                };
            Side other =
                () -> {
                  ByteBuffer buffer = buffers.allocate(1);
                  for (long i = 0; i < count; i++) {
                    ping.receive(buffer.clear());
                    pong.send(buffer.flip());
                  }
                };
            return together(kind, one, other) / count;
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }

  private static Contender flow(Thread.Builder kind, Maker maker, Buffers buffers) {
    return new Paced(
        count -> {
          try (Way way = maker.make()) {
            Side writer =
                () -> {
                  ByteBuffer buffer = buffers.allocate(CHUNK);
                  for (long i = 0; i < count; i++) {
                    way.send(buffer.clear());
                  }
                };
            Side reader =
                () -> {
                  ByteBuffer buffer = buffers.allocate(CHUNK);
                  for (long left = count * CHUNK; left > 0; left -= buffer.position()) {
                    buffer.clear().limit((int) Math.min(left, CHUNK));
                    way.receive(buffer);
                  }
                };
            return together(kind, writer, reader) / count;
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }

  /** Runs both in threads of a kind; the nanoseconds until both have ended. */
  private static double together(Thread.Builder kind, Side one, Side other) throws IOException {
    AtomicReference<@Nullable IOException> failure = new AtomicReference<>();
    long start = System.nanoTime();
    List<Thread> threads = List.of(start(kind, one, failure), start(kind, other, failure));
    try {
      for (Thread each : threads) {
        each.join();
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException("nobody interrupts", e);
    }
    long nanos = System.nanoTime() - start;
    IOException failed = failure.get();
    if (failed != null) {
      throw failed;
    }
    return nanos;
  }

  private static Thread start(
      Thread.Builder kind, Side side, AtomicReference<@Nullable IOException> failure) {
    return kind.start(
        () -> {
          try {
            side.run();
          } catch (IOException e) {
            failure.set(e);
          }
        });
  }
}
