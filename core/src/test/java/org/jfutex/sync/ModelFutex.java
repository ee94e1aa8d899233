package org.jfutex.sync;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import org.jfutex.AnyWait;
import org.jfutex.Capabilities;
import org.jfutex.Futex;
import org.jfutex.LockStatus;
import org.jfutex.Observation;
import org.jfutex.Robust;
import org.jfutex.WaitEntry;
import org.jfutex.WaitOptions;
import org.jfutex.WaitStatus;
import org.jfutex.WakeOp;
import org.jfutex.time.Deadline;
import org.jfutex.time.Ticker;
import org.jfutex.word.Key;
import org.jfutex.word.Word;

/**
 * A backend on which one thread runs at a time and every access to a word and every operation is a
 * point where another may go on. One object is one run: it follows given choices and records those
 * that there were, so that {@link #explore} can go through all of them.
 */
final class ModelFutex implements Futex {
  private static final int STEPS = 2_000;

  /** Threads of one run, and what must hold when they have ended. */
  interface Scenario {
    /** Makes the threads, by {@link ModelFutex#thread}; returns the check. */
    Runnable set(ModelFutex model);
  }

  /** One thread of a run. */
  private static final class Task {
    final String name;
    final Semaphore go = new Semaphore(0);
    boolean isAsleep;
    boolean isDone;
    boolean hasAsked;
    Word word;
    long expected;
    int bitset;
    boolean mayGiveUp;
    WaitStatus end;

    Task(String name) {
      this.name = name;
    }
  }

  private final List<Integer> given;
  private final List<Integer> chosen = new ArrayList<>();
  private final List<Integer> widths = new ArrayList<>();
  private final List<String> trace = new ArrayList<>();
  private final List<Task> tasks = new ArrayList<>();
  private final List<Task> queue = new ArrayList<>();
  private final Semaphore over = new Semaphore(0);
  private Task current;
  private int preemptions;
  private int givingUp;
  private int steps;
  private Throwable failure;

  private ModelFutex(List<Integer> given, int preemptions, int givingUp) {
    this.given = given;
    this.preemptions = preemptions;
    this.givingUp = givingUp;
  }

  /**
   * Runs a scenario in every schedule.
   *
   * @param preemptions how often a thread that could go on is stopped, at most
   * @param givingUp how often a sleeper with a deadline gives up although others could go on
   * @return how many schedules there were
   */
  static int explore(int preemptions, int givingUp, Scenario scenario) {
    List<Integer> next = new ArrayList<>();
    for (int count = 1; ; count++) {
      ModelFutex model = new ModelFutex(next, preemptions, givingUp);
      model.run(scenario);
      next = new ArrayList<>(model.chosen);
      while (!next.isEmpty() && next.getLast() + 1 == model.widths.get(next.size() - 1)) {
        next.removeLast();
      }
      if (next.isEmpty()) {
        return count;
      }
      next.set(next.size() - 1, next.getLast() + 1);
    }
  }

  private void run(Scenario scenario) {
    Runnable check = scenario.set(this);
    current = choose(null);
    current.go.release();
    over.acquireUninterruptibly();
    if (failure == null) {
      try {
        check.run();
      } catch (Throwable e) {
        failure = e;
      }
    }
    if (failure != null) {
      throw new AssertionError(
          "choices %s:\n%s".formatted(chosen, String.join("\n", trace)), failure);
    }
  }

  /** Adds a thread. */
  void thread(String name, Runnable body) {
    Task task = new Task(name);
    tasks.add(task);
    Thread _ =
        Thread.startVirtualThread(
            () -> {
              task.go.acquireUninterruptibly();
              try {
                body.run();
                task.isDone = true;
                pass(task);
              } catch (Throwable e) {
                fail(e);
              }
            });
  }

  private void fail(Throwable e) {
    failure = e;
    over.release(); // the others are left where they are, for the collector
  }

  /** A word, 0 at first. */
  Word word(String name) {
    return new Cell(name);
  }

  /** Where another thread may go on. */
  private void step(String what) {
    trace.add(current.name + ": " + what);
    Task self = current;
    if (++steps > STEPS) {
      throw new AssertionError("goes on for ever");
    }
    pass(self);
  }

  private void pass(Task self) {
    Task next = choose(self);
    if (next == self) {
      return;
    }
    current = next;
    if (next == null) {
      over.release();
    } else {
      next.go.release();
    }
    if (!self.isDone) {
      self.go.acquireUninterruptibly();
    }
  }

  /** Who goes on; null if all have ended. */
  private Task choose(Task self) {
    List<Task> options = new ArrayList<>();
    boolean canGoOn = self != null && !self.isDone && !self.isAsleep;
    if (canGoOn) {
      options.add(self);
    }
    if (!canGoOn || preemptions > 0) {
      tasks.stream().filter(t -> t != self && !t.isDone && !t.isAsleep).forEach(options::add);
    }
    boolean isForced = options.isEmpty();
    if (isForced || givingUp > 0) {
      tasks.stream().filter(t -> t.isAsleep && t.mayGiveUp).forEach(options::add);
    }
    if (options.isEmpty()) {
      if (tasks.stream().allMatch(t -> t.isDone)) {
        return null;
      }
      throw new AssertionError("nobody is left to wake those who sleep");
    }
    int choice = chosen.size() < given.size() ? given.get(chosen.size()) : 0;
    chosen.add(choice);
    widths.add(options.size());
    Task next = options.get(choice);
    if (next.isAsleep) {
      givingUp -= isForced ? 0 : 1;
      queue.remove(next);
      end(next, WaitStatus.TIMED_OUT);
      trace.add(next.name + ": gives up");
    } else if (canGoOn && next != self) {
      preemptions--;
    }
    return next;
  }

  private static void end(Task task, WaitStatus status) {
    task.isAsleep = false;
    task.end = status;
  }

  /** Fails if the thread that runs has passed one that asked and sleeps. */
  void assertNobodyWasPassed() {
    for (Task task : queue) {
      if (task.bitset == 2 && task.expected == Mutex.ASKED && !current.hasAsked) {
        throw new AssertionError(current.name + " has passed " + task.name);
      }
    }
  }

  @Override
  public WaitStatus await(Word word, long expected, Deadline deadline, WaitOptions options) {
    step("await " + expected);
    Task self = current;
    if (((Cell) word).value != expected) {
      return WaitStatus.CHANGED;
    }
    self.isAsleep = true;
    self.word = word;
    self.expected = expected;
    self.bitset = options.bitset();
    self.hasAsked = options.bitset() == 2;
    self.mayGiveUp = deadline.isReached(Ticker.system()); // in a run a later one is never reached
    queue.add(self);
    pass(self);
    trace.add(self.name + ": " + self.end);
    return self.end;
  }

  @Override
  public int wake(Word word, int count, int bitset) {
    step("wake " + bitset);
    return take(word, count, bitset);
  }

  private int take(Word word, int count, int bitset) {
    List<Task> taken =
        queue.stream()
            .filter(task -> task.word == word && (task.bitset & bitset) != 0)
            .limit(count)
            .toList();
    queue.removeAll(taken);
    taken.forEach(task -> end(task, WaitStatus.WOKEN));
    return taken.size();
  }

  @Override
  public int requeue(Word from, int wake, Word to, int move) {
    step("requeue");
    int woken = take(from, wake, WaitOptions.MATCH_ANY);
    List<Task> moved = queue.stream().filter(task -> task.word == from).limit(move).toList();
    queue.removeAll(moved);
    moved.forEach(task -> task.word = to);
    queue.addAll(moved);
    return woken + moved.size();
  }

  /** A word of a run. */
  private final class Cell implements Word {
    private final String name;
    private long value;

    Cell(String name) {
      this.name = name;
    }

    @Override
    public int bits() {
      return Integer.SIZE;
    }

    @Override
    public long load() {
      step("load " + name);
      return value;
    }

    @Override
    public boolean compareAndSet(long expected, long update) {
      step("compare " + name + " with " + expected + ", set " + update);
      if (value != expected) {
        return false;
      }
      value = update;
      return true;
    }

    @Override
    public Key key() {
      return Key.heap(this, 0);
    }
  }

  /** Stores before the threads run. */
  static void store(Word word, long value) {
    ((Cell) word).value = value;
  }

  /** What a word holds, for checks. */
  static long valueOf(Word word) {
    return ((Cell) word).value;
  }

  @Override
  public Capabilities capabilities() {
    return new Capabilities(
        "model",
        Set.of(Integer.SIZE),
        1,
        true,
        false,
        true,
        true,
        true,
        false,
        true,
        false,
        Capabilities.PiThreads.ALL);
  }

  @Override
  public Observation observe(Word word, Runnable told) {
    throw new UnsupportedOperationException();
  }

  @Override
  public OptionalInt compareRequeue(Word from, long expected, int wake, Word to, int move) {
    throw new UnsupportedOperationException();
  }

  @Override
  public CompletableFuture<WaitStatus> awaitAsync(
      Word word, long expected, Deadline deadline, WaitOptions options) {
    throw new UnsupportedOperationException();
  }

  @Override
  public AnyWait awaitAny(List<WaitEntry> entries, Deadline deadline) {
    throw new UnsupportedOperationException();
  }

  @Override
  public int wakeOp(Word word, int wake, Word target, int wakeTarget, WakeOp op) {
    throw new UnsupportedOperationException();
  }

  @Override
  public int ownerId() {
    throw new UnsupportedOperationException();
  }

  @Override
  public LockStatus lockPi(Word word, Deadline deadline, int rank) {
    throw new UnsupportedOperationException();
  }

  @Override
  public LockStatus tryLockPi(Word word) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void unlockPi(Word word) {
    throw new UnsupportedOperationException();
  }

  @Override
  public LockStatus awaitRequeuePi(
      Word word, long expected, Word lock, Deadline deadline, int rank) {
    throw new UnsupportedOperationException();
  }

  @Override
  public OptionalInt compareRequeuePi(Word from, long expected, Word lock, int move) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Robust robust() {
    throw new UnsupportedOperationException();
  }
}
