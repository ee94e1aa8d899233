package org.jfutex.shm;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.jfutex.Errno;
import org.jfutex.LockStatus;
import org.jfutex.OwnerWord;
import org.jfutex.WaitStatus;
import org.jfutex.testing.Crew;
import org.jfutex.testing.Delays;
import org.jfutex.testing.ThreadKind;
import org.jfutex.time.Deadline;
import org.jfutex.word.Word;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A program in C and this JVM use one region. */
class RegionNativeTest {
  private static final Layout LAYOUT =
      Layout.builder()
          .mutex("mutex")
          .condvar("condvar")
          .semaphore("semaphore", 2)
          .event("event")
          .autoResetEvent("auto")
          .bytes("data", 64)
          .build();
  private static final long FROM_JAVA = 1;
  private static final long FROM_C = 2;

  @TempDir static Path folder; // one for all: the compiled program stands there

  private Path path;
  private SharedRegion region;

  @BeforeEach
  void open() throws Exception {
    path = folder.resolve("cells");
    Files.deleteIfExists(path);
    region = SharedRegion.open(path, LAYOUT);
  }

  @AfterEach
  void close() {
    SharedPrimitivesTest.close(region);
  }

  private Peer c() throws Exception {
    return Peer.c("region", path);
  }

  private static int number(Errno errno) {
    return errno.number();
  }

  @ParameterizedTest
  @EnumSource(ThreadKind.class)
  void messagesGoToAndFro(ThreadKind kind) throws Exception {
    exchange(kind, 5_000);
  }

  @Test
  @Tag("long")
  void aMillionMessagesGoToAndFro() throws Exception {
    exchange(ThreadKind.PLATFORM, 1_000_000);
  }

  private void exchange(ThreadKind kind, int messages) throws Exception {
    MemorySegment data = region.bytes("data");
    SharedMutex mutex = region.mutex("mutex");
    SharedCondvar condvar = region.condvar("condvar");
    try (Peer c = c();
        Crew crew = new Crew()) {
      c.send("echo " + messages);
      long answers =
          crew.start(
                  kind,
                  () -> {
                    long sum = 0;
                    for (long i = 1; i <= messages; i++) {
                      assertThat(mutex.lock()).isEqualTo(LockStatus.LOCKED);
                      data.set(ValueLayout.JAVA_LONG, 8, i);
                      data.set(ValueLayout.JAVA_LONG, 0, FROM_JAVA);
                      condvar.signalAll();
                      while (data.get(ValueLayout.JAVA_LONG, 0) != FROM_C) {
                        assertThat(condvar.await(mutex)).isEqualTo(WaitStatus.WOKEN);
                      }
                      sum += data.get(ValueLayout.JAVA_LONG, 8);
                      mutex.unlock();
                    }
                    return sum;
                  })
              .join(Delays.GIVE_UP_LONG);
      long sum = (long) messages * (messages + 1) / 2;
      assertThat(answers).isEqualTo(3 * sum);
      assertThat(c.answer()).isEqualTo(sum);
      assertThat(mutex.lock()).isEqualTo(LockStatus.LOCKED);
      assertThat(mutex.epoch()).isGreaterThan(2L * messages);
      mutex.unlock();
    }
  }

  @ParameterizedTest
  @EnumSource(ThreadKind.class)
  void javaIsToldOfAnOwnerInCThatWasKilled(ThreadKind kind) throws Exception {
    SharedMutex mutex = region.mutex("mutex");
    try (Peer c = c();
        Crew crew = new Crew()) {
      assertThat(c.call("lock")).isZero();
      assertThat(c.call("lock")).isEqualTo(number(Errno.EDEADLK));
      assertThat(mutex.tryLock()).isEqualTo(LockStatus.BUSY);
      var waits =
          crew.start(
              kind,
              () -> {
                LockStatus status = mutex.lock();
                mutex.unlock();
                return status;
              });
      Crew.until("it waits", this::hasWaiters);
      c.kill();
      assertThat(waits.join()).isEqualTo(LockStatus.OWNER_DIED);
      assertThat(mutex.lock()).isEqualTo(LockStatus.LOCKED);
      mutex.unlock();
      assertThat(region.members()).hasSize(1);
    }
  }

  private boolean hasWaiters() {
    return OwnerWord.hasWaiters(
        region.word(LAYOUT.cell("mutex", Kind.MUTEX), 0, Integer.SIZE).load());
  }

  @Test
  void cIsToldOfAThreadOfJavaThatEnded() throws Exception {
    SharedMutex mutex = region.mutex("mutex");
    try (Peer c = c();
        Crew crew = new Crew()) {
      crew.start(ThreadKind.VIRTUAL, () -> mutex.lock()).join();
      assertThat(c.call("lock")).isEqualTo(number(Errno.EOWNERDEAD));
      assertThat(c.call("epoch")).isEqualTo(2);
      assertThat(c.call("unlock")).isZero();
      assertThat(c.call("unlock")).isEqualTo(number(Errno.EPERM));
      mutex.lock();
      assertThat(c.call("timedlock 5")).isEqualTo(number(Errno.ETIMEDOUT));
      mutex.abandon();
      assertThat(c.call("lock")).isEqualTo(number(Errno.EOWNERDEAD));
      assertThat(c.call("unlock")).isZero();
    }
  }

  @Test
  void aDeadlineInCCountsForTheGuardOfASemaphore() throws Exception {
    Word guard = region.word(LAYOUT.cell("semaphore", Kind.SEMAPHORE), 0, Integer.SIZE);
    Cells.set(guard, ProcessHandle.current().pid()); // as if stopped while it holds it
    try (Peer c = c()) {
      assertThat(c.call("timedacquire 5")).isEqualTo(number(Errno.ETIMEDOUT));
      Cells.set(guard, 0);
      assertThat(c.call("timedacquire 5")).isZero();
    }
  }

  @Test
  void permitsOfAProcessInCComeBack() throws Exception {
    SharedSemaphore semaphore = region.semaphore("semaphore");
    try (Peer c = c();
        Peer other = c();
        Crew crew = new Crew()) {
      assertThat(c.call("acquire")).isZero();
      assertThat(c.call("acquire")).isZero();
      assertThat(other.call("timedacquire 5")).isEqualTo(number(Errno.ETIMEDOUT));
      assertThat(other.call("release")).isEqualTo(number(Errno.EPERM));
      assertThat(semaphore.tryAcquire()).isEqualTo(LockStatus.BUSY);
      other.send("acquire");
      var waits = crew.start(ThreadKind.PLATFORM, () -> semaphore.acquire());
      c.kill();
      long told = other.answer();
      LockStatus status = waits.join();
      // one death: one of the two is told of it
      assertThat(told == 0 || status == LockStatus.LOCKED).isTrue();
      assertThat(told == number(Errno.EOWNERDEAD) || status == LockStatus.OWNER_DIED).isTrue();
      assertThat(other.call("release")).isZero();
      Crew.until("the thread's permit comes back", () -> semaphore.available() == 2);
    }
  }

  @Test
  void eventsReachTheOtherSide() throws Exception {
    try (Peer c = c();
        Crew crew = new Crew()) {
      c.send("await");
      region.event("event").set();
      assertThat(c.answer()).isZero();
      assertThat(c.call("reset")).isZero();
      assertThat(region.event("event").isSet()).isFalse();
      var waits = crew.start(ThreadKind.VIRTUAL, () -> region.event("auto").await());
      assertThat(c.call("setauto")).isZero();
      assertThat(waits.join()).isEqualTo(WaitStatus.WOKEN);
      assertThat(c.call("timedawait 5")).isEqualTo(number(Errno.ETIMEDOUT));
      assertThat(region.event("auto").await(Deadline.after(5, TimeUnit.MILLISECONDS)))
          .isEqualTo(WaitStatus.TIMED_OUT);
      assertThat(c.call("detach")).isZero();
      assertThat(region.members()).hasSize(1);
    }
  }

  @Test
  void aRegionOfAnotherBootOrNamespaceIsRefused() throws Exception {
    Path program = folder.resolve("region");
    Peer.compile("core/src/test/native/region.c", program);
    MemorySegment header = region.file().segment();
    for (long offset : new long[] {32, 47, 48}) {
      byte value = header.get(ValueLayout.JAVA_BYTE, offset);
      header.set(ValueLayout.JAVA_BYTE, offset, (byte) ~value);
      Process process =
          new ProcessBuilder(program.toString(), path.toString()).redirectErrorStream(true).start();
      String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(out).contains("Stale");
      assertThat(process.waitFor()).isEqualTo(2);
      header.set(ValueLayout.JAVA_BYTE, offset, value);
    }
  }

  /** The two programs of the example, one after the other. */
  @Test
  void theExamplesCountTogether() throws Exception {
    String name = "jfutex-test-" + UUID.randomUUID();
    Path program = folder.resolve("counter");
    Peer.compile("examples/native/counter.c", program);
    try {
      assertThat(counted(javaExample(name))).isEqualTo("1000, after 0 deaths: ok");
      assertThat(counted(List.of(program.toString(), "/dev/shm/" + name, "1000")))
          .isEqualTo("2000, after 0 deaths: ok");
      assertThat(counted(javaExample(name))).isEqualTo("3000, after 0 deaths: ok");
    } finally {
      assertThat(SharedRegion.delete(name)).isTrue();
    }
  }

  private static List<String> javaExample(String name) {
    return List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "--enable-native-access=ALL-UNNAMED",
        "-cp",
        System.getProperty("java.class.path"),
        Path.of(System.getProperty("jfutex.root"), "examples/java/SharedCounter.java").toString(),
        name,
        "1000");
  }

  private static String counted(List<String> command) throws Exception {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(out).isZero();
    return out.strip();
  }
}
