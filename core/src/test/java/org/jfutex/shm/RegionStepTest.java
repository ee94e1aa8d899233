package org.jfutex.shm;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.jfutex.LockStatus;
import org.jfutex.WaitStatus;
import org.jfutex.shm.RegionWorker.Inside;
import org.jfutex.testing.Crew;
import org.jfutex.testing.Delays;
import org.jfutex.testing.ThreadKind;
import org.jfutex.time.Deadline;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A process is killed at the first, second, third, ... step of what it does, until it ends before
 * that step. What it leaves behind is free, whole or told of, alone and with others that wait.
 */
class RegionStepTest {
  private static final String OPERATION = "operation";
  private static final int KILLED = 137;
  private static final int MOST_STEPS = 10_000;
  private static final int SOME = 6;
  private static final Duration MOMENT = Duration.ofMillis(1);
  private static final Duration HELD = Duration.ofMillis(4);

  @TempDir static Path folder; // one for all: the compiled program stands there

  private final SplittableRandom random = new SplittableRandom();

  /** Who else is there. */
  enum Others {
    /** Nobody, and all is free. */
    NONE,
    /** This process, which holds what can be held, again and again. */
    HOLDER
  }

  /** What a victim does, and in which language. */
  record Victim(boolean isNative, String phase, String operation) {
    /** Nobody meets at a barrier alone. */
    List<Others> others() {
      return operation.equals("meet") ? List.of(Others.HOLDER) : List.of(Others.values());
    }
  }

  static Stream<Victim> inC() {
    return Stream.concat(
        Stream.of("attach", "close").map(phase -> new Victim(true, phase, "nothing")),
        Stream.of("update", "permit", "token", "event")
            .map(operation -> new Victim(true, OPERATION, operation)));
  }

  static Stream<Victim> inJava() {
    return Stream.concat(
        Stream.of("attach", "close").map(phase -> new Victim(false, phase, "nothing")),
        Stream.of(
                "update", "permit", "token", "event", "write", "read", "meet", "latch", "once",
                "signal")
            .map(operation -> new Victim(false, OPERATION, operation)));
  }

  @ParameterizedTest
  @MethodSource("inC")
  void atSomeStepsInC(Victim victim) throws Exception {
    for (Others others : victim.others()) {
      int _ = sweep(victim, others, SOME, Long.MAX_VALUE);
    }
  }

  @ParameterizedTest
  @EnumSource(Others.class)
  void atSomeStepInJava(Others others) throws Exception {
    List<Victim> victims = inJava().filter(victim -> victim.others().contains(others)).toList();
    Victim victim = victims.get(random.nextInt(victims.size()));
    boolean _ = kill(victim, others, 1 + random.nextInt(8));
  }

  static Stream<Victim> inBoth() {
    return Stream.concat(inC(), inJava());
  }

  /** The system property jfutex.long.seconds, if set, is shared by all. */
  @ParameterizedTest
  @MethodSource("inBoth")
  @Tag("long")
  void atEachStep(Victim victim) throws Exception {
    long share = RegionKillTest.longTime().toNanos() / inBoth().count();
    for (Others others : victim.others()) {
      int kills = sweep(victim, others, 1, System.nanoTime() + share / victim.others().size());
      assertThat(kills).as("kills of %s", victim).isPositive();
    }
  }

  /** Kills at each of a number of steps, or at one of so many each. */
  private int sweep(Victim victim, Others others, int stride, long last) throws Exception {
    int kills = 0;
    int point = 1 + random.nextInt(stride);
    while (System.nanoTime() < last && kill(victim, others, point)) {
      kills++;
      point += 1 + random.nextInt(2 * stride - 1);
      assertThat(point).as("steps of %s", victim).isLessThan(MOST_STEPS);
    }
    System.out.printf("%s, others %s: %d kills at up to %d%n", victim, others, kills, point);
    return kills;
  }

  /** Returns whether it was killed, and has not ended before that step. */
  private boolean kill(Victim victim, Others others, int point) throws Exception {
    Path path = folder.resolve("steps");
    Files.deleteIfExists(path);
    Path program = folder.resolve("worker");
    if (victim.isNative) {
      Peer.compile(RegionHarness.WORKER, program);
    }
    ThreadKind kind = random.nextBoolean() ? ThreadKind.PLATFORM : ThreadKind.VIRTUAL;
    List<String> command =
        RegionHarness.command(
            program, victim.isNative, path, 0, kind, 1, victim.operation, victim.phase, point);
    try (SharedRegion region = SharedRegion.open(path, RegionWorker.LAYOUT);
        Crew crew = new Crew()) {
      RegionWorker state = new RegionWorker(region);
      state.repair();
      Map<Inside, Integer> told = new EnumMap<>(Inside.class);
      Callable<Process> start = () -> new ProcessBuilder(command).inheritIO().start();
      Process process =
          others == Others.NONE
              ? start.call()
              : crew.start(ThreadKind.PLATFORM, () -> interfere(region, state, start, told)).join();
      boolean hasEnded = process.waitFor(Delays.GIVE_UP.toSeconds(), TimeUnit.SECONDS);
      process.destroyForcibly();
      assertThat(hasEnded).as("%s at %d, others %s, ends", victim, point, others).isTrue();
      assertThat(process.exitValue()).isIn(0, KILLED);
      assertThat(state.broken()).isZero();
      check(region, state, told, "%s, others %s, at step %d".formatted(victim, others, point));
      return process.exitValue() == KILLED;
    }
  }

  /** Starts it; holds all again and again for a moment, waits at the barrier, comes and goes. */
  private static Process interfere(
      SharedRegion region, RegionWorker state, Callable<Process> start, Map<Inside, Integer> told)
      throws Exception {
    SharedMutex mutex = region.mutex("mutex");
    SharedRwLock lock = region.rwLock("rwlock");
    SharedSemaphore semaphore = region.semaphore("semaphore");
    Process process = null;
    while (process == null || process.isAlive()) {
      LockStatus locked = count(mutex.tryLock(), Inside.MUTEX, told);
      if (locked == LockStatus.OWNER_DIED) {
        state.repair();
      }
      LockStatus written = count(lock.lockWrite(Deadline.after(MOMENT)), Inside.WRITER, told);
      LockStatus first = count(semaphore.tryAcquire(), Inside.PERMIT, told);
      LockStatus second = count(semaphore.tryAcquire(), Inside.PERMIT, told);
      region.event("event").reset();
      process = process == null ? start.call() : process;
      WaitStatus _ = region.event("event").await(Deadline.after(HELD));
      region.event("event").set();
      release(locked, mutex::unlock);
      release(written, lock::unlockWrite);
      release(first, semaphore::release);
      release(second, semaphore::release);
      region.condvar("condvar").signalAll();
      var _ = region.barrier("barrier").await(Deadline.after(MOMENT));
      SharedRegion.attach(region.path()).close();
    }
    return process;
  }

  private static LockStatus count(LockStatus status, Inside what, Map<Inside, Integer> told) {
    if (status == LockStatus.OWNER_DIED) {
      told.merge(what, 1, Integer::sum);
    }
    return status;
  }

  private static void release(LockStatus status, Runnable release) {
    if (status.isLocked()) {
      release.run();
    }
  }

  private static Deadline soon() {
    return Deadline.after(Delays.GIVE_UP);
  }

  /** All is free again, and of the death somebody was told once if it was inside. */
  private static void check(
      SharedRegion region, RegionWorker state, Map<Inside, Integer> told, String what) {
    Inside mark = state.mark(0);
    SharedMutex mutex = region.mutex("mutex");
    for (int i = 0; i < 2; i++) {
      free(count(mutex.lock(soon()), Inside.MUTEX, told), mutex::unlock, what);
    }
    SharedRwLock lock = region.rwLock("rwlock");
    for (int i = 0; i < 2; i++) {
      free(count(lock.lockWrite(soon()), Inside.WRITER, told), lock::unlockWrite, what);
    }
    SharedSemaphore semaphore = region.semaphore("semaphore");
    assertThat(semaphore.available()).as(what).isEqualTo(2);
    LockStatus first = count(semaphore.acquire(soon()), Inside.PERMIT, told);
    free(count(semaphore.acquire(soon()), Inside.PERMIT, told), semaphore::release, what);
    free(first, semaphore::release, what);
    for (Inside inside : List.of(Inside.MUTEX, Inside.WRITER, Inside.PERMIT)) {
      int least = mark == inside ? 1 : 0; // it may die before it has marked, and after
      assertThat(told.getOrDefault(inside, 0))
          .as("told of %s: %s", inside, what)
          .isBetween(least, 1);
    }
    assertThat(region.members()).as(what).hasSize(1);
    checkOthers(region, mark, what);
  }

  private static void free(LockStatus status, Runnable release, String what) {
    assertThat(status.isLocked()).as("%s: %s", what, status).isTrue();
    release.run();
  }

  private static void checkOthers(SharedRegion region, Inside mark, String what) {
    region.event("event").set();
    assertThat(region.event("event").await(soon())).as(what).isEqualTo(WaitStatus.WOKEN);
    SharedBarrier barrier = region.barrier("barrier");
    SharedBarrier.Outcome alone = barrier.await(Deadline.after(MOMENT));
    assertThat(alone).as(what).isNotEqualTo(SharedBarrier.Outcome.MET); // the dead is not counted
    region.latch("latch").countDown();
    region.latch("latch").countDown();
    assertThat(region.latch("latch").await(soon())).as(what).isEqualTo(WaitStatus.WOKEN);
    AtomicBoolean ran = new AtomicBoolean();
    boolean done = region.once("once").run(() -> ran.set(true));
    assertThat(done).as(what).isEqualTo(ran.get());
    if (mark == Inside.ONCE) {
      assertThat(done).as(what).isTrue();
    }
    assertThat(region.once("once").isDone()).as(what).isTrue();
    int stamp = region.signal("signal").stamp();
    region.signal("signal").raise();
    assertThat(region.signal("signal").await(stamp, soon())).isEqualTo(WaitStatus.WOKEN);
  }
}
