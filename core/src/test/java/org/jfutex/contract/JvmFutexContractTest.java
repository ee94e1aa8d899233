package org.jfutex.contract;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.file.Files;
import java.util.List;
import org.jfutex.Futex;
import org.jfutex.WaitOptions;
import org.jfutex.WaitStatus;
import org.jfutex.engine.EngineProbe;
import org.jfutex.engine.JvmFutex;
import org.jfutex.engine.SleepingWaiter;
import org.jfutex.observe.Snapshot;
import org.jfutex.testing.Backend;
import org.jfutex.testing.Crew.Job;
import org.jfutex.testing.ThreadKind;
import org.jfutex.testing.WordKind;
import org.jfutex.time.ClockId;
import org.jfutex.time.Deadline;
import org.jfutex.word.MappedFile;
import org.jfutex.word.Word;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The contract, kept by the Java engine; and what only the engine promises. */
class JvmFutexContractTest {
  private static Backend newEngine() {
    return new EngineProbe(new JvmFutex());
  }

  @Test
  void isTheOneEngineOfTheJvm() {
    assertThat(Futex.jvm()).isInstanceOf(JvmFutex.class).isSameAs(Futex.jvm());
    assertThat(Futex.jvm().capabilities().backend()).isEqualTo("jvm");
  }

  @Nested
  class Waiting extends WaitContract {
    Waiting() {
      super(JvmFutexContractTest::newEngine);
    }
  }

  @Nested
  class Waking extends WakeContract {
    Waking() {
      super(JvmFutexContractTest::newEngine);
    }

    @Test
    void wakesByRankThenByArrival() {
      Word word = word();
      Job<WaitStatus> low1 = waiter(word, WaitOptions.ofRank(-3));
      Job<WaitStatus> mid1 = waiter(word);
      Job<WaitStatus> high1 = waiter(word, WaitOptions.ofRank(50));
      Job<WaitStatus> mid2 = waiter(word);
      Job<WaitStatus> high2 = waiter(word, WaitOptions.ofRank(50));
      Job<WaitStatus> low2 = waiter(word, WaitOptions.ofRank(-3));
      Job<WaitStatus> leaver =
          waiter(ThreadKind.VIRTUAL, word, soon(ClockId.MONOTONIC), new WaitOptions(-1, 50));
      assertThat(leaver.join()).isEqualTo(WaitStatus.TIMED_OUT);
      assertWakeOrder(word, List.of(high1, high2, mid1, mid2, low1, low2));
    }

    @Test
    void aMovedWaiterKeepsItsRank() {
      Word from = word();
      Word to = word();
      Job<WaitStatus> mid = waiter(to);
      Job<WaitStatus> low = waiter(from, WaitOptions.ofRank(-1));
      Job<WaitStatus> high = waiter(from, WaitOptions.ofRank(1));
      assertThat(futex.requeue(from, 0, to, 2)).isEqualTo(2);
      assertWakeOrder(to, List.of(high, mid, low));
    }

    @Test
    void requeueMovesByRank() {
      Word from = word();
      Word to = word();
      Job<WaitStatus> low = waiter(from);
      Job<WaitStatus> high = waiter(from, WaitOptions.ofRank(1));
      assertThat(futex.requeue(from, 0, to, 1)).isEqualTo(1);
      assertWakesNext(to, high);
      assertWakesNext(from, low);
    }
  }

  @Nested
  class Requeueing extends RequeueContract {
    Requeueing() {
      super(JvmFutexContractTest::newEngine);
    }
  }

  @Nested
  class WakeOps extends WakeOpContract {
    WakeOps() {
      super(JvmFutexContractTest::newEngine);
    }
  }

  @Nested
  class VectorWaiting extends VectorWaitContract {
    VectorWaiting() {
      super(JvmFutexContractTest::newEngine);
    }
  }

  @Nested
  class AsyncWaiting extends AsyncWaitContract {
    AsyncWaiting() {
      super(JvmFutexContractTest::newEngine);
    }

    @Test
    void whoWakesCompletesTheFuture() {
      Word word = word();
      var wait = futex.awaitAsync(word, 0, Deadline.NEVER, WaitOptions.DEFAULT);
      assertThat(futex.wake(word, 1)).isEqualTo(1);
      assertThat(wait).isCompletedWithValue(WaitStatus.WOKEN);
    }

    @Test
    void theWakeOfACancelledFutureGoesToTheNext() {
      Word word = word();
      var cancelled = futex.awaitAsync(word, 0, Deadline.NEVER, WaitOptions.DEFAULT);
      var next = futex.awaitAsync(word, 0, Deadline.NEVER, WaitOptions.DEFAULT);
      assertThat(cancelled.cancel(false)).isTrue();
      assertThat(futex.wake(word, 1)).isEqualTo(1);
      assertThat(next).isCompletedWithValue(WaitStatus.WOKEN);
    }
  }

  @Nested
  class Locking extends PiContract {
    Locking() {
      super(JvmFutexContractTest::newEngine);
    }
  }

  @Nested
  class RequeueingToLocks extends PiRequeueContract {
    RequeueingToLocks() {
      super(JvmFutexContractTest::newEngine);
    }
  }

  @Nested
  class Identity extends IdentityContract {
    private static final VarHandle IN_BASE = field(Base.class, int.class);
    private static final VarHandle IN_BASE_AGAIN = field(Base.class, int.class);
    private static final VarHandle SEEN_IN_SUB = field(Sub.class, int.class);
    private static final VarHandle HIDING_IN_SUB = field(Sub.class, long.class);

    Identity() {
      super(JvmFutexContractTest::newEngine);
    }

    @Test
    void aWordOfAClosedMappingCanStillBeWokenThrough() throws IOException {
      MappedFile file = MappedFile.open(Files.createFile(folder.resolve("gone")), 0, 4096);
      Word word = Word.of(file, 16);
      Job<WaitStatus> waiter = waiter(word);
      file.close();
      assertWakesNext(word, waiter);
    }

    @Test
    void anArrayAndItsHeapSegmentAreOneFutex() {
      int[] ints = new int[4];
      assertMeet(Word.of(ints, 2), Word.of(MemorySegment.ofArray(ints), 8));
      assertMeet(Word.of(MemorySegment.ofArray(ints).asSlice(4), 4), Word.of(ints, 2));
      long[] longs = new long[4];
      assertMeet(Word.of(longs, 3), Word.of(MemorySegment.ofArray(longs), 24, 64));
      short[] shorts = new short[4];
      assertMeet(Word.of(shorts, 3), Word.of(MemorySegment.ofArray(shorts), 6, 16));
      byte[] bytes = new byte[4];
      assertMeet(Word.of(bytes, 3), Word.of(MemorySegment.ofArray(bytes), 3, 8));
    }

    @Test
    void equalArraysAndDifferentElementsAreNotOneFutex() {
      int[] one = new int[2];
      int[] two = new int[2];
      assertApart(List.of(Word.of(one, 0), Word.of(one, 1), Word.of(two, 0), Word.of(two, 1)));
    }

    @Test
    void twoHandlesOfOneFieldAreOneFutex() {
      Base base = new Base();
      assertMeet(Word.of(base, IN_BASE), Word.of(base, IN_BASE_AGAIN));
      assertApart(List.of(Word.of(base, IN_BASE), Word.of(new Sub(), IN_BASE)));
    }

    /** JDK 25 does not say which field such a handle is on; a later one may. */
    @Test
    void aHandleMadeWithASubclassIsRefusedIfItIsNotTheSameFutex() {
      Sub sub = new Sub();
      try {
        assertMeet(Word.of(sub, IN_BASE), Word.of(sub, SEEN_IN_SUB));
      } catch (IllegalArgumentException e) {
        assertThat(e).hasMessageContaining("declaring class");
      }
    }

    @Test
    void aHiddenFieldAndTheOneThatHidesItAreNotOneFutex() {
      Sub sub = new Sub();
      assertApart(List.of(Word.of(sub, HIDING_IN_SUB), Word.of(sub, IN_BASE)));
    }

    private static VarHandle field(Class<?> owner, Class<?> type) {
      try {
        return MethodHandles.lookup().findVarHandle(owner, "cell", type);
      } catch (ReflectiveOperationException e) {
        throw new ExceptionInInitializerError(e);
      }
    }
  }

  @Nested
  class Observing extends FutexContract {
    Observing() {
      super(JvmFutexContractTest::newEngine);
    }

    private Snapshot snapshot() {
      return Snapshot.of((JvmFutex) futex);
    }

    @ParameterizedTest
    @MethodSource("wordsAndThreads")
    void aSnapshotTellsWhoSleepsWhereAndHow(WordKind kind, ThreadKind thread) {
      Word word = kind.fresh();
      Job<WaitStatus> waiter = waiter(thread, word, Deadline.NEVER, new WaitOptions(6, 3));
      SleepingWaiter seen = snapshot().waitersOf(word).getFirst();
      assertThat(seen.key()).isEqualTo(word.key());
      assertThat(seen.kind())
          .isEqualTo(thread == ThreadKind.PLATFORM ? "thread" : "virtual thread");
      assertThat(seen.name()).isEqualTo(waiter.thread().getName());
      assertThat(seen.bitset()).isEqualTo(6);
      assertThat(seen.rank()).isEqualTo(3);
      assertThat(seen.sinceNanos() - System.nanoTime()).isNegative();
      assertThat(futex.wake(word, 1, 2)).isEqualTo(1);
      crew.joinAll();
      assertThat(snapshot().isEmpty()).isTrue();
    }

    @Test
    void aSnapshotListsTheMostCrowdedWordFirstAndWaitersInWakeOrder() {
      Word few = word();
      Word many = word();
      waiters(few, 1);
      List<Job<WaitStatus>> jobs = waiters(many, 3);
      Snapshot snapshot = snapshot();
      assertThat(snapshot.size()).isEqualTo(4);
      assertThat(snapshot.words().getFirst().key()).isEqualTo(many.key());
      assertThat(snapshot.waitersOf(many).stream().map(SleepingWaiter::name))
          .containsExactlyElementsOf(jobs.stream().map(job -> job.thread().getName()).toList());
      assertThat(snapshot.waitersOf(word())).isEmpty();
      futex.wakeAll(many);
      futex.wakeAll(few);
      crew.joinAll();
    }
  }

  private static class Base {
    int cell;
  }

  /** Has a field of the same name and another type, as the JVM allows. */
  private static final class Sub extends Base {
    @SuppressWarnings("HidingField")
    long cell;
  }
}
