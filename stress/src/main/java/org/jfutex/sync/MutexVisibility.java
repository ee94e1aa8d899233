package org.jfutex.sync;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.jfutex.Futex;
import org.jfutex.word.Word;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** What is stored in one critical section of a {@link Mutex} is seen whole in the next. */
public final class MutexVisibility {
  private MutexVisibility() {}

  /** Two plain fields under one mutex, which is handed over where the variant says so. */
  public abstract static class Guarded {
    /** Pauses between the two stores: without any, who looks without the lock meets them rarely. */
    private static final int SECTION_PAUSES = 16;

    private final Mutex mutex;
    private int first;
    private int second;

    Guarded(long patienceNanos) {
      mutex =
          new Mutex(
              Cell.local(Futex.jvm(), Word.of(new int[1], 0)),
              patienceNanos,
              new Backoff(0)); // who stayed awake would never sleep for so short a section
    }

    int write() {
      mutex.lock();
      first++;
      for (int i = 0; i < SECTION_PAUSES; i++) {
        Thread.onSpinWait();
      }
      second++;
      int seen = first == second ? first : -1;
      mutex.unlock();
      return seen;
    }

    void read(II_Result r) {
      mutex.lock();
      r.r1 = first;
      r.r2 = second;
      mutex.unlock();
    }

    void readWithoutLock(II_Result r) {
      r.r1 = first;
      r.r2 = second;
    }
  }

  /** Two threads, of which one can wait; tests of three are skipped on two processors. */
  @JCStressTest
  @Outcome(
      id = {"1, 2", "2, 1"},
      expect = ACCEPTABLE,
      desc = "each has seen what those before it had stored")
  @Outcome(expect = FORBIDDEN, desc = "two were inside at once, or a store was not seen")
  @State
  public static class Barging extends Guarded {
    public Barging() {
      super(Long.MAX_VALUE);
    }

    @Actor
    public void a(II_Result r) {
      r.r1 = write();
    }

    @Actor
    public void b(II_Result r) {
      r.r2 = write();
    }
  }

  /** The same, where who was woken and finds the lock taken again is handed it. */
  @JCStressTest
  @Outcome(
      id = {"2, 3", "3, 1", "3, 2"},
      expect = ACCEPTABLE,
      desc = "each has seen what those before it had stored")
  @Outcome(expect = FORBIDDEN, desc = "two were inside at once, or a store was not seen")
  @State
  public static class HandedOver extends Guarded {
    public HandedOver() {
      super(0);
    }

    @Actor
    public void a(II_Result r) {
      int _ = write();
      r.r1 = write();
    }

    @Actor
    public void b(II_Result r) {
      r.r2 = write();
    }
  }

  /** A reader that takes the lock. */
  @JCStressTest
  @Outcome(
      id = {"0, 0", "1, 1"},
      expect = ACCEPTABLE,
      desc = "nothing or all of the section")
  @Outcome(expect = FORBIDDEN, desc = "half a section")
  @State
  public static class Reader extends Guarded {
    public Reader() {
      super(Long.MAX_VALUE);
    }

    @Actor
    public void writer() {
      write();
    }

    @Actor
    public void reader(II_Result r) {
      read(r);
    }
  }

  /** A reader that does not. */
  @JCStressTest
  @Outcome(
      id = {"0, 0", "0, 1", "1, 1"},
      expect = ACCEPTABLE,
      desc = "in order, by chance")
  @Outcome(
      id = "1, 0",
      expect = ACCEPTABLE_INTERESTING,
      desc = "must be seen: the reader looked in the middle of the section")
  @State
  public static class ReaderWithoutLock extends Guarded {
    public ReaderWithoutLock() {
      super(Long.MAX_VALUE);
    }

    @Actor
    public void writer() {
      write();
    }

    @Actor
    public void reader(II_Result r) {
      readWithoutLock(r);
    }
  }
}
