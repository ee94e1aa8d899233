package org.jfutex.shm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.jfutex.Futex;
import org.jfutex.testing.Crew;
import org.jfutex.testing.Delays;
import org.jfutex.word.MappedFile;
import org.jfutex.word.Word;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Another process writes random bytes over a region while processes in Java and C use it: none of
 * them crashes or waits much longer than its deadline; they meet errors.
 */
class RegionHostileTest {
  private static final long SHORT_MILLIS = 400;
  private static final long LONG_MILLIS = TimeUnit.MINUTES.toMillis(5);
  private static final int WORDS = 3; // waited on in one cell: the guard, and two behind it
  private static final long AT_WORDS = 64;

  @TempDir static Path folder; // one for all: the compiled programs stand there

  /** Who visits, and what is written over. */
  enum Visitors {
    JAVA("all", false, false),
    BOTH("spare", false, true, true); // C trusts the links

    private final String mode;
    private final boolean[] areNative;

    Visitors(String mode, boolean... areNative) {
      this.mode = mode;
      this.areNative = areNative;
    }
  }

  @ParameterizedTest
  @EnumSource(Visitors.class)
  void randomBytesCrashNobody(Visitors visitors) throws Exception {
    run(visitors, SHORT_MILLIS);
  }

  @ParameterizedTest
  @EnumSource(Visitors.class)
  @Tag("long")
  void randomBytesCrashNobodyForLong(Visitors visitors) throws Exception {
    run(visitors, Math.min(LONG_MILLIS, RegionKillTest.longTime().toMillis() / 2));
  }

  private record Visitor(boolean isNative, Process process, BufferedReader out) {}

  private void run(Visitors who, long millis) throws Exception {
    long seed = new SplittableRandom().nextLong();
    SplittableRandom random = new SplittableRandom(seed);
    Path path = folder.resolve("region");
    Files.deleteIfExists(path);
    Path hostile = folder.resolve("hostile");
    Peer.compile("core/src/test/native/hostile.c", hostile);
    Path visitor = folder.resolve("visitor");
    Peer.compile("core/src/test/native/visitor.c", visitor);
    List<Visitor> visitors = new ArrayList<>();
    try (SharedRegion region = SharedRegion.open(path, RegionVisitor.LAYOUT)) {
      for (boolean isNative : who.areNative) {
        visitors.add(start(isNative, command(isNative, visitor), path, random, millis));
      }
      for (Visitor each : visitors) {
        assertThat(line(each)).isEqualTo("ready");
      }
      for (Visitor each : visitors) {
        each.process.outputWriter().write("go\n");
        each.process.outputWriter().flush();
      }
      Process writer =
          new ProcessBuilder(
                  hostile.toString(),
                  path.toString(),
                  Long.toString(random.nextLong()),
                  Long.toString(millis),
                  who.mode)
              .inheritIO()
              .start();
      assertThat(writer.waitFor()).isZero();
      healUntilAllHaveEnded(region, visitors);
      for (Visitor each : visitors) {
        String result = line(each);
        assertThat(each.process.waitFor()).as("exit status, seed %s", seed).isZero();
        System.out.printf("%s: %s%n", each.isNative ? "C" : "Java", result);
        String[] counts = result.split(" ", -1);
        assertThat(Long.parseLong(counts[0])).as("calls").isPositive();
        assertThat(Long.parseLong(counts[2])).as("late, seed %s", seed).isLessThan(lateMillis());
      }
    } finally {
      visitors.forEach(each -> each.process.destroyForcibly());
    }
  }

  private static long lateMillis() {
    return Delays.GIVE_UP.toMillis() / 10;
  }

  private static Visitor start(
      boolean isNative, List<String> command, Path path, SplittableRandom random, long millis)
      throws IOException {
    List<String> all = new ArrayList<>(command);
    all.addAll(List.of(path.toString(), Long.toString(random.nextLong()), Long.toString(millis)));
    Process process =
        new ProcessBuilder(all).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    return new Visitor(isNative, process, process.inputReader());
  }

  private static List<String> command(boolean isNative, Path visitor) {
    return isNative
        ? List.of(visitor.toString())
        : List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            RegionVisitor.class.getName());
  }

  private static String line(Visitor visitor) throws IOException {
    return String.valueOf(visitor.out.readLine());
  }

  /** What has no deadline, as unlocking a semaphore's guard, may wait for an owner made up. */
  private static void healUntilAllHaveEnded(SharedRegion region, List<Visitor> visitors) {
    Crew.until(
        "all end",
        () -> {
          heal(region.file());
          return visitors.stream().noneMatch(visitor -> visitor.process.isAlive());
        });
  }

  private static void heal(MappedFile file) {
    for (Layout.Cell cell : RegionVisitor.LAYOUT.cells()) {
      for (int i = 0; i < WORDS; i++) {
        long offset = cell.offset() + (i == 0 ? 0 : AT_WORDS + (i - 1L) * Integer.BYTES);
        if (offset < cell.offset() + cell.bytes()) {
          Word word = Word.of(file, offset);
          Cells.set(word, 0);
          int _ = Futex.kernel().wakeAll(word);
        }
      }
    }
    Word registry = Word.of(file, Header.REGISTRY);
    Cells.set(registry, 0);
    int _ = Futex.kernel().wakeAll(registry);
  }
}
