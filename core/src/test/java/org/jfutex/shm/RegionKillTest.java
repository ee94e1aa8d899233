package org.jfutex.shm;

import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Processes in Java and C are killed and stopped, see {@link RegionHarness}. */
class RegionKillTest {
  private static final Duration HOUR = Duration.ofHours(1);

  @TempDir static Path folder; // one for all: the compiled program stands there

  @Test
  void aSliceOfTheKills() throws Exception {
    run(4, 12, 4, HOUR);
  }

  /** The system property jfutex.long.seconds, if set, ends it earlier. */
  @Test
  @Tag("long")
  void twoThousandKills() throws Exception {
    run(4, 2_000, 200, longTime());
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 8})
  @Tag("long")
  void fewerAndMore(int processes) throws Exception {
    run(processes, 200, 20, longTime());
  }

  /** For as many minutes as the system property jfutex.soak.minutes says. */
  @Test
  @Tag("long")
  @Timeout(value = 1, unit = TimeUnit.DAYS)
  void soak() throws Exception {
    String minutes = System.getProperty("jfutex.soak.minutes", "");
    assumeFalse(minutes.isEmpty(), "-Djfutex.soak.minutes=60 is not there");
    try (RegionHarness harness = harness(4)) {
      harness.soak(Duration.ofMinutes(Long.parseLong(minutes)));
    }
  }

  /** How long a test tagged long takes at most. */
  static Duration longTime() {
    String seconds = System.getProperty("jfutex.long.seconds", "");
    return seconds.isEmpty() ? HOUR : Duration.ofSeconds(Long.parseLong(seconds));
  }

  private static RegionHarness harness(int processes) throws Exception {
    Path program = folder.resolve("worker");
    Peer.compile(RegionHarness.WORKER, program);
    return new RegionHarness(folder.resolve("region"), processes, program);
  }

  private static void run(int processes, int kills, int stops, Duration time) throws Exception {
    long last = System.nanoTime() + time.toNanos();
    try (RegionHarness harness = harness(processes)) {
      while (harness.kills() < kills && System.nanoTime() < last) {
        harness.kill();
        if (harness.kills() % (kills / stops) == 0) {
          harness.stop();
        }
      }
      harness.finish();
      System.out.println(harness);
    }
  }
}
