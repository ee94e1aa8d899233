package org.jfutex.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.jfutex.AnyWait;
import org.jfutex.Errno;
import org.jfutex.FutexException;
import org.jfutex.WaitEntry;
import org.jfutex.WaitOptions;
import org.jfutex.WaitStatus;
import org.jfutex.testing.Crew;
import org.jfutex.testing.Crew.Job;
import org.jfutex.testing.Delays;
import org.jfutex.time.ClockId;
import org.jfutex.time.Deadline;
import org.jfutex.word.Word;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class AsyncWaitTest {
  private static final int RACE_ROUNDS = 2_000;

  private final int[] cells = new int[3];
  private final JvmFutex engine = new JvmFutex();
  private final List<AnyWait> told = Collections.synchronizedList(new ArrayList<>());
  private final Crew crew = new Crew();

  @AfterEach
  void nobodyIsLeft() {
    crew.close();
    new EngineProbe(engine).assertAtRest();
  }

  @Test
  void theListenerIsToldOnceWithTheHighestWokenEntry() {
    AsyncWait wait = enqueue(true, Deadline.NEVER, 0, 1, 0, 2);
    assertThat(wait.immediate()).isNull();
    assertThat(engine.wakeAll(word(0))).isEqualTo(2);
    assertThat(engine.wakeAll(word(1))).isZero();
    assertThat(told).containsExactly(new AnyWait(WaitStatus.WOKEN, 2));
    assertThat(wait.cancel()).isFalse();
    assertThat(told).hasSize(1);
  }

  @Test
  void aCancelledWaitIsToldNothing() {
    AsyncWait wait = enqueue(true, Deadline.after(Delays.GIVE_UP), 0, 1);
    assertThat(wait.cancel()).isTrue();
    assertThat(wait.cancel()).isFalse();
    assertThat(engine.wakeAll(word(0)) + engine.wakeAll(word(1))).isZero();
    assertThat(told).isEmpty();
  }

  @Test
  void aDeadlineIsToldOnce() {
    AsyncWait wait = enqueue(true, Deadline.after(Delays.SHORT), 0, 1);
    Crew.until("it times out", () -> !told.isEmpty());
    assertThat(told).containsExactly(new AnyWait(WaitStatus.TIMED_OUT, -1));
    assertThat(wait.cancel()).isFalse();
    assertThat(engine.wakeAll(word(1))).isZero();
  }

  @Test
  void whatIsDecidedAtOnceIsNotTold() {
    cells[1] = 1;
    assertThat(enqueue(true, Deadline.NEVER, 0, 1).immediate())
        .isEqualTo(new AnyWait(WaitStatus.CHANGED, 1));
    AsyncWait late = enqueue(true, new Deadline(ClockId.REALTIME, 0), 0, 2);
    assertThat(late.immediate()).isEqualTo(new AnyWait(WaitStatus.TIMED_OUT, -1));
    assertThat(late.cancel()).isFalse();
    assertThat(told).isEmpty();
  }

  @Test
  void aRefusedWakeGoesToTheNext() {
    enqueue(false, Deadline.NEVER, 0);
    enqueue(false, Deadline.NEVER, 0);
    CompletableFuture<WaitStatus> third =
        engine.awaitAsync(word(0), 0, Deadline.NEVER, WaitOptions.DEFAULT);
    assertThat(engine.wake(word(0), 1)).isEqualTo(1);
    assertThat(third).isCompletedWithValue(WaitStatus.WOKEN);
    assertThat(told).hasSize(2);
    enqueue(false, Deadline.NEVER, 0);
    assertThat(engine.wake(word(0), 1)).isZero();
  }

  /** The next in line has been moved away: it is woken where it is, and counted once. */
  @Test
  void aWakeRefusedDuringARequeueGoesToOneWhoWasMoved() {
    enqueue(false, Deadline.NEVER, 0);
    enqueue(true, Deadline.NEVER, 0);
    assertThat(engine.requeue(word(0), 1, word(1), 1)).isEqualTo(1);
    assertThat(told)
        .containsExactly(new AnyWait(WaitStatus.WOKEN, 0), new AnyWait(WaitStatus.WOKEN, 0));
    assertThat(engine.wakeAll(word(1))).isZero();
  }

  @Test
  void refusesTooFewAndTooManyEntries() {
    for (int size : new int[] {0, 129}) {
      List<WaitEntry> entries = Collections.nCopies(size, new WaitEntry(word(0), 0));
      try {
        engine.enqueue(entries, Deadline.NEVER, WaitOptions.DEFAULT, (_, _) -> true);
        throw new AssertionError(size + " entries accepted");
      } catch (FutexException e) {
        assertThat(e.errno()).isEqualTo(Errno.EINVAL);
      }
    }
  }

  /** Found out by who makes the mistake, not by who wakes. */
  @Test
  void refusesToWaitWithoutAListener() {
    List<WaitEntry> entries = List.of(new WaitEntry(word(0), 0));
    assertThatNullPointerException()
        .isThrownBy(() -> engine.enqueue(entries, Deadline.NEVER, WaitOptions.DEFAULT, null));
    assertThat(engine.wake(word(0), 1)).isZero();
  }

  /** Two wakers, a canceller and the queueing thread itself: one outcome. */
  @Test
  void wakersAndACancelAgreeOnOneOutcome() {
    AtomicInteger woken = new AtomicInteger();
    AtomicInteger turn = new AtomicInteger();
    for (int i = 0; i < 2; i++) {
      int mine = i;
      crew.start(
          () -> {
            while (turn.get() >= 0) {
              woken.addAndGet(engine.wake(word(mine), 1));
            }
            return null;
          });
    }
    int outcomes = 0;
    int cancelled = 0;
    for (int round = 0; round < RACE_ROUNDS; round++) {
      AsyncWait wait = enqueue(true, Deadline.NEVER, 0, 1);
      if (wait.immediate() != null) {
        assertThat(wait.immediate().status()).isEqualTo(WaitStatus.WOKEN);
        outcomes++;
      } else if (wait.cancel()) {
        cancelled++;
      }
    }
    turn.set(-1);
    crew.joinAll();
    int all = outcomes + cancelled + told.size();
    assertThat(all).isEqualTo(RACE_ROUNDS);
    assertThat(woken.get()).isBetween(RACE_ROUNDS - cancelled, 2 * (RACE_ROUNDS - cancelled));
  }

  /** Both wakers have taken an entry when the listener decides: they agree whom to count. */
  @Test
  void twoWakersOfARefusedWaitBothPassTheirWakesOn() {
    for (int round = 0; round < RACE_ROUNDS / 10; round++) {
      enqueue(false, Deadline.NEVER, 0, 1);
      var next0 = engine.awaitAsync(word(0), 0, Deadline.NEVER, WaitOptions.DEFAULT);
      var next1 = engine.awaitAsync(word(1), 0, Deadline.NEVER, WaitOptions.DEFAULT);
      Job<Integer> other = crew.start(() -> engine.wake(word(0), 1));
      assertThat(engine.wake(word(1), 1)).isEqualTo(1);
      assertThat(other.join()).isEqualTo(1);
      assertThat(next0).isCompletedWithValue(WaitStatus.WOKEN);
      assertThat(next1).isCompletedWithValue(WaitStatus.WOKEN);
    }
  }

  private AsyncWait enqueue(boolean accepts, Deadline deadline, int... words) {
    return engine.enqueue(
        Arrays.stream(words).mapToObj(i -> new WaitEntry(word(i), 0)).toList(),
        deadline,
        WaitOptions.DEFAULT,
        (status, index) -> {
          told.add(new AnyWait(status, index));
          return accepts;
        });
  }

  private Word word(int i) {
    return Word.of(cells, i);
  }
}
