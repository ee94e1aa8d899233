package org.jfutex.shm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;
import org.jfutex.Errno;
import org.jfutex.Futex;
import org.jfutex.FutexException;
import org.jfutex.LockStatus;
import org.jfutex.OwnerWord;
import org.jfutex.kernel.Syscalls;
import org.jfutex.testing.Crew;
import org.jfutex.testing.ThreadKind;
import org.jfutex.word.Word;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Members that have died, but still have threads: this process plays them too. */
class MembersTest {
  private static final Layout LAYOUT =
      Layout.builder()
          .mutex("mutex")
          .condvar("condvar")
          .semaphore("semaphore", 2)
          .event("event")
          .autoResetEvent("auto")
          .bytes("data", 64)
          .build();
  private static final int ROUNDS = 40;
  private static final int IDLE = 8;
  private static final long LOOK_NANOS = 300_000_000;
  private static final int NR_KILL = 62;
  private static final int SIGKILL = 9;
  private static final int SOME = 17;
  private static final long AT_PID = 8;
  private static final long AT_START = 16;

  @TempDir static Path folder;

  private SharedRegion region;
  private Word mutex;

  @BeforeEach
  void open() throws Exception {
    region = SharedRegion.open(folder.resolve("cells"), LAYOUT);
    mutex = region.word(LAYOUT.cell("mutex", Kind.MUTEX), 0, Integer.SIZE);
  }

  @AfterEach
  void close() throws Exception {
    region.close();
    Files.delete(folder.resolve("cells"));
  }

  private Word place(int index, long offset, int bits) {
    return Word.of(region.file(), Header.MEMBERS + index * Members.BYTES + offset, bits);
  }

  /** Makes a place one of a process that has died just now. */
  private void die(int index, long start) {
    Cells.set(place(index, AT_PID, Integer.SIZE), ProcessHandle.current().pid());
    Cells.set(place(index, AT_START, Long.SIZE), start);
    Cells.set(place(index, 0, Integer.SIZE), OwnerWord.OWNER_DIED | OwnerWord.WAITERS);
  }

  private void waitsForMutex() {
    Crew.until("somebody waits", () -> OwnerWord.hasWaiters(mutex.load()));
    Crew.until("and sleeps", () -> sleepers() > 0);
  }

  private long sleepers() {
    long offset = LAYOUT.cell("mutex", Kind.MUTEX).offset();
    return Peer.sleepers(region.file(), offset);
  }

  @Test
  void aPlaceIsGivenAwayWhenTheThreadsOfTheDeadHaveEnded() throws Exception {
    long start = Procfs.startOfSelf();
    for (int i = 1; i < Members.MOST; i++) {
      die(i, start);
    }
    assertThatThrownBy(() -> SharedRegion.attach(region.path()))
        .isInstanceOf(FutexException.class)
        .hasMessageContaining("64 processes");
    die(SOME, start - 1); // another process had the number then
    try (SharedRegion other = SharedRegion.attach(region.path())) {
      assertThat(other.attached().mine().index()).isEqualTo(SOME);
    }
  }

  @Test
  void whoHasEndedIsForgottenByWhoWaits() {
    die(SOME, Procfs.startOfSelf());
    Members.Watch _ = region.attached().watch();
    assertThat(place(SOME, 0, Integer.SIZE).load()).isNotZero();
    die(SOME, Procfs.startOfSelf() - 1);
    Members.Watch _ = region.attached().watch();
    assertThat(place(SOME, 0, Integer.SIZE).load()).isZero();
  }

  /** The word is freed, and the wake goes to a thread that is about to end. */
  @ParameterizedTest
  @EnumSource(ThreadKind.class)
  void aWakeThatTheDyingTakeAlongIsNotNeeded(ThreadKind kind) {
    die(SOME, Procfs.startOfSelf());
    Cells.set(mutex, ProcessHandle.current().pid());
    try (Crew crew = new Crew()) {
      var waits =
          crew.start(
              kind,
              () -> {
                LockStatus status = region.mutex("mutex").lock();
                region.mutex("mutex").unlock();
                return status;
              });
      waitsForMutex();
      Cells.set(mutex, 0);
      assertThat(waits.join()).isEqualTo(LockStatus.LOCKED);
    }
  }

  @Test
  void norInC() throws Exception {
    die(SOME, Procfs.startOfSelf());
    Cells.set(mutex, ProcessHandle.current().pid());
    try (Peer c = Peer.c("region", region.path())) {
      c.send("lock");
      waitsForMutex();
      Cells.set(mutex, 0);
      assertThat(c.answer()).isZero();
      assertThat(c.call("unlock")).isZero();
      assertThat(c.call("detach")).isZero();
      assertThat(place(SOME, 0, Integer.SIZE).load()).as("still there").isNotZero();
      die(SOME, Procfs.startOfSelf() - 1);
    }
    try (Peer c = Peer.c("region", region.path())) {
      assertThat(c.call("timedawait 1")).isPositive();
      assertThat(place(SOME, 0, Integer.SIZE).load()).as("forgotten").isZero();
    }
  }

  /** Threads of the dead are first in the queues, and are given the wakes of the deaths. */
  @ParameterizedTest
  @CsvSource({"1, PLATFORM", "2, PLATFORM", "2, VIRTUAL"})
  void everyDeathIsToldOfAlthoughTheDyingAreWoken(int victims, ThreadKind kind) throws Exception {
    SharedSemaphore semaphore = region.semaphore("semaphore");
    long event = LAYOUT.cell("event", Kind.EVENT).offset();
    long permits = LAYOUT.cell("semaphore", Kind.SEMAPHORE).offset() + 64;
    for (int round = 0; round < ROUNDS; round++) {
      List<Peer> peers = new ArrayList<>();
      for (int i = 0; i < victims; i++) {
        peers.add(Peer.c("region", region.path()));
      }
      for (int i = 0; i < 2; i++) {
        assertThat(peers.get(i % victims).call("acquire"))
            .isIn(0L, (long) Errno.EOWNERDEAD.number()); // of the round before
      }
      for (Peer peer : peers) {
        assertThat(peer.call("sleeper")).isZero();
      }
      Crew.until("they sleep", () -> Peer.sleepers(region.file(), event) == victims);
      try (Crew crew = new Crew()) {
        var waits =
            crew.start(
                kind,
                () -> {
                  LockStatus status = semaphore.acquire();
                  semaphore.release();
                  return status;
                });
        Crew.until("it waits", () -> Peer.sleepers(region.file(), permits) == 1);
        for (Peer peer : peers) {
          assertThat(Syscalls.call(NR_KILL, peer.id(), SIGKILL, 0)).isZero();
        }
        assertThat(waits.join()).as("round %s", round).isEqualTo(LockStatus.OWNER_DIED);
        for (Peer peer : peers) {
          peer.kill();
        }
      }
    }
  }

  /** Who is told of a death or a detachment does not tell others without end. */
  @ParameterizedTest
  @ValueSource(strings = {"kill", "detach"})
  void whoHasBeenToldSleepsAgain(String end) throws Exception {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    long event = LAYOUT.cell("event", Kind.EVENT).offset();
    try (Crew crew = new Crew();
        Peer peer = Peer.c("region", region.path())) {
      assertThat(peer.call("reset")).as("it is a member").isZero();
      List<Crew.Job<?>> waiters = new ArrayList<>();
      for (int i = 0; i < IDLE; i++) {
        waiters.add(crew.start(ThreadKind.PLATFORM, () -> region.event("event").await()));
      }
      Crew.until("all wait", () -> Peer.sleepers(region.file(), event) == IDLE);
      int before = (int) joins().load();
      if (end.equals("kill")) {
        peer.kill();
      } else {
        assertThat(peer.call("detach")).isZero();
      }
      Crew.until("they are told", () -> (int) joins().load() != before);
      Crew.until("and sleep again", () -> Peer.sleepers(region.file(), event) == IDLE);
      LongSupplier used =
          () ->
              waiters.stream()
                  .mapToLong(each -> threads.getThreadCpuTime(each.thread().threadId()))
                  .sum();
      long start = used.getAsLong();
      long last = System.nanoTime() + LOOK_NANOS;
      while (System.nanoTime() < last) {
        Thread.onSpinWait(); // takes one processor, so that they are not the only ones to run
      }
      assertThat(used.getAsLong() - start).as("ns of processor time").isLessThan(LOOK_NANOS / 10);
      region.event("event").set();
      crew.joinAll();
      region.event("event").reset();
    }
  }

  /**
   * A thread that was woken for something else, and has not run yet, is given the wake of a death.
   */
  @Test
  void theWakeOfADeathIsNotHiddenByAnother() {
    Futex futex = Futex.kernel();
    Word departures = Word.of(region.file(), Header.DEPARTURES);
    long event = LAYOUT.cell("event", Kind.EVENT).offset();
    try (Crew crew = new Crew()) {
      crew.start(ThreadKind.PLATFORM, () -> region.event("event").await());
      for (int both = 0; both < 20; ) {
        Crew.until("it sleeps", () -> Peer.sleepers(region.file(), event) == 1);
        long before = joins().load();
        int first = futex.wake(joins(), 1);
        if (futex.wake(departures, 1) + first == 2) {
          both++;
          Crew.until("it tells the others", () -> joins().load() != before);
        }
      }
      region.event("event").set();
      crew.joinAll();
      region.event("event").reset();
    }
  }

  private Word joins() {
    return Word.of(region.file(), Header.JOINS);
  }

  @Test
  void aProcessMayHaveAnyName() throws Exception {
    try (Peer c = Peer.c("region", region.path())) {
      assertThat(c.call("rename")).isZero();
      long start = place(1, AT_START, Long.SIZE).load();
      assertThat(Procfs.hasEnded((int) c.id(), start)).isFalse();
      assertThat(Procfs.hasEnded((int) c.id(), start - 1)).isTrue();
      c.kill();
      assertThat(Procfs.hasEnded((int) c.id(), start)).isTrue();
    }
  }

  @Test
  void anOwnerThatDoesNotExistIsAnErrorInCToo() throws Exception {
    Cells.set(mutex, OwnerWord.OWNER_MASK);
    try (Peer c = Peer.c("region", region.path())) {
      assertThat(c.call("lock")).isEqualTo(Errno.EINVAL.number());
    }
  }
}
