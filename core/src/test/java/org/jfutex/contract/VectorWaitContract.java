package org.jfutex.contract;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jfutex.AnyWait;
import org.jfutex.Errno;
import org.jfutex.WaitEntry;
import org.jfutex.WaitStatus;
import org.jfutex.WakeOp;
import org.jfutex.testing.Backend;
import org.jfutex.testing.Crew.Job;
import org.jfutex.testing.ThreadKind;
import org.jfutex.testing.WordKind;
import org.jfutex.time.ClockId;
import org.jfutex.time.Deadline;
import org.jfutex.word.Word;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Waiting on several words at once. */
public abstract class VectorWaitContract extends FutexContract {
  private static final AnyWait TIMED_OUT = new AnyWait(WaitStatus.TIMED_OUT, -1);
  private static final AnyWait INTERRUPTED = new AnyWait(WaitStatus.INTERRUPTED, -1);

  protected VectorWaitContract(Supplier<Backend> backends) {
    super(backends);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 127, 128})
  void wakesOnAnyEntryAndLeavesTheOthers(int entries) {
    int size = Math.min(entries, most());
    List<Word> words = freshWords(size);
    for (int woken : new int[] {0, size / 2, size - 1}) {
      Job<AnyWait> waiter = vectorWaiter(ThreadKind.PLATFORM, words, Deadline.NEVER);
      assertThat(futex.wake(words.get(woken), 1)).isEqualTo(1);
      assertThat(waiter.join()).isEqualTo(new AnyWait(WaitStatus.WOKEN, woken));
      for (Word word : words) {
        assertThat(backend.queued(word)).isZero();
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void waitsOnWordsOfEveryKindAtOnce(ThreadKind thread) {
    List<Word> words = words().map(WordKind::fresh).toList();
    for (int i = 0; i < words.size(); i++) {
      Job<AnyWait> waiter = vectorWaiter(thread, words, Deadline.NEVER);
      assertThat(futex.wake(words.get(i), 1)).isEqualTo(1);
      assertThat(waiter.join()).isEqualTo(new AnyWait(WaitStatus.WOKEN, i));
    }
  }

  @Test
  void refusesTooFewAndTooMany() {
    assertRefused(Errno.EINVAL, () -> futex.awaitAny(List.of(), EXPIRED));
    List<WaitEntry> tooMany = Collections.nCopies(most() + 1, entry(word()));
    assertRefused(Errno.EINVAL, () -> futex.awaitAny(tooMany, EXPIRED));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 63, 126})
  void theFirstChangedEntryIsReportedAndTheOthersAreUndone(int changed) {
    List<Word> words = freshWords(most());
    for (Word word : words.subList(changed, words.size())) {
      WordKind.store(word, 1);
    }
    assertThat(futex.awaitAny(entries(words), Deadline.NEVER))
        .isEqualTo(new AnyWait(WaitStatus.CHANGED, changed));
    assertThat(words).allSatisfy(word -> assertThat(backend.queued(word)).isZero());
  }

  @Test
  void aChangedEntryBeatsAFaultBehindItAndTheOtherWayRound() {
    Arena arena = Arena.ofShared();
    Word closed = Word.of(arena.allocate(8), 0);
    arena.close();
    Word changed = WordKind.NATIVE_32.fresh(1);
    assertThat(futex.awaitAny(entries(List.of(word(), changed, closed)), Deadline.NEVER))
        .isEqualTo(new AnyWait(WaitStatus.CHANGED, 1));
    List<WaitEntry> faultFirst = entries(List.of(word(), closed, changed));
    assertRefused(Errno.EFAULT, () -> futex.awaitAny(faultFirst, Deadline.NEVER));
  }

  @ParameterizedTest
  @EnumSource
  void aReachedDeadlineStillComparesEveryWord(ClockId clock) {
    Deadline reached = clock == ClockId.REALTIME ? new Deadline(clock, 0) : EXPIRED;
    List<Word> words = freshWords(5);
    assertThat(futex.awaitAny(entries(words), reached)).isEqualTo(TIMED_OUT);
    WordKind.store(words.get(4), 1);
    assertThat(futex.awaitAny(entries(words), reached))
        .isEqualTo(new AnyWait(WaitStatus.CHANGED, 4));
  }

  @ParameterizedTest
  @EnumSource
  void timesOutAtItsDeadline(ClockId clock) {
    List<Word> words = freshWords(3);
    Deadline deadline = soon(clock);
    Job<AnyWait> waiter = vectorWaiter(ThreadKind.VIRTUAL, words, deadline);
    assertThat(waiter.join()).isEqualTo(TIMED_OUT);
    assertThat(futex.wake(words.get(2), 1)).isZero();
  }

  @ParameterizedTest
  @EnumSource
  void anInterruptEndsItAndKeepsTheFlag(ThreadKind thread) {
    List<Word> words = freshWords(3);
    Job<AnyWait> waiter =
        crew.start(
            thread,
            () -> {
              AnyWait result = futex.awaitAny(entries(words), Deadline.NEVER);
              assertThat(Thread.currentThread().isInterrupted()).isTrue();
              return result;
            });
    untilQueued(words.get(2), 1);
    waiter.thread().interrupt();
    assertThat(waiter.join()).isEqualTo(INTERRUPTED);
  }

  /** Duplicates are entries of their own: one wake may count the wait twice, woken once. */
  @Test
  void duplicatesAreCountedEach() {
    Word twice = word();
    Word once = word();
    List<Word> words = List.of(twice, twice, once);
    Job<AnyWait> waiter = vectorWaiter(ThreadKind.PLATFORM, words, Deadline.NEVER);
    assertThat(futex.wake(twice, 1)).isEqualTo(1);
    assertThat(waiter.join().status()).isEqualTo(WaitStatus.WOKEN);

    waiter = vectorWaiter(ThreadKind.PLATFORM, words, Deadline.NEVER);
    assertThat(futex.wakeAll(twice)).isEqualTo(2);
    assertThat(waiter.join()).isEqualTo(new AnyWait(WaitStatus.WOKEN, 1));

    List<Word> manyTimes = Collections.nCopies(most(), twice);
    waiter = vectorWaiter(ThreadKind.PLATFORM, manyTimes, Deadline.NEVER);
    assertThat(futex.wakeAll(twice)).isEqualTo(most());
    assertThat(waiter.join()).isEqualTo(new AnyWait(WaitStatus.WOKEN, most() - 1));
  }

  /** As the law's example: a wake-op that hits entries 1 and 3 counts 2 and reports 3. */
  @Test
  void theHighestWokenEntryIsReported() {
    List<Word> words = freshWords(4);
    Job<AnyWait> waiter = vectorWaiter(ThreadKind.PLATFORM, words, Deadline.NEVER);
    WakeOp op = new WakeOp(WakeOp.Operation.OR, 0, WakeOp.Comparison.EQ, 0);
    assertThat(futex.wakeOp(words.get(1), 1, words.get(3), 1, op)).isEqualTo(2);
    assertThat(waiter.join()).isEqualTo(new AnyWait(WaitStatus.WOKEN, 3));
  }

  @Test
  void aMovedEntryReportsItsOwnIndex() {
    List<Word> words = freshWords(3);
    Word elsewhere = word();
    Job<AnyWait> waiter = vectorWaiter(ThreadKind.PLATFORM, words, Deadline.NEVER);
    assertThat(futex.requeue(words.get(1), 0, elsewhere, 1)).isEqualTo(1);
    assertThat(futex.wake(elsewhere, 1)).isEqualTo(1);
    assertThat(waiter.join()).isEqualTo(new AnyWait(WaitStatus.WOKEN, 1));
  }

  @Test
  void aMovedEntryIsUndoneWhereItIs() {
    List<Word> words = freshWords(3);
    Word elsewhere = word();
    Job<AnyWait> waiter = vectorWaiter(ThreadKind.PLATFORM, words, Deadline.NEVER);
    assertThat(futex.requeue(words.get(1), 0, elsewhere, 1)).isEqualTo(1);
    assertThat(futex.wake(words.get(0), 1)).isEqualTo(1);
    assertThat(waiter.join()).isEqualTo(new AnyWait(WaitStatus.WOKEN, 0));
    assertThat(backend.queued(elsewhere)).isZero();
  }

  @ParameterizedTest
  @MethodSource("words")
  void standsInLineWithSingleWaiters(WordKind kind) {
    Word word = kind.fresh();
    Job<WaitStatus> first = waiter(word);
    Job<AnyWait> second = vectorWaiter(ThreadKind.PLATFORM, List.of(word(), word), Deadline.NEVER);
    Job<WaitStatus> third = waiter(word);
    assertWakesNext(word, first);
    assertThat(futex.wake(word, 1)).isEqualTo(1);
    assertThat(second.join()).isEqualTo(new AnyWait(WaitStatus.WOKEN, 1));
    assertWakesNext(word, third);
  }

  private int most() {
    return futex.capabilities().maxEntries();
  }

  /** Starts a wait and returns when its last entry is queued. */
  private Job<AnyWait> vectorWaiter(ThreadKind kind, List<Word> words, Deadline deadline) {
    Word last = words.getLast();
    int entriesOnLast = (int) words.stream().filter(word -> word == last).count();
    Job<AnyWait> job = crew.start(kind, () -> futex.awaitAny(entries(words), deadline));
    untilQueued(last, job, entriesOnLast);
    return job;
  }

  private static List<Word> freshWords(int count) {
    return new ArrayList<>(IntStream.range(0, count).mapToObj(_ -> word()).toList());
  }

  private static List<WaitEntry> entries(List<Word> words) {
    return words.stream().map(VectorWaitContract::entry).toList();
  }

  private static WaitEntry entry(Word word) {
    return new WaitEntry(word, 0);
  }
}
