package org.jfutex.cli.fuzz;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jfutex.Errno;
import org.jfutex.cli.fuzz.RaceRig.Outcome;
import org.jfutex.cli.fuzz.RigProgram.Kind;
import org.jfutex.cli.fuzz.RigProgram.Step;
import org.jfutex.cli.play.RawCall;
import org.jfutex.engine.AsyncWait;
import org.jfutex.engine.JvmFutex;
import org.jfutex.engine.Task;
import org.jfutex.linux.AddressSpace;
import org.jfutex.linux.Operation;
import org.jfutex.linux.RawFutex;
import org.jfutex.linux.RemoteCaller;
import org.jfutex.linux.Submitted;
import org.jspecify.annotations.Nullable;

/** One program on a {@link RaceRig}, with memory and threads of its own. */
final class Lane {
  /** What words call the first thread of a program, the next ones following. */
  static final int FIRST_ID = 1000;

  /** A waiter for a lock notes when it began, and looks again before it sleeps. */
  private static final int LOOK_WHEN_QUEUED = 2;

  private final RigSpace space;
  private final RawFutex futex;
  private final Guest[] guests;
  private final RigClock clock;

  Lane(JvmFutex engine, RigClock clock, int threads) {
    this.clock = clock;
    space = new RigSpace(threads);
    futex = new RawFutex(engine);
    guests = new Guest[threads];
    Arrays.setAll(guests, Guest::new);
  }

  /**
   * Runs it with the atoms in an order: bit i says whose the i-th is, 0 for the first racer's. Null
   * if an order cannot be played.
   */
  @Nullable Outcome inOrder(RigProgram program, int order, int atoms) {
    begin(program);
    long[] results = new long[program.first().size() + program.second().size()];
    Order one = new Order(program, order, atoms, results);
    one.play();
    Outcome outcome = finish(program, results);
    return one.isUnreachable ? null : outcome;
  }

  /** Sets the memory up and runs the prefix. */
  void begin(RigProgram program) {
    for (int i = 0; i < program.cells().length; i++) {
      space.store(program.cells()[i], program.initial()[i]);
    }
    for (Guest guest : guests) {
      guest.state = RaceRig.IDLE;
      guest.task = program.ownsLocks() ? new Task(guest.id, guest.toString(), 0) : null;
    }
    for (Step step : program.prefix()) {
      long _ = execute(step, Ending.AT_ONCE);
      Guest guest = guests[step.thread()];
      guest.state = guest.state == RaceRig.ASLEEP ? RaceRig.ASLEEP : RaceRig.IDLE;
    }
  }

  /** Runs the suffix and leaves no sleeper behind. */
  Outcome finish(RigProgram program, long[] results) {
    int row = program.threads() + program.cells().length;
    long[] numbers =
        Arrays.copyOf(results, results.length + row + program.suffix().size() * (1 + row));
    int at = look(program, numbers, results.length);
    for (Step step : program.suffix()) {
      numbers[at++] = execute(step, Ending.AT_ONCE);
      at = look(program, numbers, at);
    }
    for (Guest guest : guests) {
      if (guest.state == RaceRig.ASLEEP) {
        boolean _ = guest.leave();
      }
    }
    return new Outcome(numbers);
  }

  private int look(RigProgram program, long[] numbers, int from) {
    int at = from;
    for (int i = 0; i < program.threads(); i++) {
      numbers[at++] = guests[i].state;
      if (guests[i].state != RaceRig.ASLEEP) {
        guests[i].state = RaceRig.IDLE;
      }
    }
    for (long cell : program.cells()) {
      numbers[at++] = space.load(cell);
    }
    return at;
  }

  /** What becomes of an expired call. */
  enum Ending {
    /** It times out. */
    AT_ONCE,
    /** It is queued, and times out in a step of its own. */
    LATER
  }

  /** What a step gives; {@link RaceRig#IDLE} for a wait, whose result is how its thread stands. */
  long execute(Step step, Ending ending) {
    switch (step.kind()) {
      case STORE -> space.store(step.address(), step.value());
      case COMPARE_AND_SET -> {
        return space.compareAndSet(step.address(), step.expected(), step.value()) ? 1 : 0;
      }
      case SIGNAL -> guests[step.thread()].end(Errno.EINTR);
      case EXIT -> futex.exit(guests[step.thread()]);
      case CALL, OWNER_CALL, UNLOCK -> {
        Guest guest = guests[step.thread()];
        guest.make(Objects.requireNonNull(step.call()));
        long result = guest.state;
        guest.state = RaceRig.IDLE;
        return result;
      }
      case WAIT, EXPIRED_LOCK -> guests[step.thread()].make(Objects.requireNonNull(step.call()));
      case EXPIRED_WAIT ->
          guests[step.thread()].make(
              Objects.requireNonNull(ending == Ending.LATER ? step.untimed() : step.call()));
    }
    return RaceRig.IDLE;
  }

  /** One order of a race. */
  private final class Order implements Runnable {
    private final RigProgram program;
    private final int order;
    private final int atoms;
    private final long[] results;
    private final int[] next = new int[2];
    private int at;
    private int loads;
    private int inside = -1;
    private final boolean[] expires = new boolean[2];
    private final boolean[] isInside = new boolean[2];
    private final int[] dropped = new int[2];
    private boolean isUnreachable;

    Order(RigProgram program, int order, int atoms, long[] results) {
      this.program = program;
      this.order = order;
      this.atoms = atoms;
      this.results = results;
    }

    void play() {
      while (at < atoms) {
        playNext();
      }
    }

    private int picked() {
      return order >>> at & 1;
    }

    private List<Step> stepsOf(int racer) {
      return racer == 0 ? program.first() : program.second();
    }

    private void playNext() {
      int racer = picked();
      at++;
      if (dropped[racer] > 0) {
        dropped[racer]--;
        return;
      }
      if (isUnreachable || isInside[racer]) {
        isUnreachable = true;
        return;
      }
      Step step = stepsOf(racer).get(next[racer]);
      if (expires[racer]) {
        expires[racer] = false;
        guests[step.thread()].end(Errno.ETIMEDOUT);
        next[racer]++;
        return;
      }
      if (step.kind() == Kind.EXPIRED_LOCK || step.kind() == Kind.UNLOCK) {
        playInTwo(racer, step);
        return;
      }
      if (step.entries() > 1) {
        inside = racer;
        loads = 0;
        space.beforeLoad = this;
      }
      long result = execute(step, Ending.LATER);
      if (step.entries() > 1) {
        space.beforeLoad = null;
        inside = -1;
        int left = step.entries() - 1 - Math.max(0, (loads - 1) / 2);
        skip(racer, left);
      }
      int index = (racer == 0 ? 0 : program.first().size()) + next[racer];
      results[index] = result;
      if (step.kind() == Kind.EXPIRED_WAIT) {
        expires[racer] = true;
      } else {
        next[racer]++;
      }
    }

    /**
     * A wait for a lock gives up, or an unlock acts, in a step of its own: what the other does
     * comes in between. It cannot leave the other in between its own two: such an order is passed
     * over.
     */
    private void playInTwo(int racer, Step step) {
      boolean[] reached = new boolean[1];
      int[] looks = new int[1];
      Runnable between =
          () -> {
            clock.beforeLook = null;
            space.afterLoad = null;
            reached[0] = true;
            isInside[racer] = true;
            playOthers(racer);
            isInside[racer] = false;
          };
      if (step.kind() == Kind.UNLOCK) {
        space.afterLoad = between;
      } else {
        clock.beforeLook =
            () -> {
              if (++looks[0] == LOOK_WHEN_QUEUED) {
                between.run();
              }
            };
      }
      int index = (racer == 0 ? 0 : program.first().size()) + next[racer];
      results[index] = execute(step, Ending.AT_ONCE);
      clock.beforeLook = null;
      space.afterLoad = null;
      next[racer]++;
      if (!reached[0]) {
        dropped[racer]++;
      }
    }

    /** What comes before the second atom of a racer. */
    private void playOthers(int racer) {
      while (at < atoms && picked() != racer) {
        playNext();
      }
      at++;
    }

    /** Drops atoms of a call that has ended before them; what the other does comes all the same. */
    private void skip(int racer, int count) {
      int left = count;
      while (left > 0 && at < atoms) {
        if (picked() == racer) {
          at++;
          left--;
        } else {
          playNext();
        }
      }
    }

    /** The vector wait comes to an entry: the first of two loads, the other under the lock. */
    @Override
    public void run() {
      loads++;
      if (loads % 2 == 0 || loads == 1) {
        return;
      }
      int racer = inside;
      space.beforeLoad = null;
      while (at < atoms && picked() != racer) {
        playNext();
      }
      at++;
      space.beforeLoad = this;
    }
  }

  /** One thread of the program. */
  private final class Guest implements RemoteCaller {
    /** {@link RaceRig#IDLE}, {@link RaceRig#ASLEEP}, or the result of a call that has returned. */
    long state = RaceRig.IDLE;

    final int id;
    @Nullable Task task;
    private @Nullable AsyncWait sleep;

    Guest(int index) {
      id = FIRST_ID + index;
    }

    @Override
    public @Nullable Task task() {
      return task;
    }

    @Override
    public @Nullable Task task(int wanted, AddressSpace.Scope scope) {
      int index = wanted - FIRST_ID;
      return index >= 0 && index < guests.length ? guests[index].task : null;
    }

    void make(RawCall call) {
      for (RawCall.Write write : call.writes()) {
        space.write(write.address(), write.bytes());
      }
      long[] a = call.args();
      state = RaceRig.ASLEEP; // before it queues: a waker may complete it before this returns
      Operation operation = task == null ? null : Operation.of(call.nr(), a[1]);
      if (operation != null && operation.isPi()) {
        state = futex.call(this, call.nr(), a[0], a[1], a[2], a[3], a[4], a[5]);
        sleep = null;
        return;
      }
      Submitted submitted = futex.submit(this, call.nr(), a[0], a[1], a[2], a[3], a[4], a[5]);
      sleep = submitted.sleep();
      if (sleep == null) {
        state = submitted.result();
      }
    }

    void end(Errno errno) {
      if (state == RaceRig.ASLEEP && leave()) {
        state = -errno.number();
      }
    }

    boolean leave() {
      AsyncWait wait = sleep;
      return wait != null && wait.cancel();
    }

    @Override
    public boolean complete(long result) {
      state = result;
      return true;
    }

    @Override
    public AddressSpace space() {
      return space;
    }

    @Override
    public String toString() {
      return "guest";
    }
  }
}
