package org.jfutex.shm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jfutex.shm.RegionWorker.Inside;
import org.jfutex.testing.Delays;
import org.jfutex.testing.ThreadKind;
import org.jfutex.time.Deadline;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Four processes use all primitives of a region, without deadlines, while one after the other is
 * killed at any moment and another takes its place. Nobody hangs, what the locks protect is whole,
 * and each death inside of a lock is told once.
 */
class RegionKillTest {
  @TempDir Path folder;

  @Test
  void aSliceOfTheKills() throws Exception {
    kill(8, Duration.ofHours(1));
  }

  /** The system property jfutex.long.seconds, if set, ends it earlier. */
  @Test
  @Tag("long")
  void twoThousandKills() throws Exception {
    String seconds = System.getProperty("jfutex.long.seconds", "");
    kill(
        2_000,
        seconds.isEmpty() ? Duration.ofHours(1) : Duration.ofSeconds(Long.parseLong(seconds)));
  }

  private void kill(int most, Duration time) throws Exception {
    long last = System.nanoTime() + time.toNanos();
    long seed = new SplittableRandom().nextLong();
    SplittableRandom random = new SplittableRandom(seed);
    Path path = folder.resolve("region");
    Process[] workers = new Process[RegionWorker.SLOTS];
    Map<Inside, Integer> marked = new EnumMap<>(Inside.class);
    try (SharedRegion region = SharedRegion.open(path, RegionWorker.LAYOUT)) {
      RegionWorker state = new RegionWorker(region);
      state.repair();
      for (int i = 0; i < workers.length; i++) {
        workers[i] = start(path, i, random);
      }
      int kills = 0;
      for (; kills < most && System.nanoTime() < last; kills++) {
        int victim = random.nextInt(workers.length);
        goOn(state, workers, "each goes on before kill " + kills + ", seed " + seed);
        long end = System.nanoTime() + random.nextInt(2_000_000);
        while (System.nanoTime() < end) {
          Thread.onSpinWait();
        }
        workers[victim].destroyForcibly();
        assertThat(workers[victim].waitFor(Delays.GIVE_UP.toSeconds(), TimeUnit.SECONDS)).isTrue();
        marked.merge(state.mark(victim), 1, Integer::sum);
        state.clearMark(victim);
        workers[victim] = start(path, victim, random);
        assertThat(state.broken()).as("seed %s: %s", seed, state).isZero();
      }
      goOn(state, workers, "each goes on at the end, seed " + seed);
      finish(region, state, workers);
      System.out.printf(
          "%d kills, inside of %s; told of %d, %d, %d, %d; seed %d%n",
          kills,
          marked,
          state.told(Inside.MUTEX),
          state.told(Inside.WRITER),
          state.told(Inside.PERMIT),
          state.told(Inside.BARRIER),
          seed);
      for (Inside what : List.of(Inside.MUTEX, Inside.WRITER, Inside.PERMIT)) {
        int sure = marked.getOrDefault(what, 0);
        assertThat(state.told(what))
            .as("told of %s, seed %s", what, seed)
            .isBetween(
                sure,
                sure
                    + marked.getOrDefault(Inside.NOTHING, 0)
                    + marked.getOrDefault(Inside.READER, 0)); // it may have inherited
      }
    } finally {
      for (Process worker : workers) {
        if (worker != null) {
          worker.destroyForcibly();
        }
      }
    }
  }

  /** All end, alone or together, and leave everything free and whole. */
  private static void finish(SharedRegion region, RegionWorker state, Process[] workers)
      throws Exception {
    state.stop();
    while (true) { // one may wait at the barrier for another that has ended already
      boolean alive = false;
      for (Process worker : workers) {
        alive |= worker.isAlive();
      }
      if (!alive) {
        break;
      }
      region.event("event").set();
      region.condvar("condvar").signalAll();
      var _ = region.barrier("barrier").await(Deadline.after(Delays.SHORT));
    }
    for (Process worker : workers) {
      assertThat(worker.exitValue()).isZero();
    }
    LastLook.take(region, state);
  }

  /** What is left when nobody is there any more. */
  private static final class LastLook {
    static void take(SharedRegion region, RegionWorker state) {
      SharedMutex mutex = region.mutex("mutex");
      if (mutex.lock().isLocked() && mutex.isInherited()) {
        state.repair();
      }
      assertThat(state.isWhole()).as(state::toString).isTrue();
      mutex.unlock();
      assertThat(region.semaphore("semaphore").available()).isEqualTo(2);
      assertThat(region.rwLock("rwlock").lockWrite(Deadline.after(Delays.GIVE_UP)).isLocked())
          .isTrue();
      region.rwLock("rwlock").unlockWrite();
      assertThat(state.broken()).isZero();
    }
  }

  private static void goOn(RegionWorker state, Process[] workers, String what)
      throws InterruptedException {
    int[] before = new int[workers.length];
    for (int i = 0; i < before.length; i++) {
      before[i] = state.rounds(i);
    }
    until(
        what,
        () -> {
          assertThat(workers).as("the workers, %s", what).allMatch(Process::isAlive);
          for (int i = 0; i < before.length; i++) {
            if (state.rounds(i) == before[i]) {
              return false;
            }
          }
          return true;
        },
        state);
  }

  private static void until(String what, BooleanSupplier reached, RegionWorker state)
      throws InterruptedException {
    long end = System.nanoTime() + Delays.GIVE_UP.toNanos();
    while (!reached.getAsBoolean()) {
      assertThat(System.nanoTime()).as(() -> what + ": not in time; " + state).isLessThan(end);
      Thread.sleep(1); // between two looks; orders nothing
    }
  }

  private static Process start(Path path, int slot, SplittableRandom random) throws IOException {
    ThreadKind kind = random.nextBoolean() ? ThreadKind.PLATFORM : ThreadKind.VIRTUAL;
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-Xshare:auto",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            RegionWorker.class.getName(),
            path.toString(),
            Integer.toString(slot),
            kind.name(),
            Long.toString(random.nextLong()))
        .inheritIO()
        .start();
  }
}
