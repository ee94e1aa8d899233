package org.jfutex.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntSupplier;
import org.jfutex.Futex;
import org.jfutex.WaitStatus;
import org.jfutex.testing.Crew;
import org.jfutex.testing.Crew.Job;
import org.jfutex.testing.Delays;
import org.jfutex.testing.WordKind;
import org.jfutex.time.Deadline;
import org.jfutex.word.Word;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Signals end the waits they are meant for, all of those, and nothing else. */
class SleeperTest {
  private static final int NR_RT_SIGPROCMASK = 14;
  private static final int SIG_BLOCK = 0;
  private static final long SIGNALS_36_TO_61 = (1L << 61) - (1L << 35);
  private static final int ROUNDS = 5_000;
  private static final int ROUNDS_LONG = 200_000;

  private final Futex futex = KernelProbe.withRing().futex();
  private final Word word = WordKind.NATIVE_32.fresh();

  /** Asked to leave right after it has looked, when a signal has no system call to end yet. */
  private static final class AskedTooEarly extends Sleeper {
    private boolean asked;

    @Override
    boolean isCancelRequested() {
      boolean seen = asked;
      if (!seen) {
        asked = true;
        cancel();
      }
      return seen;
    }
  }

  @Test
  void aSignalThatComesBeforeTheSystemCallIsRepeated() {
    long address = word.nativePlace().address();
    Deadline far = Deadline.after(Delays.GIVE_UP_LONG);
    try (Crew crew = new Crew()) {
      IntSupplier one = () -> new AskedTooEarly().sleepOnOne(address, false, 0, -1, Deadline.NEVER);
      assertThat(crew.start(one::getAsInt).join()).isEqualTo(FutexCalls.EINTR);
      IntSupplier timed = () -> new AskedTooEarly().sleepOnOne(address, false, 0, -1, far);
      assertThat(crew.start(timed::getAsInt).join()).isEqualTo(FutexCalls.EINTR);
      IntSupplier several =
          () -> {
            AskedTooEarly sleeper = new AskedTooEarly();
            sleeper.set(0, address, false, 0);
            return sleeper.sleepOnAll(1, Deadline.NEVER);
          };
      assertThat(crew.start(several::getAsInt).join()).isEqualTo(FutexCalls.EINTR);
    }
  }

  @Test
  void everyInterruptEndsItsWait() {
    interruptWaits(ROUNDS, Delays.GIVE_UP);
  }

  @Test
  @Tag("long")
  @Timeout(value = 20, unit = TimeUnit.MINUTES)
  void everyInterruptEndsItsWaitManyTimes() {
    interruptWaits(ROUNDS_LONG, Delays.GIVE_UP_LONG);
  }

  private void interruptWaits(int rounds, Duration limit) {
    AtomicInteger begun = new AtomicInteger();
    try (Crew crew = new Crew()) {
      Job<Void> waiter =
          crew.start(
              () -> {
                for (int i = 1; i <= rounds; i++) {
                  begun.set(i);
                  assertThat(futex.await(word, 0)).isEqualTo(WaitStatus.INTERRUPTED);
                  assertThat(Thread.interrupted()).isTrue();
                }
                return null;
              });
      SplittableRandom random = new SplittableRandom();
      for (int i = 1; i <= rounds; i++) {
        int round = i;
        Crew.until("round " + round, () -> begun.get() >= round || waiter.isDone());
        spin(random.nextInt(2_000));
        waiter.thread().interrupt();
      }
      waiter.join(limit);
    }
  }

  private static void spin(int turns) {
    for (int i = 0; i < turns; i++) {
      Thread.onSpinWait();
    }
  }

  /** More threads than there are places to look for one's sleeper in. */
  @Test
  void everyThreadHasTheSleeperOfItsOwn() {
    try (Crew crew = new Crew()) {
      for (int i = 0; i < 150; i++) {
        Job<Boolean> job =
            crew.start(
                () -> {
                  InterruptibleSleeper first = InterruptibleSleeper.current();
                  return first.thread() == FutexCalls.currentThread()
                      && first == InterruptibleSleeper.current();
                });
        assertThat(job.join()).isTrue();
      }
    }
  }

  @Test
  void anInterruptEndsAWaitAfterAReadThatTookTheHookOut() {
    long address = word.nativePlace().address();
    try (Crew crew = new Crew()) {
      Job<WaitStatus> waiter =
          crew.start(
              () -> {
                assertThat(futex.await(word, 1)).isEqualTo(WaitStatus.CHANGED);
                Pipe pipe = Pipe.open();
                try (Pipe.SourceChannel source = pipe.source();
                    Pipe.SinkChannel sink = pipe.sink()) {
                  assertThat(sink.write(ByteBuffer.allocate(1))).isEqualTo(1);
                  assertThat(source.read(ByteBuffer.allocate(1))).isEqualTo(1);
                }
                return futex.await(word, 0);
              });
      Crew.until("queued", () -> FutexCalls.waiters(address, false) > 0 || waiter.isDone());
      waiter.thread().interrupt();
      assertThat(waiter.join()).isEqualTo(WaitStatus.INTERRUPTED);
    }
  }

  /** What blocks after a wait would fail with EINTR if a signal came late. */
  @Test
  void aSignalReachesNothingAfterItsWait() {
    Map<WaitStatus, Integer> outcomes = new EnumMap<>(WaitStatus.class);
    try (Crew crew = new Crew()) {
      Job<Void> waiter =
          crew.start(
              () -> {
                MemorySegment memory = Arena.ofAuto().allocate(32, Long.BYTES);
                memory.set(ValueLayout.JAVA_LONG, 24, TimeUnit.MICROSECONDS.toNanos(20));
                SplittableRandom random = new SplittableRandom();
                for (int i = 0; i < ROUNDS; i++) {
                  Deadline soon = Deadline.after(random.nextInt(60), TimeUnit.MICROSECONDS);
                  outcomes.merge(futex.await(word, 0, soon), 1, Integer::sum);
                  assertThat(blockingCall(memory)).isEqualTo(FutexCalls.ETIMEDOUT);
                  boolean _ = Thread.interrupted();
                }
                return null;
              });
      SplittableRandom random = new SplittableRandom();
      while (!waiter.isDone()) {
        spin(random.nextInt(20_000));
        waiter.thread().interrupt();
      }
      waiter.join();
    }
    assertThat(outcomes).containsOnlyKeys(WaitStatus.INTERRUPTED, WaitStatus.TIMED_OUT);
  }

  /** Sleeps for 20 microseconds, in a way of its own. */
  private static long blockingCall(MemorySegment memory) {
    return Syscalls.call(
        FutexCalls.NR_FUTEX,
        memory.address(),
        FutexCalls.WAIT | FutexCalls.PRIVATE,
        0,
        memory.address() + 16,
        0,
        0);
  }

  @Test
  void aThreadThatWasMadeWithTheSignalBlockedCanBeInterrupted() {
    try (Crew crew = new Crew();
        Arena arena = Arena.ofShared()) {
      MemorySegment set = arena.allocate(Long.BYTES, Long.BYTES);
      set.set(ValueLayout.JAVA_LONG, 0, SIGNALS_36_TO_61);
      Job<WaitStatus> waiter =
          crew.start(
              () -> {
                long done =
                    Syscalls.call(NR_RT_SIGPROCMASK, SIG_BLOCK, set.address(), 0, Long.BYTES, 0, 0);
                assertThat(done).isZero();
                return futex.await(word, 0);
              });
      Crew.until("a sleeper", () -> KernelProbe.withRing().queued(word) == 1);
      waiter.thread().interrupt();
      assertThat(waiter.join()).isEqualTo(WaitStatus.INTERRUPTED);
    }
  }

  /** The first that nobody had, from 61 downward: the JDK has 62 for its own blocked threads. */
  @Test
  void theSignalIsCaughtAndNoOther() throws IOException {
    assertThat(KickSignal.isThere()).isTrue();
    String caught =
        Files.readAllLines(Path.of("/proc/self/status")).stream()
            .filter(line -> line.startsWith("SigCgt:"))
            .findFirst()
            .orElseThrow();
    long signals = Long.parseUnsignedLong(caught.substring(7).strip(), 16);
    assertThat(signals & SIGNALS_36_TO_61).isEqualTo(1L << 60);
  }
}
