package org.jfutex.shm;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.jfutex.kernel.Syscalls;
import org.jfutex.shm.RegionWorker.Inside;
import org.jfutex.testing.Delays;
import org.jfutex.testing.ThreadKind;
import org.jfutex.time.Deadline;

/**
 * Processes in Java and C that use all primitives of a region, without deadlines, while one after
 * the other is killed or stopped, at any moment or at a step of its own choice, and another takes
 * its place. Nobody hangs, what the locks protect is whole, and each death inside of a lock is told
 * once. Whatever is not so is an AssertionError, which names the seed.
 */
final class RegionHarness implements AutoCloseable {
  static final String WORKER = "core/src/test/native/worker.c";

  private static final int KILLED = 137; // 128 and SIGKILL
  private static final int NR_KILL = 62;
  private static final int SIGCONT = 18;
  private static final int MOST_STEPS = 200;
  private static final int MOST_STOPS = 300;
  private static final int EXTRA_PICKS = 4;
  private static final int NOBODY = -1;
  private static final int ALWAYS_JAVA = 2; // who meet at the barrier, which C does not have

  private final long seed = new SplittableRandom().nextLong();
  private final SplittableRandom random = new SplittableRandom(seed);
  private final Path path;
  private final Path program;
  private final Process[] workers;
  private final boolean[] isNative;
  private final Map<Inside, Integer> marked = new EnumMap<>(Inside.class);
  private final Map<Inside, Integer> stopped = new EnumMap<>(Inside.class);
  private final SharedRegion region;
  private final RegionWorker state;
  private int kills;
  private int nativeKills;
  private int stepKills;

  /** Starts a number of processes in a new region; those in C run a compiled {@link #WORKER}. */
  RegionHarness(Path path, int processes, Path program) throws IOException {
    this.path = path;
    this.program = program;
    Files.deleteIfExists(path);
    region = SharedRegion.open(path, RegionWorker.LAYOUT);
    state = new RegionWorker(region);
    state.repair();
    workers = new Process[processes];
    isNative = new boolean[processes];
    for (int i = 0; i < processes; i++) {
      restart(i);
    }
  }

  /** What runs a worker: all that it is told. */
  static List<String> command(
      Path program,
      boolean isNative,
      Path path,
      int slot,
      ThreadKind kind,
      long seed,
      String operation,
      String phase,
      int point) {
    List<String> command = new ArrayList<>();
    if (isNative) {
      command.add(program.toString());
    } else {
      command.addAll(
          List.of(
              Path.of(System.getProperty("java.home"), "bin", "java").toString(),
              "-XX:+UseSerialGC",
              "-XX:TieredStopAtLevel=1",
              "-Xshare:auto",
              "--enable-native-access=ALL-UNNAMED",
              "-cp",
              System.getProperty("java.class.path"),
              RegionWorker.class.getName()));
    }
    command.addAll(
        List.of(
            path.toString(),
            Integer.toString(slot),
            kind.name(),
            Long.toString(seed),
            operation,
            phase,
            Integer.toString(point)));
    return command;
  }

  private void restart(int slot) throws IOException {
    boolean meets = workers.length > ALWAYS_JAVA;
    int java = meets ? ALWAYS_JAVA : 1;
    isNative[slot] = slot >= java && random.nextInt(8) != 0;
    ThreadKind kind = random.nextBoolean() ? ThreadKind.PLATFORM : ThreadKind.VIRTUAL;
    String operation = meets ? "all" : "alone";
    long next = random.nextLong();
    workers[slot] =
        new ProcessBuilder(
                command(program, isNative[slot], path, slot, kind, next, operation, "none", 0))
            .inheritIO()
            .start();
  }

  /** One is killed, at any moment or at a step, and replaced. */
  void kill() throws Exception {
    int victim = random.nextInt(workers.length);
    for (int i = 0; i < EXTRA_PICKS && !isNative[victim]; i++) {
      victim = random.nextInt(workers.length); // one in C starts 50 times faster
    }
    goOn("each goes on before kill " + kills);
    if (random.nextBoolean()) {
      state.order(victim, Steps.SIGKILL, 1 + random.nextInt(MOST_STEPS));
      stepKills++;
    } else {
      pause();
      workers[victim].destroyForcibly();
    }
    boolean hasEnded = workers[victim].waitFor(Delays.GIVE_UP.toSeconds(), TimeUnit.SECONDS);
    check(hasEnded, "slot %d ends at its step".formatted(victim));
    int status = workers[victim].exitValue();
    check(
        status == KILLED, "slot %d ended with %d: expected to be killed".formatted(victim, status));
    marked.merge(state.mark(victim), 1, Integer::sum);
    state.clearMark(victim);
    state.order(victim, 0, 0);
    kills++;
    nativeKills += isNative[victim] ? 1 : 0;
    if (isNative[victim] && random.nextBoolean()) { // nobody's coming wakes those who wait
      goOn("the others go on after kill " + kills, victim);
    }
    restart(victim);
    check(state.broken() == 0, "nothing is broken");
  }

  private void pause() {
    long end = System.nanoTime() + random.nextInt(2_000_000);
    while (System.nanoTime() < end) {
      Thread.onSpinWait();
    }
  }

  /** One is stopped for a while: what it is inside of stays its own, and nobody is told. */
  void stop() throws Exception {
    goOn("each goes on before stop " + stopped);
    int victim = random.nextInt(workers.length);
    boolean atStep = random.nextInt(4) == 0;
    for (int i = 0; i < MOST_STOPS; i++) {
      if (atStep) {
        state.order(victim, Steps.SIGSTOP, 1 + random.nextInt(MOST_STEPS));
      } else {
        pause();
        Syscalls.call(NR_KILL, workers[victim].pid(), Steps.SIGSTOP, 0);
      }
      until("slot %d stops".formatted(victim), () -> isStopped(workers[victim].pid()));
      Inside what = state.mark(victim);
      if (atStep || what != Inside.NOTHING) {
        break;
      }
      Syscalls.call(NR_KILL, workers[victim].pid(), SIGCONT, 0);
    }
    Inside what = state.mark(victim);
    int told = state.told(what);
    long entries = state.entries(what);
    Thread.sleep(Delays.SHORT); // for the others to make a mistake; orders nothing
    if (what == Inside.MUTEX || what == Inside.WRITER) {
      check(state.told(what) == told, "nobody is told of %s that is stopped".formatted(what));
      check(state.entries(what) == entries, "nobody enters %s of another".formatted(what));
    }
    if (what == Inside.PERMIT) {
      check(region.semaphore("semaphore").available() <= 1, "its permit is not free");
    }
    stopped.merge(what, 1, Integer::sum);
    Syscalls.call(NR_KILL, workers[victim].pid(), SIGCONT, 0);
    goOn("each goes on after stop " + stopped);
  }

  /** Whether all threads of a process are stopped, by proc(5). */
  private static boolean isStopped(long pid) {
    try (Stream<Path> tasks = Files.list(Path.of("/proc", Long.toString(pid), "task"))) {
      for (Path task : tasks.toList()) {
        String stat = Files.readString(task.resolve("stat"));
        if (stat.charAt(stat.lastIndexOf(')') + 2) != 'T') {
          return false;
        }
      }
      return true;
    } catch (IOException e) {
      return false; // a thread has ended meanwhile
    }
  }

  /** How many rounds the processes have made together. */
  long rounds() {
    long rounds = 0;
    for (int i = 0; i < workers.length; i++) {
      rounds += state.rounds(i);
    }
    return rounds;
  }

  int kills() {
    return kills;
  }

  @Override
  public String toString() {
    return "%d processes, %d rounds, %d kills (%d in C, %d at a step), inside of %s; stopped in %s"
            .formatted(workers.length, rounds(), kills, nativeKills, stepKills, marked, stopped)
        + "; told of %d, %d, %d, %d; seed %d"
            .formatted(
                state.told(Inside.MUTEX),
                state.told(Inside.WRITER),
                state.told(Inside.PERMIT),
                state.told(Inside.BARRIER),
                seed);
  }

  private void check(boolean isRight, String what) {
    if (!isRight) {
      throw new AssertionError("expected: %s; %s; %s".formatted(what, state, this));
    }
  }

  private void goOn(String what) throws InterruptedException {
    goOn(what, NOBODY);
  }

  private void goOn(String what, int dead) throws InterruptedException {
    int[] before = new int[workers.length];
    for (int i = 0; i < before.length; i++) {
      before[i] = state.rounds(i);
    }
    until(
        what,
        () -> {
          for (int i = 0; i < before.length; i++) {
            if (i == dead) {
              continue;
            }
            check(workers[i].isAlive(), "slot %d is alive, %s".formatted(i, what));
            if (state.rounds(i) == before[i]) {
              return false;
            }
          }
          return true;
        });
  }

  private void until(String what, BooleanSupplier reached) throws InterruptedException {
    long end = System.nanoTime() + Delays.GIVE_UP.toNanos();
    while (!reached.getAsBoolean()) {
      check(System.nanoTime() < end, what + ", in time");
      Thread.sleep(1); // between two looks; orders nothing
    }
  }

  /** All end, alone or together, and leave everything free and whole; the account is right. */
  void finish() throws Exception {
    goOn("each goes on at the end");
    state.stop();
    long end = System.nanoTime() + Delays.GIVE_UP.toNanos();
    for (Process worker : workers) {
      while (worker.isAlive()) { // it may wait at the barrier for another that has ended already
        check(System.nanoTime() < end, "all end");
        region.event("event").set();
        region.condvar("condvar").signalAll();
        var _ = region.barrier("barrier").await(Deadline.after(Delays.SHORT));
      }
      check(worker.exitValue() == 0, "exit status 0, and not " + worker.exitValue());
    }
    lastLook();
    for (Inside what : List.of(Inside.MUTEX, Inside.WRITER, Inside.PERMIT)) {
      int sure = marked.getOrDefault(what, 0);
      int most = // it may have inherited what it had no time to mark
          sure + marked.getOrDefault(Inside.NOTHING, 0) + marked.getOrDefault(Inside.READER, 0);
      int told = state.told(what);
      check(sure <= told && told <= most, "told of %s %d to %d times".formatted(what, sure, most));
    }
  }

  /** What is left when nobody is there any more. */
  private void lastLook() {
    SharedMutex mutex = region.mutex("mutex");
    if (mutex.lock().isLocked() && mutex.isInherited()) {
      state.repair();
    }
    check(state.isWhole(), "it is whole");
    mutex.unlock();
    check(region.semaphore("semaphore").available() == 2, "2 free permits");
    SharedRwLock lock = region.rwLock("rwlock");
    check(lock.lockWrite(Deadline.after(Delays.GIVE_UP)).isLocked(), "nobody reads");
    lock.unlockWrite();
    check(state.broken() == 0, "nothing is broken");
  }

  @Override
  public void close() {
    for (Process worker : workers) {
      if (worker != null) {
        worker.destroyForcibly();
      }
    }
    region.close();
  }

  /** Kills and stops for a while, and prints how it goes once a minute. */
  void soak(Duration time) throws Exception {
    long start = System.nanoTime();
    long minutes = 0;
    while (System.nanoTime() - start < time.toNanos()) {
      if (random.nextInt(10) == 0) {
        stop();
      } else {
        kill();
      }
      if (TimeUnit.NANOSECONDS.toMinutes(System.nanoTime() - start) > minutes) {
        minutes++;
        System.out.println("minute " + minutes + ": " + this);
      }
    }
    finish();
    System.out.println("end: " + this);
  }

  /**
   * A soak: the region's path, how many minutes, how many processes, a compiled {@link #WORKER}.
   *
   * <pre>
   * gcc -O1 -I include -o target/worker core/src/test/native/worker.c
   * java -ea --enable-native-access=ALL-UNNAMED -cp core/target/classes:core/target/test-classes \
   *   org.jfutex.shm.RegionHarness /dev/shm/soak 60 4 target/worker
   * </pre>
   */
  public static void main(String[] arguments) throws Exception {
    int processes = Integer.parseInt(arguments[2]);
    try (RegionHarness harness =
        new RegionHarness(Path.of(arguments[0]), processes, Path.of(arguments[3]))) {
      harness.soak(Duration.ofMinutes(Long.parseLong(arguments[1])));
    }
  }
}
