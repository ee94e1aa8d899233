package org.jfutex.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jfutex.AnyWait;
import org.jfutex.WaitEntry;
import org.jfutex.WaitOptions;
import org.jfutex.WaitStatus;
import org.jfutex.WakeOp;
import org.jfutex.testing.WordKind;
import org.jfutex.time.Deadline;
import org.jfutex.time.Ticker;
import org.jfutex.word.Key;
import org.jfutex.word.Word;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Random sequences of all operations, by one thread with waits that need none, beside a naive list
 * model; after each step both must agree on every queue, every result and every outcome. Repeat a
 * failing run with {@code -Djfutex.fuzz.seed=}.
 */
class EngineFuzzTest {
  private static final int WORDS = 7;
  private static final int STEPS = 300;
  private static final int MAX_WAITING = 40;

  @Test
  void agreesWithTheListModel() {
    fuzz(TimeUnit.MILLISECONDS.toNanos(1_500));
  }

  @Test
  @Tag("long")
  void agreesWithTheListModelForLong() {
    fuzz(TimeUnit.SECONDS.toNanos(60));
  }

  private static void fuzz(long nanos) {
    Long chosen = Long.getLong("jfutex.fuzz.seed");
    long seed = chosen != null ? chosen : System.nanoTime();
    long start = System.nanoTime();
    do {
      Run run = new Run(seed);
      try {
        run.play();
      } catch (RuntimeException | AssertionError e) {
        throw new AssertionError("seed " + seed + ", steps:\n" + String.join("\n", run.log), e);
      }
      seed++;
    } while (chosen == null && System.nanoTime() - start < nanos);
  }

  /** One sequence. */
  private static final class Run {
    final List<String> log = new ArrayList<>();
    private final Random random;
    private final JvmFutex engine;
    private final int[] cells = new int[WORDS];
    private final ListModel model = new ListModel(WORDS);
    private final Map<Key, Integer> wordOf = new HashMap<>();
    private final Map<ListModel.Wait, AsyncWait> waits = new HashMap<>();
    private final Map<ListModel.Wait, String> told = new HashMap<>();
    private final List<ListModel.Wait> all = new ArrayList<>();

    Run(long seed) {
      random = new Random(seed);
      engine = new JvmFutex(1 << random.nextInt(4), Ticker.system());
      for (int i = 0; i < WORDS; i++) {
        wordOf.put(word(i).key(), i);
      }
    }

    void play() {
      for (int i = 0; i < STEPS; i++) {
        step();
        check();
      }
      for (int i = 0; i < WORDS; i++) {
        assertThat(engine.wakeAll(word(i))).isEqualTo(model.wake(i, Integer.MAX_VALUE, -1));
      }
      check();
      new EngineProbe(engine).assertAtRest();
    }

    private void step() {
      int choice = random.nextInt(100);
      if (choice < 40 && engine.waiters().size() < MAX_WAITING) {
        queue(1);
      } else if (choice < 50 && engine.waiters().size() < MAX_WAITING) {
        queue(1 + random.nextInt(6));
      } else if (choice < 65) {
        wake();
      } else if (choice < 78) {
        requeue();
      } else if (choice < 86) {
        wakeOp();
      } else if (choice < 94) {
        leave("CANCELLED");
      } else {
        leave("TIMED_OUT -1");
      }
    }

    private void queue(int size) {
      ListModel.Wait wait = new ListModel.Wait("w" + all.size(), random.nextInt(6) == 0);
      int bitset = random.nextBoolean() ? -1 : 1 + random.nextInt(7);
      int rank = random.nextInt(4) == 0 ? random.nextInt(3) - 1 : 0;
      List<WaitEntry> entries = new ArrayList<>();
      int changed = -1;
      for (int i = 0; i < size; i++) {
        int word = random.nextInt(WORDS);
        boolean holds = random.nextInt(12) != 0;
        entries.add(new WaitEntry(word(word), holds ? cells[word] : cells[word] + 1L));
        wait.entries.add(new ListModel.Entry(wait, i, bitset, rank));
        changed = holds || changed >= 0 ? changed : i;
      }
      log.add(wait.name + " queue " + entries + " bitset " + bitset + " rank " + rank);
      for (int i = 0; i < size && changed < 0; i++) {
        model.add(wordOf.get(entries.get(i).word().key()), wait.entries.get(i));
      }
      Deadline deadline =
          random.nextInt(4) == 0 ? Deadline.after(1, TimeUnit.HOURS) : Deadline.NEVER;
      AsyncWait queued =
          engine.enqueue(entries, deadline, new WaitOptions(bitset, rank), listener(wait));
      AnyWait expected = changed < 0 ? null : new AnyWait(WaitStatus.CHANGED, changed);
      assertThat(queued.immediate()).isEqualTo(expected);
      if (expected == null) {
        all.add(wait);
        waits.put(wait, queued);
      }
    }

    private WaitListener listener(ListModel.Wait wait) {
      return new WaitListener() {
        @Override
        public boolean onOutcome(WaitStatus status, int index) {
          assertThat(told.put(wait, status + " " + index)).as("told twice").isNull();
          return !wait.refuses;
        }

        @Override
        public String toString() {
          return wait.name;
        }
      };
    }

    private void wake() {
      int word = random.nextInt(WORDS);
      int count = count();
      int bitset = random.nextBoolean() ? -1 : 1 << random.nextInt(4);
      log.add("wake " + word + " count " + count + " bitset " + bitset);
      assertThat(engine.wake(word(word), count, bitset)).isEqualTo(model.wake(word, count, bitset));
    }

    private void requeue() {
      int from = random.nextInt(WORDS);
      int to = random.nextInt(WORDS);
      int wake = count();
      int move = count();
      log.add("requeue " + from + " wake " + wake + " to " + to + " move " + move);
      if (random.nextBoolean()) {
        assertThat(engine.requeue(word(from), wake, word(to), move))
            .isEqualTo(model.requeue(from, wake, to, move));
      } else if (random.nextInt(4) == 0) {
        assertThat(engine.compareRequeue(word(from), cells[from] - 1L, wake, word(to), move))
            .isEmpty();
      } else {
        assertThat(engine.compareRequeue(word(from), cells[from], wake, word(to), move))
            .isEqualTo(OptionalInt.of(model.requeue(from, wake, to, move)));
      }
    }

    private void wakeOp() {
      int word = random.nextInt(WORDS);
      int target = random.nextInt(WORDS);
      int wake = count();
      int wakeTarget = count();
      WakeOp op =
          new WakeOp(
              WakeOp.Operation.values()[random.nextInt(5)],
              random.nextInt(8) - 4,
              WakeOp.Comparison.values()[random.nextInt(6)],
              random.nextInt(8) - 4);
      log.add("wakeOp " + word + " " + wake + " target " + target + " " + wakeTarget + " " + op);
      int old = cells[target];
      int woken = engine.wakeOp(word(word), wake, word(target), wakeTarget, op);
      assertThat(cells[target]).isEqualTo((int) op.apply(old));
      assertThat(woken)
          .isEqualTo(model.wakeBoth(word, wake, target, op.test(old) ? wakeTarget : 0));
      WordKind.store(word(target), old);
    }

    private void leave(String how) {
      if (all.isEmpty()) {
        return;
      }
      ListModel.Wait wait = all.get(random.nextInt(all.size()));
      log.add(wait.name + " " + how);
      boolean left = model.leave(wait, how);
      if (how.equals("CANCELLED")) {
        assertThat(waits.get(wait).cancel()).isEqualTo(left);
        if (left) {
          assertThat(told.put(wait, how)).as("told besides").isNull();
        }
      } else {
        waits.get(wait).timeOut();
      }
    }

    /** Every queue in its order, every counter, every outcome. */
    private void check() {
      Map<Integer, List<String>> seen = new HashMap<>();
      for (SleepingWaiter waiter : engine.waiters()) {
        seen.computeIfAbsent(wordOf.get(waiter.key()), _ -> new ArrayList<>()).add(waiter.name());
      }
      for (int i = 0; i < WORDS; i++) {
        assertThat(seen.getOrDefault(i, List.of()))
            .as("word %s", i)
            .isEqualTo(model.queues.get(i).stream().map(entry -> entry.wait.name).toList());
      }
      for (ListModel.Wait wait : all) {
        assertThat(told.get(wait)).as(wait.name).isEqualTo(wait.outcome);
      }
      for (int i = 0; i < engine.table().size(); i++) {
        checkStructure(engine.table().bucket(i));
      }
    }

    private void checkStructure(Bucket bucket) {
      bucket.lock();
      try {
        Set<Waiter> seen = new HashSet<>();
        bucket
            .queueLocked()
            .forEach(
                waiter -> {
                  assertThat(seen.add(waiter)).as("met twice").isTrue();
                  assertThat(waiter.isQueued()).isTrue();
                  assertThat(engine.table().bucketFor(waiter.key)).isSameAs(bucket);
                  assertThat(waiter.next.prev).isSameAs(waiter);
                  assertThat(waiter.prev.next).isSameAs(waiter);
                });
        assertThat(bucket.queueLocked().size()).isEqualTo(seen.size());
        assertThat(bucket.hasWaiters()).isEqualTo(!seen.isEmpty());
      } finally {
        bucket.unlock();
      }
    }

    private int count() {
      int choice = random.nextInt(8);
      return choice == 7 ? Integer.MAX_VALUE : choice % 4;
    }

    private Word word(int i) {
      return Word.of(cells, i);
    }
  }
}
