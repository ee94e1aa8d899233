package org.jfutex.bench.area;

import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntFunction;
import java.util.function.Predicate;
import javax.management.JMException;
import javax.management.ObjectName;
import org.jfutex.Futex;
import org.jfutex.WaitStatus;
import org.jfutex.bench.frame.Area;
import org.jfutex.bench.frame.Case;
import org.jfutex.bench.frame.Contender;
import org.jfutex.bench.frame.Target;
import org.jfutex.word.Word;

/**
 * The memory of a waiter, by the JVM's own histogram of live objects: exact counts and the sizes
 * that they really have.
 */
final class Footprint implements Area {
  private static final int WAITERS = 100_000;
  private static final double EVENT_SECONDS = 0.6;

  private final int waiters;

  Footprint() {
    this(WAITERS);
  }

  Footprint(int waiters) {
    this.waiters = waiters;
  }

  @Override
  public String name() {
    return "memory";
  }

  @Override
  public List<Case> cases() {
    return List.of(
        bytes("node and table, 100k words", "engine", _ -> nodeAndTable())
            .against("48 bytes", Target.atMost(1), _ -> _ -> 48),
        bytes("heap above a parked thread, 100k at one word", "engine", _ -> aboveParked())
            .against("72 bytes", Target.atMost(1), _ -> _ -> 72));
  }

  private static Case bytes(String name, String side, Case.Opener opener) {
    return Case.of(name, "B/waiter", side, opener).inEvents(EVENT_SECONDS);
  }

  /** Objects of the engine, and the locks of its buckets. */
  private static boolean isOfEngine(String name) {
    return name.startsWith("org.jfutex.engine.")
        || name.startsWith("[Lorg.jfutex.engine.")
        || name.startsWith("java.util.concurrent.locks.ReentrantLock");
  }

  /** What stands in the queues: ThreadWaiter and its kind. */
  private static boolean isNode(String name) {
    return isOfEngine(name) && name.endsWith("Waiter");
  }

  /** The bytes of the objects whose class fits, all of them alive. */
  private static long live(Predicate<String> fits) {
    return histogram()
        .lines()
        .map(String::strip)
        .filter(line -> line.matches("\\d+:.*"))
        .map(line -> line.split("\\s+"))
        .filter(columns -> fits.test(columns[3]))
        .mapToLong(columns -> Long.parseLong(columns[2]))
        .sum();
  }

  /** Lines of a number, the instances, the bytes and the class. */
  private static String histogram() {
    try {
      return (String)
          ManagementFactory.getPlatformMBeanServer()
              .invoke(
                  new ObjectName("com.sun.management:type=DiagnosticCommand"),
                  "gcClassHistogram",
                  new Object[] {new String[0]},
                  new String[] {String[].class.getName()});
    } catch (JMException e) {
      throw new IllegalStateException("this JVM tells no histogram of its objects", e);
    }
  }

  /** The table counts whole, as it has grown for these waiters, each at a word of its own. */
  private Contender nodeAndTable() {
    return new Contender() {
      private double node;

      @Override
      public double measure(long sliceNanos) {
        Word[] words = new Word[waiters];
        int[] cells = new int[waiters];
        for (int i = 0; i < waiters; i++) {
          words[i] = Word.of(cells, i);
        }
        return withWaiters(
            i -> words[i],
            () -> {
              node = (double) live(Footprint::isNode) / waiters;
              return (double) live(Footprint::isOfEngine) / waiters;
            });
      }

      @Override
      public String note() {
        return String.format(Locale.ROOT, "node %.1f", node);
      }
    };
  }

  /** What is measured while all sleep. */
  @FunctionalInterface
  private interface Look {
    double bytes();
  }

  private double withWaiters(IntFunction<Word> words, Look look) {
    Futex futex = Futex.jvm();
    AtomicInteger next = new AtomicInteger();
    AtomicBoolean isOver = new AtomicBoolean();
    Sleepers sleepers =
        Sleepers.start(
            waiters,
            Thread.ofVirtual(),
            () -> {
              Word word = words.apply(next.getAndIncrement());
              while (!isOver.get()) {
                WaitStatus _ = futex.await(word, 0);
              }
            });
    sleepers.awaitParked();
    double bytes = look.bytes();
    isOver.set(true);
    for (int i = 0; i < waiters; i++) {
      int _ = futex.wake(words.apply(i), Integer.MAX_VALUE);
    }
    sleepers.join();
    return bytes;
  }

  private double withParked(Look look) {
    AtomicBoolean isOver = new AtomicBoolean();
    Sleepers sleepers =
        Sleepers.start(
            waiters,
            Thread.ofVirtual(),
            () -> {
              while (!isOver.get()) {
                LockSupport.park(isOver);
              }
            });
    sleepers.awaitParked();
    double bytes = look.bytes();
    isOver.set(true);
    sleepers.forEach(LockSupport::unpark);
    sleepers.join();
    return bytes;
  }

  private Contender aboveParked() {
    return new Contender() {
      private double parked;

      @Override
      public double measure(long sliceNanos) {
        Word word = Word.of(new int[1], 0);
        parked = withParked(() -> (double) live(_ -> true) / waiters);
        return withWaiters(_ -> word, () -> (double) live(_ -> true) / waiters) - parked;
      }

      @Override
      public String note() {
        return String.format(Locale.ROOT, "parked thread %.0f", parked);
      }
    };
  }
}
