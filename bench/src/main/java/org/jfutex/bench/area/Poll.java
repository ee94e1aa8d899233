package org.jfutex.bench.area;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jfutex.bench.frame.Area;
import org.jfutex.bench.frame.Case;
import org.jfutex.bench.frame.Contender;
import org.jfutex.bench.frame.Loop;
import org.jfutex.bench.frame.SkippedException;
import org.jfutex.bench.frame.Target;
import org.jfutex.bench.frame.Workbench;
import org.jfutex.bench.frame.Workbench.Memory;
import org.jfutex.io.BoundedQueue;
import org.jfutex.io.EventCounter;
import org.jfutex.io.Pipe;
import org.jfutex.io.TcpListener;
import org.jfutex.io.TcpStream;
import org.jfutex.io.Transport;
import org.jfutex.poll.Discipline;
import org.jfutex.poll.Epoll;
import org.jfutex.poll.Events;
import org.jfutex.poll.PollSet;
import org.jfutex.poll.Pollable;
import org.jfutex.time.Deadline;

/**
 * Looks at many things at once that do not sleep, against select(2), poll(2) and selectors; and
 * bytes through a pipe in memory, against those of the JDK.
 */
final class Poll implements Area {
  private static final Deadline NOW = Deadline.after(0, TimeUnit.SECONDS);
  private static final int MANY = 500;
  private static final int SOME = 200;
  private static final int FEW = 10;
  private static final int CROWD = 5_000;
  private static final int LARGE_PIPE = 1 << 18;

  @Override
  public String name() {
    return "poll";
  }

  @Override
  public List<Case> cases() {
    List<Case> cases = new ArrayList<>();
    cases.add(latSelect(SOME, "select_200", "poll_200"));
    cases.add(latSelect(MANY, "select_500", "poll_500"));
    cases.add(selector());
    cases.add(keptAndNot());
    cases.add(neverKept());
    cases.add(oneOfMany());
    cases.add(idle());
    cases.addAll(PollPipe.cases(LARGE_PIPE));
    return cases;
  }

  private static Case latSelect(int count, String select, String poll) {
    return Case.nanos(
            "all of %d TCP handles are writable".formatted(count),
            "select, hybrid",
            _ -> handles(count, Discipline.HYBRID, Poll::select))
        .withoutAllocation()
        .against("C select(2)", Target.timesFaster(20), bench -> c(bench, select))
        .against("C poll(2)", Target.none(), bench -> c(bench, poll))
        .against("C epoll_wait(2), idle", Target.none(), bench -> c(bench, "epoll_idle"))
        .against("poll, hybrid", Target.none(), _ -> handles(count, Discipline.HYBRID, Poll::poll))
        .against(
            "select, stateful",
            Target.none(),
            _ -> handles(count, Discipline.STATEFUL, Poll::select))
        .against(
            "select, stateless",
            Target.none(),
            _ -> handles(count, Discipline.STATELESS, Poll::select));
  }

  /** As poll(2). */
  private static Look poll(PollSet set, int count) {
    return () -> set.poll(NOW);
  }

  /** As select(2), whose set is both what is asked and what is answered. */
  private static Look select(PollSet set, int count) {
    BitSet writable = new BitSet(count);
    return () -> {
      writable.set(0, count);
      return set.select(count, null, writable, null, NOW);
    };
  }

  /** Makes a call that looks at the first places of a set. */
  @FunctionalInterface
  private interface Looking {
    Look at(PollSet set, int count);
  }

  private static Contender c(Workbench bench, String function) throws SkippedException {
    return bench.c(function, Memory.PRIVATE);
  }

  private static Case selector() {
    return Case.nanos(
            "all of %d TCP connections are writable".formatted(MANY),
            "select, hybrid",
            _ -> connections(MANY, Poll::select))
        .withoutAllocation()
        .against("selectNow", Target.timesFaster(40), _ -> selectNow(MANY, SelectionKey.OP_WRITE))
        .against("poll, hybrid", Target.none(), _ -> connections(MANY, Poll::poll))
        .against("epoll of ours", Target.none(), _ -> epollOfConnections(MANY));
  }

  private static Case keptAndNot() {
    return Case.nanos(
            "%d things of 3 classes, none changes".formatted(MANY),
            "poll set, hybrid",
            _ -> mixed(MANY, Discipline.HYBRID))
        .withoutAllocation()
        .against("stateless", Target.timesFaster(8), _ -> mixed(MANY, Discipline.STATELESS))
        .against("stateful", Target.none(), _ -> mixed(MANY, Discipline.STATEFUL));
  }

  private static Case neverKept() {
    return Case.nanos(
            "%d things of 3 classes, all change before".formatted(MANY),
            "poll set, hybrid",
            _ -> changing(MANY, Discipline.HYBRID))
        .withoutAllocation()
        .against("stateless", Target.atMost(1.1), _ -> changing(MANY, Discipline.STATELESS))
        .against("stateful", Target.none(), _ -> changing(MANY, Discipline.STATEFUL));
  }

  private static Case oneOfMany() {
    return Case.nanos("epoll, 1 of %d fires".formatted(CROWD), "epoll", _ -> firing(CROWD))
        .against("1 of %d".formatted(FEW), Target.atMost(1.5), _ -> firing(FEW));
  }

  private static Case idle() {
    return Case.nanos(
            "epoll of %d, nothing is ready".formatted(MANY), "epoll", _ -> idleEpoll(MANY))
        .withoutAllocation()
        .against("selectNow", Target.timesFaster(5), _ -> selectNow(MANY, SelectionKey.OP_READ))
        .against("C epoll_wait(2)", Target.none(), bench -> c(bench, "epoll_idle"));
  }

  /** A call that gives the same number each time. */
  @FunctionalInterface
  private interface Look {
    int look() throws IOException, InterruptedException;
  }

  private static Contender loop(String name, int expected, Look look) {
    return new Loop(
        name,
        operations -> {
          long right = 0;
          try {
            for (int i = 0; i < operations; i++) {
              right += look.look() == expected ? 1 : 0;
            }
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          } catch (InterruptedException e) {
            throw new IllegalStateException("nobody interrupts", e);
          }
          return right;
        });
  }

  private static PollSet set(List<? extends Pollable> things, int mask) {
    PollSet set = new PollSet();
    things.forEach(each -> set.add(each, mask));
    return set;
  }

  /** One stream at many places. */
  private static Contender handles(int count, Discipline discipline, Looking looking) {
    try (TcpListener listener = TcpListener.open()) {
      TcpListener _ = listener.bind(loopback());
      TcpStream stream = TcpStream.open(Transport.best(), discipline);
      stream.connect(address(listener));
      TcpStream _ = listener.accept(); // both ends stay open with this JVM
      List<Pollable> handles = Collections.nCopies(count, stream);
      return loop("handles", count, looking.at(set(handles, Events.OUT), count));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static InetSocketAddress loopback() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  }

  private static InetSocketAddress address(TcpListener listener) throws IOException {
    InetSocketAddress address = listener.localAddress();
    if (address == null) {
      throw new IllegalStateException("a bound listener has an address");
    }
    return address;
  }

  private static List<TcpStream> streams(int count) {
    List<TcpStream> streams = new ArrayList<>();
    try (TcpListener listener = TcpListener.open()) {
      TcpListener _ = listener.bind(loopback());
      for (int i = 0; i < count; i++) {
        TcpStream stream = TcpStream.open();
        stream.connect(address(listener));
        TcpStream _ = listener.accept();
        streams.add(stream);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return streams;
  }

  private static Contender connections(int count, Looking looking) {
    return loop("connections", count, looking.at(set(streams(count), Events.OUT), count));
  }

  private static Contender epollOfConnections(int count) {
    Epoll<Integer> epoll = new Epoll<>();
    streams(count).forEach(each -> epoll.add(each, Events.OUT, 0));
    return loop("epoll", count, () -> epoll.awaitEvents(count, NOW).size());
  }

  private static Contender selectNow(int count, int operation) {
    try (ServerSocketChannel listener = ServerSocketChannel.open()) {
      ServerSocketChannel _ = listener.bind(loopback());
      Selector selector = Selector.open();
      for (int i = 0; i < count; i++) {
        SocketChannel channel = SocketChannel.open(listener.getLocalAddress());
        SocketChannel _ = listener.accept();
        channel.configureBlocking(false);
        SelectionKey _ = channel.register(selector, operation);
      }
      int expected = operation == SelectionKey.OP_WRITE ? count : 0;
      return loop(
          "selectNow",
          expected,
          () -> {
            int ready = selector.selectNow();
            selector.selectedKeys().clear();
            return ready;
          });
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Things in memory, of three classes in turn, each of them ready for IN. */
  private static List<Pollable> things(int count, Discipline discipline) {
    List<Pollable> things = new ArrayList<>();
    try {
      for (int i = 0; i < count; i++) {
        switch (i % 3) {
          case 0 -> things.add(new EventCounter(1, EventCounter.Mode.COUNTER, discipline));
          case 1 -> {
            BoundedQueue<Integer> queue = new BoundedQueue<>(2, discipline);
            boolean _ = queue.tryPut(1);
            things.add(queue);
          }
          default -> {
            Pipe pipe = new Pipe(discipline);
            int _ = pipe.sink().tryWrite(ByteBuffer.allocate(1));
            things.add(pipe.source());
          }
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return things;
  }

  private static Contender mixed(int count, Discipline discipline) {
    PollSet set = set(things(count, discipline), Events.IN);
    return loop("poll", count, () -> set.poll(NOW));
  }

  /** Each has changed since the last look, as far as it says. */
  private static Contender changing(int count, Discipline discipline) {
    List<Pollable> things = things(count, discipline);
    PollSet set = set(things, Events.IN);
    Pollable[] all = things.toArray(Pollable[]::new);
    return loop(
        "poll",
        count,
        () -> {
          for (Pollable each : all) {
            each.pollee().invalidate();
          }
          return set.poll(NOW);
        });
  }

  private static Contender firing(int count) {
    Epoll<EventCounter> epoll = new Epoll<>();
    List<EventCounter> counters = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      EventCounter counter = new EventCounter();
      counters.add(counter);
      epoll.add(counter, Events.IN, counter);
    }
    int[] next = {0};
    return loop(
        "epoll",
        1,
        () -> {
          next[0] = (next[0] + 7) % count;
          boolean _ = counters.get(next[0]).tryAdd(1);
          List<Epoll.Ready<EventCounter>> ready = epoll.awaitEvents(FEW, NOW);
          return ready.size() == 1 ? (int) ready.getFirst().data().tryTake() : 0;
        });
  }

  private static Contender idleEpoll(int count) {
    Epoll<Integer> epoll = new Epoll<>();
    for (int i = 0; i < count; i++) {
      epoll.add(new EventCounter(), Events.IN, i);
    }
    return loop("epoll", 0, () -> epoll.awaitEvents(FEW, NOW).size());
  }
}
