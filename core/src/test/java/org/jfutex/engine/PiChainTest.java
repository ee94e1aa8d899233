package org.jfutex.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jfutex.Errno;
import org.jfutex.FutexException;
import org.jfutex.word.Word;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The graph of owners and waiters beside a naive model, which knows who owns what and who waits for
 * what, and computes every rank anew: after each step all ranks, orders and links agree. Repeat a
 * failing random run with {@code -Djfutex.fuzz.seed=}.
 */
class PiChainTest {
  private static final int STEPS = 400;

  private final Graph graph = new Graph(8, 8);

  @Test
  void aWaiterLendsItsRankToTheOwnerUntilItLeaves() {
    graph.take(0, 0);
    graph.setRank(1, 7);
    graph.block(1, 0);
    assertRank(0, 7);
    graph.unblock(1);
    assertRank(0, 0);
  }

  @Test
  void aLowerWaiterLendsNothing() {
    graph.take(0, 0);
    graph.setRank(0, 5);
    graph.setRank(1, 4);
    graph.block(1, 0);
    assertRank(0, 5);
    graph.setRank(0, 1);
    assertRank(0, 4);
  }

  /** The law's own example: t1 <- t2 <- t3 of rank 40, undone step by step. */
  @Test
  void ranksGoUpTheChainAndAreGivenBackLinkByLink() {
    graph.take(1, 0);
    graph.take(2, 1);
    graph.block(2, 0);
    graph.setRank(3, 40);
    graph.block(3, 1);
    assertRank(2, 40);
    assertRank(1, 40);
    graph.handOver(0); // to task 2, who is lent the rank of task 3 still
    assertRank(1, 0);
    assertRank(2, 40);
    graph.handOver(1);
    assertRank(2, 0);
    assertRank(3, 40);
  }

  @Test
  void anOwnerOfSeveralLocksHasTheHighestOfAllTheirWaiters() {
    for (int lock = 0; lock < 3; lock++) {
      graph.take(0, lock);
      graph.setRank(lock + 1, 10 * (lock + 1));
      graph.block(lock + 1, lock);
    }
    assertRank(0, 30);
    graph.handOver(2);
    assertRank(0, 20);
    graph.unblock(2);
    assertRank(0, 10);
    graph.handOver(0);
    assertRank(0, 0);
  }

  @Test
  void aHandOverTakesTheHighestThenTheFirst() {
    graph.take(0, 0);
    for (int task = 1; task < 5; task++) {
      graph.setRank(task, task % 2);
      graph.block(task, 0);
    }
    for (int expected : new int[] {1, 3, 2, 4}) {
      assertThat(graph.handOver(0)).isEqualTo(expected);
    }
  }

  /** As in the kernel, where it is put into the tree again. */
  @Test
  void aWaiterThatIsLentARankMovesUpBehindThoseWhoHadItBefore() {
    graph.take(0, 0);
    graph.take(1, 1);
    graph.block(1, 0);
    graph.block(2, 0);
    graph.setRank(3, 9);
    graph.block(3, 0);
    graph.setRank(4, 9);
    graph.block(4, 1); // lends 9 to task 1, who came first
    assertThat(graph.handOver(0)).isEqualTo(3);
    assertThat(graph.handOver(0)).isEqualTo(1);
    assertThat(graph.handOver(0)).isEqualTo(2);
  }

  @Test
  void whoWouldWaitForItselfIsRefusedAndNothingChanges() {
    graph.take(0, 0);
    graph.take(1, 1);
    graph.take(2, 2);
    graph.block(0, 1);
    graph.block(1, 2);
    graph.setRank(2, 3);
    assertThat(graph.block(2, 0)).as("a cycle of three").isFalse();
    assertThat(graph.block(2, 2)).as("a lock of its own").isFalse();
    assertRank(0, 0);
    graph.handOver(2);
    assertThat(graph.block(2, 0)).as("no cycle any more").isTrue();
  }

  /** Sysctl kernel.max_lock_depth, as probed: so many owners that wait themselves. */
  @Test
  void aChainOfMoreThanTheLimitIsTakenForADeadlock() {
    int longest = PiChain.MAX_DEPTH + 1;
    Graph deep = new Graph(longest + 2, longest + 1);
    deep.take(0, 0);
    for (int task = 1; task <= longest; task++) {
      deep.take(task, task);
      assertThat(deep.blockUnchecked(task, task - 1)).as("owner %s", task).isTrue();
    }
    deep.setRankUnchecked(longest, 77);
    deep.assertAgrees();
    assertThat(deep.tasks.getFirst().effectiveRank()).isEqualTo(77);
    assertThat(deep.blockUnchecked(longest + 1, longest)).as("one too many").isFalse();
    deep.assertAgrees();
  }

  @Test
  void whatAListenerThrowsIsHandledAndTheOthersAreTold() {
    List<Task> told = new ArrayList<>();
    PiChain chain =
        new PiChain(
            task -> {
              told.add(task);
              throw new IllegalStateException("listener");
            });
    List<Throwable> handled = new ArrayList<>();
    Thread thread = Thread.currentThread();
    Thread.UncaughtExceptionHandler before = thread.getUncaughtExceptionHandler();
    thread.setUncaughtExceptionHandler((_, thrown) -> handled.add(thrown));
    try {
      chain.lock();
      Task one = new Task(1, "one", 0);
      Task two = new Task(2, "two", 0);
      chain.setRankLocked(one, 1);
      chain.setRankLocked(two, 1);
      chain.unlock();
      chain.drain();
      assertThat(told).containsExactly(one, two);
      assertThat(handled).hasSize(2);
      chain.drain();
      assertThat(told).as("told once").hasSize(2);
    } finally {
      thread.setUncaughtExceptionHandler(before);
    }
  }

  @Test
  void randomGraphsAgreeWithTheModel() {
    play(TimeUnit.MILLISECONDS.toNanos(1_500));
  }

  @Test
  @Tag("long")
  void randomGraphsAgreeWithTheModelForLong() {
    play(TimeUnit.SECONDS.toNanos(60));
  }

  private void assertRank(int task, int rank) {
    assertThat(graph.tasks.get(task).effectiveRank()).as("rank of %s", task).isEqualTo(rank);
  }

  private static void play(long nanos) {
    Long chosen = Long.getLong("jfutex.fuzz.seed");
    long seed = chosen != null ? chosen : System.nanoTime();
    long start = System.nanoTime();
    do {
      Random random = new Random(seed);
      Graph graph = new Graph(2 + random.nextInt(9), 1 + random.nextInt(9));
      try {
        for (int step = 0; step < STEPS; step++) {
          graph.step(random);
        }
      } catch (RuntimeException | AssertionError e) {
        throw new AssertionError("seed " + seed + ":\n" + String.join("\n", graph.log), e);
      }
      seed++;
    } while (chosen == null && System.nanoTime() - start < nanos);
  }

  /** One lock of the model, and the state of the real graph while somebody waits for it. */
  private static final class Lock {
    int owner = -1;
    final List<Integer> waiters = new ArrayList<>();
    PiState state;
  }

  /** A graph and its model. */
  private static final class Graph {
    final List<Task> tasks = new ArrayList<>();
    final List<String> log = new ArrayList<>();
    private final Set<Task> told = new HashSet<>();
    private final PiChain chain = new PiChain(told::add);
    private final List<Lock> locks = new ArrayList<>();
    private final int[] cells;
    private final int[] own;
    private final int[] waitsFor;
    private final long[] arrived;
    private final PiWaiter[] waiters;
    private int[] ranks;
    private long arrivals;

    Graph(int tasks, int locks) {
      cells = new int[locks];
      own = new int[tasks];
      waitsFor = new int[tasks];
      arrived = new long[tasks];
      waiters = new PiWaiter[tasks];
      for (int i = 0; i < tasks; i++) {
        this.tasks.add(new Task(i + 1, "task " + i, 0));
        waitsFor[i] = -1;
      }
      for (int i = 0; i < locks; i++) {
        this.locks.add(new Lock());
      }
      ranks = ranks();
    }

    void step(Random random) {
      int task = random.nextInt(tasks.size());
      int lock = random.nextInt(locks.size());
      switch (random.nextInt(8)) {
        case 0, 1 -> take(task, lock);
        case 2, 3, 4 -> block(task, lock);
        case 5 -> unblock(task);
        case 6 -> handOver(lock);
        default -> setRank(task, random.nextInt(6) - 1);
      }
    }

    /** Without a call: the graph learns nothing of it. */
    void take(int task, int lock) {
      if (locks.get(lock).owner < 0 && waitsFor[task] < 0) {
        locks.get(lock).owner = task;
      }
    }

    boolean block(int task, int lock) {
      boolean blocked = blockUnchecked(task, lock);
      assertAgrees();
      return blocked;
    }

    /** False if it was refused. */
    boolean blockUnchecked(int task, int lock) {
      Lock wanted = locks.get(lock);
      if (wanted.owner < 0 || waitsFor[task] >= 0) {
        return false;
      }
      log.add("block " + task + " for " + lock);
      Word word = Word.of(cells, lock);
      PiState state =
          wanted.waiters.isEmpty()
              ? new PiState(word.key(), tasks.get(wanted.owner))
              : wanted.state;
      PiWaiter waiter = new PiWaiter(chain, tasks.get(task), word.key(), word, null, own[task], 0);
      boolean refused = locked(() -> chain.blockLocked(waiter, state)) == Errno.EDEADLK;
      assertThat(refused).as("%s for %s", task, lock).isEqualTo(isTooLong(task, lock));
      if (refused) {
        return false;
      }
      wanted.state = state;
      wanted.waiters.add(task);
      waitsFor[task] = lock;
      arrived[task] = arrivals++;
      waiters[task] = waiter;
      return true;
    }

    /** A search of its own: in so many steps, do we come to the task or to no end? */
    private boolean isTooLong(int task, int lock) {
      int at = locks.get(lock).owner;
      for (int waiting = 0; at != task; waiting++) {
        if (waitsFor[at] < 0) {
          return false;
        }
        if (waiting == PiChain.MAX_DEPTH) {
          return true;
        }
        at = locks.get(waitsFor[at]).owner;
      }
      return true;
    }

    void unblock(int task) {
      if (waitsFor[task] < 0) {
        return;
      }
      log.add("unblock " + task);
      locked(() -> chain.unblockLocked(waiters[task]));
      forget(task);
      locked(() -> chain.unblockLocked(waiters[task])); // who waits no more is left alone
      assertAgrees();
    }

    /** To whom the model says; -1 if nobody waits. */
    int handOver(int lock) {
      Lock released = locks.get(lock);
      if (released.owner < 0 || waitsFor[released.owner] >= 0) {
        return -1; // an owner that waits does not run
      }
      if (released.waiters.isEmpty()) {
        released.owner = -1;
        return -1;
      }
      int next = order(released).getFirst();
      log.add("hand over " + lock + " to " + next);
      PiWaiter first = released.state.first();
      assertThat(first).isSameAs(waiters[next]);
      locked(() -> chain.handOverLocked(released.state, first));
      forget(next);
      released.owner = next;
      assertAgrees();
      return next;
    }

    void setRank(int task, int rank) {
      setRankUnchecked(task, rank);
      assertAgrees();
    }

    void setRankUnchecked(int task, int rank) {
      log.add("rank of " + task + " is " + rank);
      locked(() -> chain.setRankLocked(tasks.get(task), rank));
      own[task] = rank;
    }

    private void forget(int task) {
      locks.get(waitsFor[task]).waiters.remove((Integer) task);
      waitsFor[task] = -1;
    }

    private Errno locked(Runnable step) {
      chain.lock();
      try {
        FutexException refusal = catchThrowableOfType(FutexException.class, step::run);
        return refusal == null ? null : refusal.errno();
      } finally {
        chain.unlock();
      }
    }

    /** The highest of its own and of those who wait for what it owns, from the leaves down. */
    private int[] ranks() {
      int[] found = own.clone();
      for (int round = 0; round < tasks.size(); round++) {
        boolean changed = false;
        for (int task = 0; task < found.length; task++) {
          int owner = waitsFor[task] < 0 ? -1 : locks.get(waitsFor[task]).owner;
          if (owner >= 0 && found[owner] < found[task]) {
            found[owner] = found[task];
            changed = true;
          }
        }
        if (!changed) {
          return found;
        }
      }
      throw new AssertionError("the ranks come to no end: there is a cycle");
    }

    private List<Integer> order(Lock lock) {
      return lock.waiters.stream()
          .sorted(
              java.util.Comparator.<Integer>comparingInt(task -> -ranks[task])
                  .thenComparingLong(task -> arrived[task]))
          .toList();
    }

    /** Everything that can be seen of the real graph is what the model says. */
    void assertAgrees() {
      int[] before = ranks;
      ranks = ranks();
      chain.drain();
      Set<Task> changed = new HashSet<>();
      for (int task = 0; task < ranks.length; task++) {
        if (ranks[task] != before[task]) {
          changed.add(tasks.get(task));
          arrived[task] = waitsFor[task] < 0 ? 0 : arrivals++;
        }
        assertThat(tasks.get(task).effectiveRank()).as("rank of %s", task).isEqualTo(ranks[task]);
        PiWaiter blocked = tasks.get(task).blockedOn;
        assertThat(blocked).isSameAs(waitsFor[task] < 0 ? null : waiters[task]);
      }
      assertThat(told).as("told of").isEqualTo(changed);
      told.clear();
      for (Lock lock : locks) {
        assertAgrees(lock);
      }
      assertThat(tasks.stream().mapToInt(task -> task.held.size()).sum())
          .as("states held")
          .isEqualTo((int) locks.stream().filter(lock -> !lock.waiters.isEmpty()).count());
    }

    private void assertAgrees(Lock lock) {
      if (lock.waiters.isEmpty()) {
        return;
      }
      Task owner = tasks.get(lock.owner);
      assertThat(lock.state.owner).isSameAs(owner);
      assertThat(owner.held).contains(lock.state);
      List<PiWaiter> queued = new ArrayList<>();
      lock.state.forEach(queued::add);
      assertThat(queued)
          .containsExactlyElementsOf(order(lock).stream().map(task -> waiters[task]).toList());
      assertThat(queued).allSatisfy(w -> assertThat(w.lent).isEqualTo(w.task.effectiveRank()));
    }
  }
}
