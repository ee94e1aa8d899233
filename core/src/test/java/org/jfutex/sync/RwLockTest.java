package org.jfutex.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.jfutex.sync.Setting.faults;
import static org.jfutex.sync.Setting.refuses;

import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Lock;
import java.util.stream.Stream;
import org.jfutex.Errno;
import org.jfutex.Futex;
import org.jfutex.sync.RwLock.Preference;
import org.jfutex.testing.Allocation;
import org.jfutex.testing.Crew;
import org.jfutex.testing.Delays;
import org.jfutex.testing.WordKind;
import org.jfutex.time.Deadline;
import org.jfutex.word.Word;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class RwLockTest {
  private static final int ROUNDS = 500;
  private static final Deadline REACHED = Deadline.after(0, TimeUnit.NANOSECONDS);
  private static final int WRITER = 0x1fff_ffff;

  /** A lock and what it is made of. */
  record Made(Setting setting, Preference preference, Word state, Word writers, RwLock lock) {
    static Made of(Setting setting, Preference preference) {
      return of(setting, preference, setting.word(0), setting.word(0));
    }

    static Made of(Setting setting, Preference preference, Word state, Word writers) {
      RwLock lock =
          setting.isShared()
              ? RwLock.shared(state, writers, preference)
              : RwLock.of(setting.futex(), state, writers, preference);
      return new Made(setting, preference, state, writers, lock);
    }

    void assertAtRest() {
      assertThat((int) state.load()).isZero();
      assertThat((int) writers.load()).isZero();
      assertThat(setting.queued(state)).isZero();
    }

    @Override
    public String toString() {
      return setting + ", " + preference;
    }
  }

  static Stream<Made> all() {
    return Setting.all()
        .flatMap(setting -> Stream.of(Preference.values()).map(p -> Made.of(setting, p)));
  }

  @ParameterizedTest
  @MethodSource("all")
  void oneWriterOrManyReaders(Made made) {
    RwLock lock = made.lock;
    AtomicInteger readers = new AtomicInteger();
    AtomicInteger writers = new AtomicInteger();
    int[] guarded = {0};
    made.setting.together(
        4,
        index -> {
          for (int i = 0; i < ROUNDS; i++) {
            if (i % 4 == index) {
              lock.writeLock().lock();
              assertThat(writers.incrementAndGet()).isEqualTo(1);
              assertThat(readers).hasValue(0);
              guarded[0]++;
              writers.decrementAndGet();
              lock.writeLock().unlock();
            } else {
              lock.readLock().lock();
              readers.incrementAndGet();
              assertThat(writers).hasValue(0);
              if (i % 16 == 0) {
                Thread.yield();
              }
              readers.decrementAndGet();
              lock.readLock().unlock();
            }
          }
        });
    assertThat(guarded[0]).isEqualTo(ROUNDS);
    made.assertAtRest();
  }

  /** Every way in and out at once; a lost wake is a test that does not end. */
  @ParameterizedTest
  @MethodSource("all")
  void everyMixtureComesToRest(Made made) {
    RwLock lock = made.lock;
    AtomicInteger inside = new AtomicInteger(); // readers, or -1
    try (Crew crew = new Crew()) {
      for (int i = 0; i < 5; i++) {
        Random random = new Random(i);
        crew.start(
            made.setting.kind(),
            () -> {
              for (int round = 0; round < ROUNDS / 2; round++) {
                step(lock, random, inside);
              }
              return null;
            });
      }
      crew.joinAll();
    }
    made.assertAtRest();
  }

  private static void step(RwLock lock, Random random, AtomicInteger inside) {
    Deadline soon = Deadline.after(random.nextInt(60), TimeUnit.MICROSECONDS);
    if (random.nextInt(16) == 0) {
      Thread.currentThread().interrupt();
    }
    try {
      switch (random.nextInt(6)) {
        case 0 -> lock.readLock().lock();
        case 1 -> lock.readLock().lockInterruptibly();
        case 2 -> {
          if (!lock.readLock().tryLock(soon)) {
            return;
          }
        }
        case 3 -> {
          lock.writeLock().lock();
          write(lock, random, inside);
          return;
        }
        case 4 -> {
          lock.writeLock().lockInterruptibly();
          write(lock, random, inside);
          return;
        }
        default -> {
          if (lock.writeLock().tryLock(soon)) {
            write(lock, random, inside);
          }
          return;
        }
      }
    } catch (InterruptedException e) {
      return;
    } finally {
      boolean _ = Thread.interrupted();
    }
    assertThat(inside.incrementAndGet()).isPositive();
    inside.decrementAndGet();
    if (random.nextBoolean() && lock.readLock().tryUpgrade()) {
      write(lock, random, inside);
    } else {
      lock.readLock().unlock();
    }
  }

  private static void write(RwLock lock, Random random, AtomicInteger inside) {
    assertThat(inside.getAndSet(-1)).isZero();
    if (random.nextBoolean()) {
      Thread.yield();
    }
    inside.set(0);
    if (random.nextBoolean()) {
      lock.writeLock().downgrade();
      assertThat(inside.incrementAndGet()).isPositive();
      inside.decrementAndGet();
      lock.readLock().unlock();
    } else {
      lock.writeLock().unlock();
    }
  }

  @ParameterizedTest
  @MethodSource("all")
  void readersThatComeWaitBehindAWriterThatWaits(Made made) {
    RwLock lock = made.lock;
    lock.readLock().lock();
    try (Crew crew = new Crew()) {
      Crew.Job<?> writer = lockAndUnlock(crew, made, lock.writeLock());
      made.setting.untilQueued(made.state, 1);
      Crew.Job<Boolean> reader =
          crew.start(made.setting.kind(), () -> lock.readLock().tryLock(REACHED));
      assertThat(reader.join()).isFalse();
      assertThat(lock.readLock().tryLock()).as("jumps the queue").isTrue();
      lock.readLock().unlock();
      Crew.Job<?> patient = lockAndUnlock(crew, made, lock.readLock());
      made.setting.untilQueued(made.state, 2);
      lock.readLock().unlock();
      writer.join();
      patient.join();
    }
    made.assertAtRest();
  }

  private static Crew.Job<?> lockAndUnlock(Crew crew, Made made, Lock lock) {
    return crew.start(
        made.setting.kind(),
        () -> {
          lock.lock();
          lock.unlock();
          return null;
        });
  }

  /** A writer frees the lock that a writer waits for, who came first, and a reader. */
  @ParameterizedTest
  @MethodSource("all")
  void whoComesFirstAfterAWriter(Made made) {
    RwLock lock = made.lock;
    StringBuffer order = new StringBuffer();
    lock.writeLock().lock();
    try (Crew crew = new Crew()) {
      note(crew, made, lock.writeLock(), order, "w");
      made.setting.untilQueued(made.state, 1);
      note(crew, made, lock.readLock(), order, "r");
      made.setting.untilQueued(made.state, 2);
      lock.writeLock().unlock();
      crew.joinAll();
    }
    assertThat(order).hasToString(made.preference == Preference.FAIR ? "rw" : "wr");
    made.assertAtRest();
  }

  private static void note(Crew crew, Made made, Lock lock, StringBuffer order, String what) {
    crew.start(
        made.setting.kind(),
        () -> {
          lock.lock();
          order.append(what);
          lock.unlock();
          return null;
        });
  }

  /** Who frees the lock and comes again at once does not overtake whom it has woken. */
  @ParameterizedTest
  @MethodSource("all")
  void theOtherKindHasItsTurn(Made made) throws Exception {
    RwLock lock = made.lock;
    for (int round = 0; round < 20; round++) {
      lock.readLock().lock();
      overtakesNobody(made, lock.readLock(), lock.writeLock());
      if (made.preference == Preference.FAIR) {
        lock.writeLock().lock();
        overtakesNobody(made, lock.writeLock(), lock.readLock());
      }
    }
    made.assertAtRest();
  }

  private static void overtakesNobody(Made made, Lock held, Lock wanted) throws Exception {
    AtomicBoolean entered = new AtomicBoolean();
    try (Crew crew = new Crew()) {
      Crew.Job<?> waiting =
          crew.start(
              made.setting.kind(),
              () -> {
                wanted.lock();
                entered.set(true);
                wanted.unlock();
                return null;
              });
      made.setting.untilQueued(made.state, 1);
      held.unlock();
      if (held.tryLock(0, TimeUnit.NANOSECONDS)) {
        assertThat(entered).isTrue();
        held.unlock();
      }
      waiting.join();
    }
  }

  /** Of many writers one is woken by an unlock, and no reader that cannot enter. */
  @ParameterizedTest
  @MethodSource("all")
  void anUnlockWakesOneWriter(Made made) {
    RwLock lock = made.lock;
    lock.readLock().lock();
    try (Crew crew = new Crew()) {
      Object unused = new Object();
      AtomicInteger inside = new AtomicInteger();
      AtomicInteger leave = new AtomicInteger();
      for (int i = 0; i < 3; i++) {
        crew.start(
            made.setting.kind(),
            () -> {
              lock.writeLock().lock();
              int mine = inside.incrementAndGet();
              Crew.until("it may leave", () -> leave.get() >= mine);
              lock.writeLock().unlock();
              return unused;
            });
      }
      made.setting.untilQueued(made.state, 3);
      lock.readLock().unlock();
      for (int i = 1; i <= 3; i++) {
        int turn = i;
        Crew.until("number " + turn + " is inside", () -> inside.get() == turn);
        assertThat(made.setting.queued(made.state)).isEqualTo(3 - turn);
        leave.set(turn);
      }
      crew.joinAll();
    }
    made.assertAtRest();
  }

  @ParameterizedTest
  @MethodSource("all")
  void aWriterThatGivesUpLeavesNothingBehind(Made made) {
    RwLock lock = made.lock;
    lock.readLock().lock();
    try (Crew crew = new Crew()) {
      Crew.Job<?> writer =
          crew.start(
              made.setting.kind(),
              () -> {
                assertThatThrownBy(lock.writeLock()::lockInterruptibly)
                    .isInstanceOf(InterruptedException.class);
                return null;
              });
      made.setting.untilQueued(made.state, 1);
      Crew.Job<?> reader = lockAndUnlock(crew, made, lock.readLock());
      made.setting.untilQueued(made.state, 2);
      writer.thread().interrupt();
      writer.join();
      reader.join(); // though the first reader is still inside
      assertThat(
              crew.start(
                      made.setting.kind(),
                      () -> lock.writeLock().tryLock(Deadline.after(Delays.SHORT)))
                  .join())
          .isFalse();
      assertThat(made.state.holds(1)).isTrue();
    }
    lock.readLock().unlock();
    made.assertAtRest();
  }

  @ParameterizedTest
  @MethodSource("all")
  void nothingIsLostToOneWhoGivesUp(Made made) {
    for (Lock lock : new Lock[] {made.lock.writeLock(), made.lock.readLock()}) {
      made.lock.writeLock().lock();
      for (int round = 0; round < 20; round++) {
        try (Crew crew = new Crew()) {
          Crew.Job<?> first =
              crew.start(
                  made.setting.kind(),
                  () -> {
                    try {
                      lock.lockInterruptibly();
                      lock.unlock();
                    } catch (InterruptedException e) {
                      // the other has it
                    }
                    return null;
                  });
          made.setting.untilQueued(made.state, 1);
          lockAndUnlock(crew, made, made.lock.writeLock());
          made.setting.untilQueued(made.state, 2);
          made.lock.writeLock().unlock();
          first.thread().interrupt();
          crew.joinAll();
        }
        made.assertAtRest();
        made.lock.writeLock().lock();
      }
      made.lock.writeLock().unlock();
    }
  }

  @ParameterizedTest
  @MethodSource("all")
  void givesUpAtADeadlineAndWhenInterrupted(Made made) {
    RwLock lock = made.lock;
    for (Lock wanted : new Lock[] {lock.readLock(), lock.writeLock()}) {
      WordKind.store(made.state, WRITER);
      made.setting.givesUpAtADeadlineAndWhenInterrupted(
          made.state,
          deadline ->
              wanted == lock.readLock()
                  ? lock.readLock().tryLock(deadline)
                  : lock.writeLock().tryLock(deadline),
          wanted::lockInterruptibly,
          wanted::lock,
          () -> WordKind.store(made.state, 0));
      WordKind.store(made.state, 0);
    }
  }

  @ParameterizedTest
  @MethodSource("all")
  void upgradeByTheOnlyReaderAndDowngrade(Made made) {
    RwLock lock = made.lock;
    lock.readLock().lock();
    lock.readLock().lock();
    assertThat(lock.readLock().tryUpgrade()).isFalse();
    lock.readLock().unlock();
    assertThat(lock.readLock().tryUpgrade()).isTrue();
    assertThat(made.state.holds(WRITER)).isTrue();
    try (Crew crew = new Crew()) {
      Crew.Job<?> reader = lockAndUnlock(crew, made, lock.readLock());
      made.setting.untilQueued(made.state, 1);
      lock.writeLock().downgrade();
      reader.join();
    }
    assertThat(made.state.holds(1)).isTrue();
    lock.readLock().unlock();
    made.assertAtRest();
  }

  @ParameterizedTest
  @MethodSource("all")
  void misuseIsRefusedAndChangesNothing(Made made) throws Exception {
    RwLock lock = made.lock;
    unlocked("0x0", lock.readLock()::unlock);
    unlocked("0x0", lock.readLock()::tryUpgrade);
    unlocked("0x0", lock.writeLock()::unlock);
    unlocked("0x0", lock.writeLock()::downgrade);
    lock.writeLock().lock();
    unlocked("0x1fffffff", lock.readLock()::unlock);
    unlocked("0x1fffffff", lock.readLock()::tryUpgrade);
    refuses(Errno.EDEADLK, "holds the write lock", lock.writeLock()::lock);
    refuses(Errno.EDEADLK, "holds the write lock", lock.writeLock()::lockInterruptibly);
    refuses(Errno.EDEADLK, "holds the write lock", lock.readLock()::lock);
    assertThat(lock.writeLock().tryLock()).isFalse();
    try (Crew crew = new Crew()) {
      crew.start(
              made.setting.kind(),
              () -> {
                unlocked("0x1fffffff", lock.writeLock()::unlock);
                unlocked("0x1fffffff", lock.writeLock()::downgrade);
                return null;
              })
          .join();
    }
    lock.writeLock().unlock();
    for (Lock either : new Lock[] {lock.readLock(), lock.writeLock()}) {
      assertThatThrownBy(either::newCondition).isInstanceOf(UnsupportedOperationException.class);
    }
    refuses(
        Errno.EINVAL,
        "twice",
        () -> Made.of(made.setting, made.preference, made.state, made.state));
    made.assertAtRest();
  }

  private static void unlocked(String value, Runnable call) {
    assertThatThrownBy(call::run)
        .isInstanceOf(IllegalMonitorStateException.class)
        .hasMessageContaining(value);
  }

  @ParameterizedTest
  @MethodSource("all")
  void tooManyReadersAreRefusedAndChangeNothing(Made made) {
    WordKind.store(made.state, WRITER - 1);
    for (Runnable enter :
        new Runnable[] {made.lock.readLock()::lock, made.lock.readLock()::tryLock}) {
      assertThatThrownBy(enter::run)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("0x1ffffffe");
    }
    assertThat(made.state.holds(WRITER - 1)).isTrue();
    made.lock.readLock().unlock();
    made.lock.readLock().lock();
    assertThat(made.state.holds(WRITER - 1)).isTrue();
  }

  /** Every value is a state: no call with a limit may stay in it, and a free lock can be had. */
  @ParameterizedTest
  @MethodSource("all")
  void noValueMakesAHangOrALoop(Made made) throws Exception {
    RwLock lock = made.lock;
    Random random = new Random(1);
    for (int i = 0; i < 60; i++) {
      int holders = i % 3 == 0 ? 0 : i % 3 == 1 ? WRITER : random.nextInt(WRITER - 1);
      WordKind.store(made.state, random.nextInt() & ~WRITER | holders);
      if (lock.readLock().tryLock(REACHED)) {
        lock.readLock().unlock();
      }
      if (lock.writeLock().tryLock(REACHED)) {
        lock.writeLock().unlock();
      }
      if (holders == 0) {
        assertThat(lock.writeLock().tryLock()).isTrue();
        lock.writeLock().unlock();
        made.assertAtRest();
        lock.readLock().lock();
        lock.readLock().unlock();
      }
    }
    WordKind.store(made.state, WRITER);
    WordKind.store(made.writers, -3);
    refuses(Errno.EINVAL, "0xfffffffd", lock.writeLock()::lock);
    WordKind.store(made.writers, 0);
    WordKind.store(made.state, 0);
    lock.writeLock().lock();
    WordKind.store(made.state, 5);
    unlocked("0x5", lock.writeLock()::unlock);
    WordKind.store(made.state, 0);
    lock.writeLock().lock();
    lock.writeLock().unlock();
    made.assertAtRest();
  }

  @ParameterizedTest
  @MethodSource("all")
  void closedMemoryIsAFault(Made made) throws Exception {
    made.setting.onMemory(
        2,
        (word, close) -> {
          RwLock lock = Made.of(made.setting, made.preference, word.apply(0), word.apply(1)).lock;
          lock.writeLock().lock();
          close.run();
          for (Lock either : new Lock[] {lock.readLock(), lock.writeLock()}) {
            faults(either::lock);
            faults(either::lockInterruptibly);
            faults(either::tryLock);
            faults(either::unlock);
          }
        });
  }

  @ParameterizedTest
  @MethodSource("all")
  void behavesAsANumberOfHolders(Made made) throws Exception {
    RwLock lock = made.lock;
    for (int seed = 0; seed < 10; seed++) {
      Random random = new Random(seed);
      int holders = 0; // -1 for a writer
      for (int step = 0; step < 60; step++) {
        String where = "seed " + seed + ", step " + step;
        boolean waits = random.nextBoolean();
        switch (random.nextInt(6)) {
          case 0 -> {
            boolean taken =
                waits && holders >= 0
                    ? lock.readLock().tryLock(REACHED)
                    : lock.readLock().tryLock();
            assertThat(taken).as(where).isEqualTo(holders >= 0);
            holders += taken ? 1 : 0;
          }
          case 1 -> {
            boolean taken =
                waits && holders >= 0
                    ? lock.writeLock().tryLock(REACHED)
                    : lock.writeLock().tryLock();
            assertThat(taken).as(where).isEqualTo(holders == 0);
            holders = taken ? -1 : holders;
          }
          case 2 -> {
            if (holders > 0) {
              lock.readLock().unlock();
              holders--;
            }
          }
          case 3 -> {
            if (holders < 0) {
              lock.writeLock().unlock();
              holders = 0;
            }
          }
          case 4 -> {
            if (holders > 0) {
              boolean upgraded = lock.readLock().tryUpgrade();
              assertThat(upgraded).as(where).isEqualTo(holders == 1);
              holders = upgraded ? -1 : holders;
            }
          }
          default -> {
            if (holders < 0) {
              lock.writeLock().downgrade();
              holders = 1;
            }
          }
        }
        assertThat((int) made.state.load()).as(where).isEqualTo(holders < 0 ? WRITER : holders);
      }
      WordKind.store(made.state, 0);
      if (holders < 0) {
        assertThatThrownBy(lock.writeLock()::unlock)
            .isInstanceOf(IllegalMonitorStateException.class);
      }
    }
  }

  @Test
  void theFastPathsMakeNoGarbage() {
    RwLock lock =
        RwLock.of(Futex.jvm(), Word.of(new int[1], 0), Word.of(new int[1], 0), Preference.WRITERS);
    Allocation.assertNone(
        () -> {
          lock.readLock().lock();
          lock.readLock().unlock();
          lock.writeLock().lock();
          lock.writeLock().unlock();
        });
  }
}
