package org.jfutex.bench.area;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import java.util.function.LongConsumer;
import org.jfutex.Futex;
import org.jfutex.LockStatus;
import org.jfutex.WaitStatus;
import org.jfutex.bench.frame.Area;
import org.jfutex.bench.frame.Case;
import org.jfutex.bench.frame.Contender;
import org.jfutex.bench.frame.Loop;
import org.jfutex.bench.frame.Partner;
import org.jfutex.bench.frame.Processors;
import org.jfutex.bench.frame.SkippedException;
import org.jfutex.bench.frame.Target;
import org.jfutex.bench.frame.Workbench;
import org.jfutex.shm.SharedMutex;
import org.jfutex.shm.SharedRegion;
import org.jfutex.shm.Signal;
import org.jfutex.time.Deadline;
import org.jfutex.word.MappedFile;
import org.jfutex.word.Word;

/**
 * What two processes do through shared memory, against two processes in C, and a socket. The thread
 * that measures is kept on one processor while it measures, and its partner on that one or another.
 */
final class CrossProcess implements Area {
  private static final String HANDOFF = "handoff";

  @Override
  public String name() {
    return "cross-process";
  }

  @Override
  public List<Case> cases() {
    return List.of(
        Case.nanos("round trip, one processor", "kernel backend", bench -> words(bench))
            .against(
                "C FUTEX_WAIT", Target.atMost(1.05), bench -> c(bench, HANDOFF, Processors.first()))
            .against("Java Unix socket", Target.atMost(0.5), bench -> socket(bench)),
        Case.nanos("round trip by Signal, two processors", "signal", bench -> signal(bench))
            .against(
                "C FUTEX_WAIT",
                Target.atMost(0.1),
                bench -> c(bench, HANDOFF, Processors.second())),
        Case.nanos("robust mutex of a region, free", "shared mutex", bench -> free(bench))
            .against(
                "C robust pthread_mutex",
                Target.none(),
                bench -> c(bench, "mutex", Processors.first())),
        Case.nanos("robust mutex, 2 processes at it", "shared mutex", bench -> rivals(bench))
            .against(
                "C robust pthread_mutex",
                Target.none(),
                bench -> program(bench, "crowd", Processors.second())::nanosPerOperation));
  }

  private static Partner program(Workbench bench, String what, int processor)
      throws SkippedException {
    String file = bench.file().toString();
    String own = String.valueOf(Processors.first());
    return bench.program("processes", what, file, own, String.valueOf(processor));
  }

  private static Contender c(Workbench bench, String what, int processor) throws SkippedException {
    return new Paced(program(bench, what, processor)::nanosPerOperation);
  }

  private static void partner(Workbench bench, String what, Path path, int processor) {
    Partner _ = bench.java(OtherEnd.class, what, path.toString(), String.valueOf(processor));
  }

  /** Runs something with the calling thread on the first processor. */
  private static double pinned(Runnable body) {
    BitSet before = Processors.allowed();
    Processors.allow(Processors.only(Processors.first()));
    try {
      long start = System.nanoTime();
      body.run();
      return System.nanoTime() - start;
    } finally {
      Processors.allow(before);
    }
  }

  private static Contender trips(LongConsumer body) {
    return new Paced(count -> pinned(() -> body.accept(count)) / count);
  }

  private static Contender words(Workbench bench) throws SkippedException {
    Futex futex = KernelCall.kernel();
    MappedFile file = mapped(bench);
    Word ping = Word.of(file, OtherEnd.PING);
    Word pong = Word.of(file, OtherEnd.PONG);
    int[] trip = {0};
    return trips(
        count -> {
          for (long i = 0; i < count; i++) {
            int number = ++trip[0];
            OtherEnd.post(futex, ping, number);
            OtherEnd.await(futex, pong, number);
          }
        });
  }

  private static MappedFile mapped(Workbench bench) {
    Path path = bench.file();
    try {
      MappedFile file = MappedFile.open(Files.createFile(path), 0, OtherEnd.FILE_BYTES);
      partner(bench, OtherEnd.WORDS, path, Processors.first());
      return file;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Contender socket(Workbench bench) {
    SocketChannel channel = accepted(bench);
    ByteBuffer buffer = ByteBuffer.allocateDirect(1);
    return trips(
        count -> {
          try {
            for (long i = 0; i < count; i++) {
              OtherEnd.send(channel, buffer);
              OtherEnd.receive(channel, buffer);
            }
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }

  private static SocketChannel accepted(Workbench bench) {
    Path path = bench.file();
    try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      server.bind(UnixDomainSocketAddress.of(path));
      partner(bench, OtherEnd.SOCKET, path, Processors.first());
      return server.accept();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Closed with this JVM. */
  private static SharedRegion region(Path path) throws SkippedException {
    Futex _ = KernelCall.kernel();
    try {
      return SharedRegion.open(path, Rivalry.LAYOUT);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Contender signal(Workbench bench) throws SkippedException {
    int processor = Processors.second();
    Path path = bench.file();
    SharedRegion region = region(path);
    Signal ping = region.signal(Rivalry.PING);
    Signal pong = region.signal(Rivalry.PONG);
    partner(bench, OtherEnd.SIGNAL, path, processor);
    return trips(
        count -> {
          for (long i = 0; i < count; i++) {
            int seen = pong.stamp();
            ping.raise();
            WaitStatus _ = pong.await(seen, Deadline.NEVER);
          }
        });
  }

  private static Contender free(Workbench bench) throws SkippedException {
    SharedMutex mutex = region(bench.file()).mutex(Rivalry.LOCK);
    return new Loop(
        "shared mutex",
        operations -> {
          long right = 0;
          for (int i = 0; i < operations; i++) {
            right += mutex.lock() == LockStatus.LOCKED ? 1 : 0;
            mutex.unlock();
          }
          return right;
        });
  }

  private static Contender rivals(Workbench bench) throws SkippedException {
    int processor = Processors.second();
    Path path = bench.file();
    Rivalry rivalry = new Rivalry(region(path));
    partner(bench, OtherEnd.RIVAL, path, processor);
    return slice -> {
      double[] nanos = {0};
      double _ = pinned(() -> nanos[0] = rivalry.lead(slice));
      return nanos[0];
    };
  }
}
