package org.jfutex.io;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jfutex.poll.Discipline;
import org.jfutex.poll.Pollee;
import org.jfutex.poll.Registration;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The same random calls on a pipe of the kernel and on ours: the results, the bytes, the errors,
 * what both ends are ready for, and what an edge-triggered epoll is told are equal after each.
 */
@EnabledOnOs(value = OS.LINUX, architectures = "amd64")
class PipeKernelTest {
  private static final int SCRIPTS = 150;
  private static final int STEPS = 80;
  private static final int MOST = 9_000;
  private static final int ASKED = 0xff & ~0x40 | 0x2000;
  private static final int[] CAPACITIES = {0, 1, 4096, 4097, 9000, 16_384, 32_768, 65_536, 262_144};

  /** One end of ours and its counterpart. */
  private static final class End implements AutoCloseable {
    final Pollee pollee;
    final int epoll = Kernel.epoll();
    final AtomicBoolean told = new AtomicBoolean(true); // as EPOLL_CTL_ADD looks
    final Registration registration;
    int fd;

    End(Kernel kernel, int fd, Pollee pollee) {
      this.fd = fd;
      this.pollee = pollee;
      kernel.add(epoll, fd);
      registration = pollee.register(_ -> told.getAndSet(true) || true, ASKED, SHARED);
    }

    boolean isOpen() {
      return fd >= 0;
    }

    int edge() {
      return told.getAndSet(false) ? pollee.poll(ASKED, null) : 0;
    }

    @Override
    public void close() {
      registration.close();
      if (isOpen()) {
        Kernel.close(fd);
        fd = -1;
      }
      Kernel.close(epoll);
    }
  }

  private static final Registration.Mode SHARED = Registration.Mode.SHARED;

  private final Kernel kernel = new Kernel();

  @org.junit.jupiter.api.AfterEach
  void free() {
    kernel.close();
  }

  @ParameterizedTest
  @EnumSource
  void everyStepIsAsTheKernels(Discipline discipline) throws IOException {
    for (int seed = 0; seed < SCRIPTS; seed++) {
      Pipe ours = new Pipe(discipline);
      int[] fds = kernel.pipe();
      try (End source = new End(kernel, fds[0], ours.source().pollee());
          End sink = new End(kernel, fds[1], ours.sink().pollee())) {
        new Script(seed, ours, source, sink).run();
      }
    }
  }

  /** One sequence of calls. */
  private final class Script {
    private final SplittableRandom random;
    private final int seed;
    private final Pipe ours;
    private final End source;
    private final End sink;
    private final StringBuilder calls = new StringBuilder();
    private final int bias; // of 10, how many calls read
    private byte next;
    private boolean isRefused;

    Script(int seed, Pipe ours, End source, End sink) {
      this.seed = seed;
      this.random = new SplittableRandom(seed);
      this.ours = ours;
      this.source = source;
      this.sink = sink;
      this.bias = 1 + random.nextInt(8);
    }

    void run() throws IOException {
      for (int step = 0; step < STEPS; step++) {
        isRefused = false;
        step(step);
        compare();
      }
    }

    private void step(int step) throws IOException {
      int kind = random.nextInt(100);
      if (kind < 80) {
        if (random.nextInt(10) < bias) {
          read(size());
        } else {
          write(size());
        }
      } else if (kind < 90) {
        resize(CAPACITIES[random.nextInt(CAPACITIES.length)]);
      } else if (kind < 96) {
        setMode(Pipe.Mode.values()[random.nextInt(2)]);
      } else if (step > STEPS / 2) {
        closeOne(random.nextBoolean() ? source : sink);
      }
    }

    private int size() {
      return switch (random.nextInt(4)) {
        case 0 -> random.nextInt(20);
        case 1 -> 4096 * random.nextInt(4) + random.nextInt(-1, 2) & 0x3fff;
        case 2 -> random.nextInt(4200);
        default -> random.nextInt(MOST);
      };
    }

    private void write(int size) {
      if (!sink.isOpen()) {
        return;
      }
      byte[] data = new byte[size];
      for (int i = 0; i < size; i++) {
        data[i] = next++;
      }
      long expected = kernel.write(sink.fd, data);
      ByteBuffer src = size % 2 == 0 ? ByteBuffer.wrap(data) : direct(data);
      long result = result(size, () -> ours.sink().tryWrite(src));
      equal("write " + size, result, expected);
      assertThat(src.position()).as(calls.toString()).isEqualTo((int) Math.max(result, 0));
      isRefused = result == Kernel.EAGAIN;
    }

    private ByteBuffer direct(byte[] data) {
      return ByteBuffer.allocateDirect(data.length).put(data).flip();
    }

    private void read(int size) {
      if (!source.isOpen()) {
        return;
      }
      byte[] theirs = new byte[size];
      byte[] mine = new byte[size];
      long expected = kernel.read(source.fd, theirs);
      long result = result(size, () -> ours.source().tryRead(ByteBuffer.wrap(mine)));
      equal("read " + size, result < -100 ? 0 : result, expected);
      assertThat(Arrays.equals(mine, theirs)).as("bytes after %s", calls).isTrue();
    }

    private void resize(int capacity) {
      int fd = sink.isOpen() ? sink.fd : source.fd;
      if (fd >= 0) {
        long expected = Kernel.resize(fd, capacity);
        equal("resize " + capacity, result(1, () -> ours.resize(capacity)), expected);
      }
    }

    private void setMode(Pipe.Mode mode) {
      if (sink.isOpen()) {
        Kernel.setFlags(
            sink.fd, Kernel.O_NONBLOCK | (mode == Pipe.Mode.PACKETS ? Kernel.O_DIRECT : 0));
        ours.sink().setMode(mode);
        calls.append(' ').append(mode);
      }
    }

    private void closeOne(End end) {
      if (end.isOpen()) {
        Kernel.close(end.fd);
        end.fd = -1;
        if (end == source) {
          ours.source().close();
        } else {
          ours.sink().close();
        }
        calls.append(end == source ? " close source" : " close sink");
      }
    }

    private void equal(String call, long result, long expected) {
      calls.append(' ').append(call).append(" = ").append(expected);
      assertThat(result).as("seed %s: %s", seed, calls).isEqualTo(expected);
    }

    private void compare() throws IOException {
      if (source.isOpen()) {
        equal("available", ours.source().available(), kernel.available(source.fd));
        equal("capacity", ours.capacity(), Kernel.capacity(source.fd));
        compare(source, "source");
      }
      if (sink.isOpen()) {
        compare(sink, "sink");
      }
    }

    /** Whether a write that was refused is news to a reader differs: it has nothing new. */
    private void compare(End end, String name) {
      equal(name, end.pollee.poll(ASKED, null), kernel.poll(end.fd));
      int theirs = kernel.edge(end.epoll);
      int mine = end.edge();
      if (!isRefused) {
        equal("edge of the " + name, mine, theirs);
      }
    }
  }

  private interface Call {
    int run() throws IOException;
  }

  /** As the kernel says it; -101 at the end, which it calls 0. */
  private static long result(int size, Call call) {
    try {
      int result = call.run();
      return result < 0 ? -101 : result == 0 && size > 0 ? Kernel.EAGAIN : result;
    } catch (ErrnoIOException e) {
      return -e.errno().number();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
