package org.jfutex.shm;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.agrona.concurrent.Agent;
import org.agrona.concurrent.AgentRunner;
import org.agrona.concurrent.AgentTerminationException;
import org.agrona.concurrent.IdleStrategy;
import org.jfutex.testing.Crew;
import org.jfutex.testing.Delays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An agent of Agrona here, and a process that sends it messages through a ring in a region. */
class SignalIdleStrategyTest {
  private static final int MESSAGES = 100_000;
  private static final Layout LAYOUT =
      Layout.builder()
          .signal("published")
          .signal("consumed")
          .bytes("ring", Ring.SLOTS + Ring.SIZE * Long.BYTES)
          .build();

  @TempDir Path folder;

  @Test
  void anAgentSleepsUntilAnotherProcessPublishes() throws Exception {
    Path path = folder.resolve("region");
    List<Throwable> errors = new CopyOnWriteArrayList<>();
    Process producer = null;
    try (SharedRegion region = SharedRegion.open(path, LAYOUT);
        Crew crew = new Crew()) {
      Receiver receiver = new Receiver(region);
      IdleStrategy idle = new SignalIdleStrategy(region.signal("published"));
      AgentRunner runner = new AgentRunner(idle, errors::add, null, receiver);
      var running =
          crew.start(
              () -> {
                runner.run();
                return null;
              });
      sleepsWithoutProcessorTime(region, "published", List.of(running.thread()));
      producer = startProducer(path);
      running.join();
      assertThat(receiver.received).isEqualTo(MESSAGES);
      assertThat(errors).isEmpty();
      assertThat(producer.waitFor()).isZero();
    } finally {
      if (producer != null) {
        producer.destroyForcibly();
      }
    }
  }

  @Test
  void whatIsPublishedAfterTheLookEndsTheSleep() throws Exception {
    try (SharedRegion region = SharedRegion.anonymous(LAYOUT);
        Crew crew = new Crew()) {
      Signal signal = region.signal("published");
      IdleStrategy idle = new SignalIdleStrategy(signal);
      crew.start(
          () -> {
            signal.raise(); // after a look that finds nothing, before the sleep
            idle.idle(0);
            signal.raise();
            idle.idle(1); // somebody has found work, and looks again
            signal.raise();
            idle.idle();
            return null;
          });
      crew.joinAll();
    }
  }

  /** Waits until these threads sleep for a signal, and looks what that costs. */
  static void sleepsWithoutProcessorTime(SharedRegion region, String signal, List<Thread> threads)
      throws InterruptedException {
    var sleepers = region.word(region.layout().cell(signal, Kind.SIGNAL), 4, Integer.SIZE);
    Crew.until("they sleep", () -> sleepers.load() == threads.size());
    long before = processorNanos(threads);
    Thread.sleep(Delays.MEDIUM); // how long is looked
    assertThat(processorNanos(threads) - before).isLessThan(Delays.MEDIUM.toNanos() / 20);
  }

  private static long processorNanos(List<Thread> threads) {
    var all = ManagementFactory.getThreadMXBean();
    return threads.stream().mapToLong(thread -> all.getThreadCpuTime(thread.threadId())).sum();
  }

  private static Process startProducer(Path path) throws Exception {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            Producer.class.getName(),
            path.toString())
        .inheritIO()
        .start();
  }

  /** The numbers of messages sent and received, and the last messages. */
  private record Ring(MemorySegment memory) {
    static final int SIZE = 1024;
    static final long PUBLISHED = 0;
    static final long CONSUMED = 64;
    static final long SLOTS = 128;
    private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();

    static long slot(long message) {
      return SLOTS + message % SIZE * Long.BYTES;
    }

    long read(long offset) {
      return (long) LONG.getAcquire(memory, offset);
    }

    void write(long offset, long value) {
      LONG.setRelease(memory, offset, value);
    }
  }

  private static final class Receiver implements Agent {
    private final Ring ring;
    private final Signal consumed;
    long received;

    Receiver(SharedRegion region) {
      ring = new Ring(region.bytes("ring"));
      consumed = region.signal("consumed");
    }

    @Override
    public int doWork() {
      long published = ring.read(Ring.PUBLISHED);
      int work = (int) (published - received);
      while (received < published) {
        assertThat(ring.read(Ring.slot(received))).isEqualTo(received);
        received++;
      }
      if (work > 0) {
        ring.write(Ring.CONSUMED, received);
        consumed.raise();
      }
      if (received == MESSAGES) {
        throw new AgentTerminationException(true);
      }
      return work;
    }

    @Override
    public String roleName() {
      return "receiver";
    }
  }

  /** The other process; sleeps too, when the ring is full. */
  static final class Producer {
    public static void main(String[] arguments) throws Exception {
      try (SharedRegion region = SharedRegion.attach(Path.of(arguments[0]))) {
        Ring ring = new Ring(region.bytes("ring"));
        Signal published = region.signal("published");
        IdleStrategy idle = new SignalIdleStrategy(region.signal("consumed"));
        for (long message = 0; message < MESSAGES; message++) {
          idle.reset();
          while (message - ring.read(Ring.CONSUMED) == Ring.SIZE) {
            idle.idle();
          }
          ring.write(Ring.slot(message), message);
          ring.write(Ring.PUBLISHED, message + 1);
          published.raise();
        }
      }
    }
  }
}
