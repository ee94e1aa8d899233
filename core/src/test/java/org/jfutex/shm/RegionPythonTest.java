package org.jfutex.shm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jfutex.LockStatus;
import org.jfutex.OwnerWord;
import org.jfutex.testing.Crew;
import org.jfutex.testing.ThreadKind;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The examples in C and in Python and this JVM count up one counter. */
class RegionPythonTest {
  private static final Layout LAYOUT =
      Layout.builder().mutex("lock").bytes("counter", 2 * Long.BYTES).build();
  private static final long BEGUN = 0;
  private static final long DONE = Long.BYTES;

  @TempDir static Path folder; // one for all: the compiled programs stand there

  private final List<Process> processes = new ArrayList<>();
  private SharedRegion region;
  private SharedMutex mutex;
  private MemorySegment counter;

  @BeforeEach
  void open() throws Exception {
    Path path = folder.resolve("region");
    Files.deleteIfExists(path);
    region = SharedRegion.open(path, LAYOUT);
    mutex = region.mutex("lock");
    counter = region.bytes("counter");
  }

  @AfterEach
  void close() {
    processes.forEach(Process::destroyForcibly);
    SharedPrimitivesTest.close(region);
  }

  private Process start(List<String> command) throws IOException {
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    processes.add(process);
    return process;
  }

  private Process python(String times) throws Exception {
    String python = Peer.tool("python3");
    Path library = folder.resolve("libregion.so");
    Peer.compile("examples/native/region.c", library, "-fPIC", "-shared");
    Path program = Path.of(System.getProperty("jfutex.root"), "examples/native/counter.py");
    return start(
        List.of(python, program.toString(), library.toString(), region.path().toString(), times));
  }

  private Process c(String times) throws Exception {
    Path program = folder.resolve("counter");
    Peer.compile("examples/native/counter.c", program);
    return start(List.of(program.toString(), region.path().toString(), times));
  }

  private static String output(Process process) throws Exception {
    String out = new String(process.getInputStream().readAllBytes());
    assertThat(process.waitFor()).as(out).isZero();
    return out.strip();
  }

  private long count(long cell) {
    return counter.get(ValueLayout.JAVA_LONG, cell);
  }

  private void add() {
    assertThat(mutex.lock()).isEqualTo(LockStatus.LOCKED);
    counter.set(ValueLayout.JAVA_LONG, BEGUN, count(BEGUN) + 1);
    counter.set(ValueLayout.JAVA_LONG, DONE, count(DONE) + 1);
    mutex.unlock();
  }

  @ParameterizedTest
  @EnumSource(ThreadKind.class)
  void theyCountTogether(ThreadKind kind) throws Exception {
    mutex.lock(); // until all are there
    Process python = python("10000");
    Process c = c("50000");
    Crew.until("all have come", () -> region.members().size() == 3);
    assertThat(count(BEGUN)).isZero();
    mutex.unlock();
    try (Crew crew = new Crew()) {
      var java =
          crew.start(
              kind,
              () -> {
                long times = 0;
                for (; python.isAlive() || c.isAlive(); times++) {
                  add();
                }
                return times;
              });
      assertThat(output(python)).endsWith("after 0 deaths: ok");
      assertThat(output(c)).endsWith("after 0 deaths: ok");
      long sum = 10_000 + 50_000 + java.join();
      assertThat(count(BEGUN)).isEqualTo(sum);
      assertThat(count(DONE)).isEqualTo(sum);
    }
  }

  @Test
  void javaIsToldOfAnOwnerInPythonThatWasKilled() throws Exception {
    Process python = python("hold");
    assertThat(Long.parseLong(python.inputReader().readLine())).isEqualTo(python.pid());
    assertThat(region.members()).contains((int) python.pid());
    assertThat(mutex.tryLock()).isEqualTo(LockStatus.BUSY);
    try (Crew crew = new Crew()) {
      var waits =
          crew.start(
              () -> {
                LockStatus status = mutex.lock();
                mutex.unlock();
                return status;
              });
      Crew.until("it waits", this::hasWaiters);
      assertThat(count(DONE)).isEqualTo(count(BEGUN) - 1);
      python.destroyForcibly(); // kill -9
      assertThat(waits.join()).isEqualTo(LockStatus.OWNER_DIED);
    }
    assertThat(python.waitFor()).isEqualTo(137);
    assertThat(region.members()).hasSize(1);
  }

  @Test
  void pythonIsToldOfAnOwnerInCThatWasKilled() throws Exception {
    Process c = c("hold");
    assertThat(c.inputReader().readLine()).isNotNull();
    Process python = python("1");
    Crew.until("Python waits", this::hasWaiters);
    c.destroyForcibly();
    assertThat(output(python)).isEqualTo("told of a death: 1 begun, 0 done\n2, after 1 deaths: ok");
  }

  private boolean hasWaiters() {
    return OwnerWord.hasWaiters(
        region.word(LAYOUT.cell("lock", Kind.MUTEX), 0, Integer.SIZE).load());
  }
}
