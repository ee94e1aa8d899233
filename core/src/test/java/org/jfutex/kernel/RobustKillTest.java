package org.jfutex.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jfutex.testing.Delays;
import org.jfutex.testing.ThreadKind;
import org.jfutex.word.MappedFile;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Processes that share a robust lock, of which one after the other is killed at a step of locking
 * or unlocking while four wait. The next owner is told, nobody hangs, no finished update is lost.
 */
class RobustKillTest {
  /**
   * More than the steps of a contended lock, section and unlock; the last ones come round again.
   */
  private static final int POINTS = 40;

  private static final int WAITERS = 4;

  @TempDir Path folder;

  @Test
  void aSliceOfTheKills() throws Exception {
    kill(16, Duration.ofHours(1));
  }

  /** The system property jfutex.long.seconds, if set, ends it earlier. */
  @Test
  @Tag("long")
  void aThousandKills() throws Exception {
    String seconds = System.getProperty("jfutex.long.seconds", "");
    kill(
        1_000,
        seconds.isEmpty() ? Duration.ofHours(1) : Duration.ofSeconds(Long.parseLong(seconds)));
  }

  private void kill(int most, Duration time) throws Exception {
    long seed = new SplittableRandom().nextLong();
    long end = System.nanoTime() + time.toNanos();
    int kills = most;
    int byLuck = 0;
    Path path = Files.createFile(folder.resolve("accounts"));
    List<Process> waiters = new ArrayList<>();
    Deque<Process> victims = new ArrayDeque<>();
    SplittableRandom random = new SplittableRandom(seed);
    try (MappedFile file = MappedFile.open(path, 0, RobustAccount.BYTES)) {
      RobustAccount account = new RobustAccount(file);
      for (int i = 0; i < WAITERS; i++) {
        ThreadKind kind = i % 2 == 0 ? ThreadKind.PLATFORM : ThreadKind.VIRTUAL;
        waiters.add(java(path, i, kind, 0));
      }
      for (int started = 0; started < kills || !victims.isEmpty(); ) {
        if (System.nanoTime() > end) {
          kills = started; // there is no time for more
        }
        while (started < kills && victims.size() < 2) {
          int slot = WAITERS + started % 2;
          // every point in turn; from the middle on every second one is a matter of luck
          boolean lucky = started > most / 2 && started % 2 == 0;
          int point = lucky ? -1 - random.nextInt(2_000) : 1 + started * 7 % POINTS;
          byLuck += lucky ? 1 : 0;
          ThreadKind kind = started % 4 < 2 ? ThreadKind.PLATFORM : ThreadKind.VIRTUAL;
          victims.add(java(path, slot, kind, point));
          started++;
        }
        Process victim = victims.removeFirst();
        until("victim ends, seed " + seed, () -> !victim.isAlive(), account);
        assertThat(victim.exitValue()).as("killed by SIGKILL, seed %s", seed).isEqualTo(137);
        // the one that waits for its slot must not begin before this one has ended
        long[] before = account.finished(WAITERS);
        until(
            "every waiter goes on, seed " + seed,
            () -> {
              assertThat(waiters).as("the waiters, seed %s", seed).allMatch(Process::isAlive);
              return allGoOn(before, account.finished(WAITERS));
            },
            account);
        assertThat(account.broken()).as("seed %s", seed).isZero();
      }
      account.stop();
      for (Process waiter : waiters) {
        assertThat(waiter.waitFor(Delays.GIVE_UP.toSeconds(), TimeUnit.SECONDS)).isTrue();
        assertThat(waiter.exitValue()).isZero();
      }
      assertThat(account.broken()).as("seed %s", seed).isZero();
      assertThat(account.isWhole()).as("seed %s", seed).isTrue();
      assertThat(account.told())
          .as("who was told, seed %s", seed)
          .isBetween(account.ownedWhenKilled(), account.ownedWhenKilled() + byLuck);
      System.out.printf(
          "%d kills, %d of them of owners, each told to the next one; seed %d%n",
          kills, account.told(), seed);
    } finally {
      waiters.forEach(Process::destroyForcibly);
      victims.forEach(Process::destroyForcibly);
    }
  }

  private static boolean allGoOn(long[] before, long[] now) {
    for (int i = 0; i < now.length; i++) {
      if (now[i] == before[i]) {
        return false;
      }
    }
    return true;
  }

  private static void until(String what, BooleanSupplier reached, RobustAccount account)
      throws InterruptedException {
    long end = System.nanoTime() + Delays.GIVE_UP.toNanos();
    while (!reached.getAsBoolean()) {
      assertThat(System.nanoTime()).as(() -> what + ": not in time; " + account).isLessThan(end);
      Thread.sleep(1); // between two looks; orders nothing
    }
  }

  private static Process java(Path path, int slot, ThreadKind kind, int point) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xshare:auto",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                RobustAccount.class.getName()));
    command.addAll(
        Arrays.asList(
            path.toString(), Integer.toString(slot), kind.name(), Integer.toString(point)));
    return new ProcessBuilder(command).inheritIO().start();
  }
}
