package org.jfutex.bench.area;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.locks.ReentrantLock;
import org.jfutex.Futex;
import org.jfutex.bench.area.CacheLine.Mode;
import org.jfutex.bench.area.Crowd.Figure;
import org.jfutex.bench.area.Crowd.Section;
import org.jfutex.bench.area.Crowd.Shape;
import org.jfutex.bench.frame.Area;
import org.jfutex.bench.frame.Case;
import org.jfutex.bench.frame.Loop;
import org.jfutex.bench.frame.Processors;
import org.jfutex.bench.frame.SkippedException;
import org.jfutex.bench.frame.Target;
import org.jfutex.sync.Fairness;
import org.jfutex.sync.Mutex;
import org.jfutex.word.Word;

/** The mutex against the locks of the JDK: free, and with a crowd at it. */
final class Lock implements Area {
  private static final VarHandle ELEMENT = MethodHandles.arrayElementVarHandle(int[].class);

  /** On a cache line of its own. */
  private static final int CELL = 32;

  private static final int CELLS = 64;

  private static final List<Shape> SHAPES =
      List.of(
          new Shape("2 platform threads", 2, Thread.ofPlatform()),
          new Shape("4 platform threads", 4, Thread.ofPlatform()),
          new Shape("100 virtual threads", 100, Thread.ofVirtual()),
          new Shape("1000 virtual threads", 1000, Thread.ofVirtual()));

  /** Sections, and time between them, that are long against the way of a cache line. */
  private static final Shape LONG =
      new Shape("2 platform threads, long sections", 2, Thread.ofPlatform(), 1000, 1000);

  @Override
  public String name() {
    return "lock";
  }

  @Override
  public List<Case> cases() {
    List<Case> cases = new ArrayList<>();
    cases.add(
        Case.nanos("lock and unlock, free", "mutex", _ -> pairs(mutex(Fairness.BARGING)))
            .withoutAllocation()
            .against("a pair of CAS", Target.atMost(1.15), _ -> casPairs())
            .against("ReentrantLock", Target.atMost(1.05), _ -> pairs(new ReentrantLock()))
            .against("synchronized", Target.atMost(0.85), _ -> Monitor.pairs()));
    for (Shape shape : SHAPES) {
      cases.add(barging(shape, Target.timesFaster(shape.threads() == 2 ? 1.2 : 1.25)));
      cases.add(
          crowded(shape, Fairness.FAIR)
              .against("ReentrantLock", Target.timesFaster(0.9), _ -> reentrant(shape)));
      cases.add(share(shape));
    }
    cases.add(barging(LONG, Target.timesFaster(0.95)));
    cases.add(
        Case.nanos("cache line, there and back", "stores", _ -> cacheLine(Mode.STORE))
            .against("compare-and-set", Target.none(), _ -> cacheLine(Mode.CAS)));
    return cases;
  }

  private static Case barging(Shape shape, Target reentrant) {
    return crowded(shape, Fairness.BARGING)
        .against("ReentrantLock", reentrant, _ -> reentrant(shape))
        .against(
            "synchronized",
            Target.timesFaster(0.95),
            _ -> new Crowd(shape, Monitor.section(), Figure.NANOS));
  }

  /** Nanoseconds for each section: how many times faster is how much more throughput. */
  private static Case crowded(Shape shape, Fairness fairness) {
    return Case.nanos(
        "throughput, %s, %s".formatted(shape.name(), fairness.name().toLowerCase(Locale.ROOT)),
        "mutex",
        _ -> new Crowd(shape, section(mutex(fairness)), Figure.NANOS));
  }

  private static Case share(Shape shape) {
    return Case.of(
            "smallest share, %s, fair".formatted(shape.name()),
            "of avg",
            "mutex",
            _ -> new Crowd(shape, section(mutex(Fairness.FAIR)), Figure.SMALLEST_SHARE))
        .inLongSlices()
        .against("even shares", Target.atLeast(0.3), _ -> _ -> 1);
  }

  private static CacheLine cacheLine(Mode mode) throws SkippedException {
    int _ = Processors.second(); // on one, each trip would take two time slices
    return new CacheLine(mode);
  }

  private static Mutex mutex(Fairness fairness) {
    return Mutex.of(Futex.jvm(), Word.of(new int[CELLS], CELL), fairness);
  }

  private static Section section(Mutex mutex) {
    return guarded -> {
      mutex.lock();
      try {
        guarded.inside();
      } finally {
        mutex.unlock();
      }
    };
  }

  private static Section section(ReentrantLock lock) {
    return guarded -> {
      lock.lock();
      try {
        guarded.inside();
      } finally {
        lock.unlock();
      }
    };
  }

  private static Crowd reentrant(Shape shape) {
    return new Crowd(shape, section(new ReentrantLock()), Figure.NANOS);
  }

  private static Loop pairs(Mutex mutex) {
    return pairs(
        "mutex",
        () -> {
          mutex.lock();
          mutex.unlock();
        });
  }

  @SuppressWarnings("LockNotBeforeTry") // there is nothing in between
  private static Loop pairs(ReentrantLock lock) {
    return pairs(
        "ReentrantLock",
        () -> {
          lock.lock();
          lock.unlock();
        });
  }

  private static Loop casPairs() {
    int[] cells = new int[CELLS];
    return pairs(
        "CAS",
        () -> {
          if (!ELEMENT.compareAndSet(cells, CELL, 0, 1)
              || !ELEMENT.compareAndSet(cells, CELL, 1, 0)) {
            throw new IllegalStateException("nobody else writes the cell");
          }
        });
  }

  /** The pair is a lambda, which stays a call: the compiler would merge monitors of a loop. */
  static Loop pairs(String name, Runnable pair) {
    return new Loop(
        name,
        operations -> {
          for (int i = 0; i < operations; i++) {
            pair.run();
          }
          return operations;
        });
  }
}
