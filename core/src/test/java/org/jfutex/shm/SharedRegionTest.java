package org.jfutex.shm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import org.jfutex.FutexException;
import org.jfutex.LockStatus;
import org.jfutex.testing.Crew;
import org.jfutex.testing.Delays;
import org.jfutex.testing.ThreadKind;
import org.jfutex.time.Deadline;
import org.jfutex.word.WordFault;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Regions as files: who may open which, and what hostile ones are answered. */
class SharedRegionTest {
  private static final Layout LAYOUT =
      Layout.builder()
          .mutex("mutex")
          .semaphore("semaphore", 2)
          .rwLock("rwlock")
          .condvar("condvar")
          .barrier("barrier", 2)
          .event("event")
          .signal("signal")
          .bytes("data", 100)
          .build();

  @TempDir Path folder;

  private Path path;

  @BeforeEach
  void name() {
    path = folder.resolve("region");
  }

  private SharedRegion open() throws IOException {
    return SharedRegion.open(path, LAYOUT);
  }

  @Test
  void theFirstMakesItAndTheNextFindsIt() throws Exception {
    try (SharedRegion one = open();
        SharedRegion two = open()) {
      one.bytes("data").set(ValueLayout.JAVA_BYTE, 99, (byte) 7);
      assertThat(two.bytes("data").get(ValueLayout.JAVA_BYTE, 99)).isEqualTo((byte) 7);
      assertThat(two.members()).hasSize(2);
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
          .isEqualTo("rw-------");
      assertThat(two.layout()).isEqualTo(LAYOUT).hasToString(LAYOUT.toString());
      assertThat(two.mutex("mutex")).isSameAs(two.mutex("mutex"));
      assertThatThrownBy(() -> two.mutex("data")).hasMessageContaining("MUTEX \"data\"");
      assertThatThrownBy(() -> two.word("data", 98)).isInstanceOf(IndexOutOfBoundsException.class);
    }
    try (SharedRegion again = SharedRegion.attach(path)) {
      assertThat(again.members()).hasSize(1);
    }
    try (var files = Files.list(folder)) {
      assertThat(files).containsExactly(path);
    }
  }

  @Test
  void manyMakeOneRegion() throws Exception {
    try (Crew crew = new Crew()) {
      List<Crew.Job<SharedRegion>> jobs = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        jobs.add(crew.start(ThreadKind.PLATFORM, this::open));
      }
      List<SharedRegion> regions = jobs.stream().map(Crew.Job::join).toList();
      assertThat(regions.getFirst().members()).hasSize(8);
      regions.forEach(SharedRegion::close);
    }
  }

  @Test
  void namesAreInMemoryAndCanBeRemoved() throws Exception {
    String name = "jfutex-test-" + UUID.randomUUID();
    try (SharedRegion region = SharedRegion.open(name, LAYOUT)) {
      assertThat(region.path()).isEqualTo(Path.of("/dev/shm", name));
      assertThat(SharedRegion.delete(name)).isTrue();
      assertThat(SharedRegion.delete(name)).isFalse();
      region.mutex("mutex").lock();
      region.mutex("mutex").unlock();
    }
    assertThatThrownBy(() -> SharedRegion.open("../x", LAYOUT))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("../x");
  }

  @Test
  void anAnonymousOneIsReachedByItsPath() throws Exception {
    Path way;
    try (SharedRegion region = SharedRegion.anonymous(LAYOUT)) {
      way = region.path();
      try (SharedRegion other = SharedRegion.attach(way)) {
        region.event("event").set();
        assertThat(other.event("event").isSet()).isTrue();
      }
      assertThat(Files.exists(way)).isTrue();
    }
    assertThat(Files.exists(way)).isFalse();
  }

  @Test
  void otherFilesAreRefused() throws Exception {
    assertThatThrownBy(() -> SharedRegion.attach(path)).isInstanceOf(NoSuchFileException.class);
    Files.createFile(path);
    refused("0 bytes");
    Files.write(path, new byte[8192]);
    refused("magic 0x0");
    Files.delete(path);
    Files.createSymbolicLink(path, folder.resolve("elsewhere"));
    refused("symbolic link");
    Files.delete(path);
    Files.createDirectory(path);
    refused("expected a regular file");
  }

  private void refused(String why) {
    assertThatThrownBy(this::open)
        .isInstanceOf(RegionException.class)
        .hasMessageContaining(path.toString())
        .hasMessageContaining(why);
  }

  @Test
  void anotherLayoutIsRefused() throws Exception {
    open().close();
    assertThatThrownBy(() -> SharedRegion.open(path, Layout.builder().bytes("data", 100).build()))
        .isInstanceOf(RegionException.class)
        .hasMessageContaining("BYTES \"data\" of 100");
  }

  @Test
  void whatOthersMayWriteToIsRefused() throws Exception {
    open().close();
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-rw----"));
    refused("GROUP_WRITE");
    SharedRegion.open(path, LAYOUT, PosixFilePermissions.fromString("rw-rw----")).close();
    if (Integer.valueOf(0).equals(Files.getAttribute(path, "unix:uid"))) { // root may give it away
      Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-------"));
      Files.setAttribute(path, "unix:uid", 65_534);
      refused("user 65534's");
    }
  }

  @Test
  void aShorterFileIsRefused() throws Exception {
    open().close();
    try (FileChannel file = FileChannel.open(path, StandardOpenOption.WRITE)) {
      file.truncate(8192 - 4096);
    }
    refused("4096 bytes");
  }

  /**
   * Any byte of the header or directory may be another one: an error says so, or it is harmless.
   */
  @Test
  void aDamagedHeaderIsRefused() throws Exception {
    open().close();
    byte[] whole = Files.readAllBytes(path);
    SplittableRandom random = new SplittableRandom(4711);
    int refused = 0;
    long end = Header.DIRECTORY + LAYOUT.cells().size() * Header.ENTRY_BYTES;
    for (int round = 0; round < 300; round++) {
      byte[] damaged = whole.clone();
      long place = random.nextBoolean() ? random.nextLong(32) : random.nextLong(4352, end);
      damaged[(int) place] = (byte) random.nextInt();
      Files.write(path, damaged);
      try {
        SharedRegion.attach(path).close();
      } catch (RegionException e) {
        refused++;
      }
    }
    assertThat(refused).isGreaterThan(200);
  }

  @Test
  void theSixtyFifthProcessIsRefused() throws Exception {
    List<SharedRegion> regions = new ArrayList<>();
    for (int i = 0; i < Members.MOST; i++) {
      regions.add(open());
    }
    assertThatThrownBy(this::open)
        .isInstanceOf(FutexException.class)
        .hasMessageContaining("64 processes");
    regions.removeLast().close();
    open().close();
    regions.forEach(SharedRegion::close);
  }

  @Test
  void aRegionWithAHeldLockIsNotClosed() throws Exception {
    SharedRegion region = open();
    region.mutex("mutex").lock();
    assertThatThrownBy(region::close).isInstanceOf(IllegalStateException.class);
    region.mutex("mutex").unlock();
    LockStatus _ = region.semaphore("semaphore").acquire();
    assertThatThrownBy(region::close)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("in use");
    region.semaphore("semaphore").release();
    region.close();
    region.close();
    assertThatThrownBy(() -> region.mutex("mutex").lock()).isInstanceOf(WordFault.class);
  }

  /** What a waiter has enlisted would hide the locks behind it from the kernel. */
  @Test
  void aRegionInWhichSomebodyWaitsIsNotClosed() throws Exception {
    SharedRegion region = open();
    try (Crew crew = new Crew()) {
      Map<Long, Callable<?>> waits =
          Map.of(
              LAYOUT.cell("event", Kind.EVENT).offset(),
              () -> region.event("event").await(),
              LAYOUT.cell("signal", Kind.SIGNAL).offset(),
              () -> region.signal("signal").await(0, Deadline.NEVER),
              LAYOUT.cell("barrier", Kind.BARRIER).offset() + SharedBarrier.WORD,
              () -> region.barrier("barrier").await());
      for (var wait : waits.entrySet()) {
        Crew.Job<?> job = crew.start(ThreadKind.VIRTUAL, wait.getValue());
        Crew.until("it waits", () -> Peer.sleepers(region.file(), wait.getKey()) > 0);
        assertThatThrownBy(region::close)
            .isInstanceOf(IllegalStateException.class)
            .hasMessageContaining("in use");
        job.thread().interrupt();
        job.join();
      }
      region.close();
    }
  }

  @Test
  void aRegionOfAnotherBootOrNamespaceIsRefused() throws Exception {
    for (long offset : new long[] {32, 40, 48}) {
      try (SharedRegion region = open()) {
        long value = region.file().segment().get(ValueLayout.JAVA_LONG, offset);
        region.file().segment().set(ValueLayout.JAVA_LONG, offset, value + 1);
        assertThatThrownBy(this::open)
            .isInstanceOf(RegionException.class)
            .hasMessageContaining(offset == 48 ? "pid namespace " + (value + 1) : "boot");
        region.file().segment().set(ValueLayout.JAVA_LONG, offset, value);
      }
    }
  }

  /** Another process writes nonsense everywhere: nothing hangs beyond its deadline. */
  @Test
  void nonsenseInTheCellsIsSurvived() throws Exception {
    SplittableRandom random = new SplittableRandom(815);
    SharedRegion region = open();
    try (Crew crew = new Crew();
        FileChannel file = FileChannel.open(path, StandardOpenOption.WRITE)) {
      List<Callable<?>> uses =
          List.of(
              () -> region.mutex("mutex").lock(soon()),
              () -> region.mutex("mutex").lock(soon()),
              () -> region.semaphore("semaphore").acquire(soon()),
              () -> region.rwLock("rwlock").lockRead(soon()),
              () -> region.rwLock("rwlock").lockWrite(soon()),
              () -> region.barrier("barrier").await(soon()),
              () -> region.event("event").await(soon()));
      List<Crew.Job<?>> jobs = new ArrayList<>();
      AtomicInteger errors = new AtomicInteger();
      for (Callable<?> use : uses) {
        jobs.add(
            crew.start(
                ThreadKind.PLATFORM,
                () -> {
                  for (int i = 0; i < 20; i++) {
                    try {
                      Object _ = use.call();
                    } catch (FutexException e) {
                      errors.incrementAndGet();
                    }
                  }
                  return null;
                }));
      }
      long bytes = Files.size(path);
      while (!jobs.stream().allMatch(Crew.Job::isDone)) {
        long place = random.nextLong(Header.REGISTRY, bytes - 4) & -4;
        int value = random.nextBoolean() ? random.nextInt() | 1 << 29 : 0; // nobody, or no thread
        ByteBuffer word = ByteBuffer.allocate(4).putInt(value).flip();
        int _ = file.write(word, place);
      }
      jobs.forEach(Crew.Job::join);
      assertThat(errors.get()).isPositive();
    } // not closed: nothing in it can be trusted any more
  }

  private static Deadline soon() {
    return Deadline.after(Delays.SHORT.dividedBy(4));
  }
}
