package org.jfutex.bench.area;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.jfutex.bench.frame.Area;
import org.jfutex.bench.frame.Case;
import org.jfutex.bench.frame.Contender;
import org.jfutex.bench.frame.Target;
import org.jfutex.io.EventCounter;
import org.jfutex.poll.Discipline;
import org.jfutex.poll.Epoll;
import org.jfutex.poll.Events;
import org.jfutex.poll.PollSet;
import org.jfutex.poll.Pollable;
import org.jfutex.time.Deadline;

/**
 * What a look at many things costs by how many there are, how many are ready, how many change
 * between two looks, and how many threads change them meanwhile; and what waiting for one of them
 * costs. Figures without targets, from which the default discipline was chosen.
 */
final class PollMatrix implements Area {
  private static final Deadline NOW = Deadline.after(0, TimeUnit.SECONDS);
  private static final int SWEPT = 100;
  private static final int PAUSES = 50;

  /** Which of the things are ready. */
  private enum Readiness {
    ALL,
    NONE,
    LAST,
    ONE_PERCENT;

    boolean isReady(int index, int count) {
      return switch (this) {
        case ALL -> true;
        case NONE -> false;
        case LAST -> index == count - 1;
        case ONE_PERCENT -> index % 100 == 99;
      };
    }
  }

  @Override
  public String name() {
    return Areas.POLL_MATRIX;
  }

  @Override
  public List<Case> cases() {
    List<Case> cases = new ArrayList<>();
    for (int changed : new int[] {0, 1, 10, 50, 100}) {
      for (int writers = 0; writers <= 2; writers++) {
        cases.add(sweep(changed, writers));
      }
    }
    for (int count : new int[] {10, 100, 250, 500, 2_000}) {
      for (Readiness readiness : Readiness.values()) {
        cases.add(look(count, readiness));
      }
      cases.add(wake(count, "platform threads", Thread.ofPlatform()));
      cases.add(wake(count, "virtual threads", Thread.ofVirtual()));
    }
    return cases;
  }

  private static Case sweep(int changed, int writers) {
    return Case.nanos(
            "poll of %d, %d change before, %d writers".formatted(SWEPT, changed, writers),
            "hybrid",
            _ -> sweep(Discipline.HYBRID, changed, writers))
        .against("stateless", Target.none(), _ -> sweep(Discipline.STATELESS, changed, writers))
        .against("stateful", Target.none(), _ -> sweep(Discipline.STATEFUL, changed, writers));
  }

  /** The time is that of the changes and of the poll. */
  private static Contender sweep(Discipline discipline, int changed, int writers) {
    List<EventCounter> counters = counters(SWEPT, discipline, Readiness.ALL);
    PollSet set = new PollSet();
    counters.forEach(each -> set.add(each, Events.IN));
    int[] next = {0};
    Paced.Operations looks =
        count -> {
          long start = System.nanoTime();
          for (long i = 0; i < count; i++) {
            for (int j = 0; j < changed; j++) {
              next[0] = (next[0] + 1) % SWEPT;
              boolean _ = counters.get(next[0]).tryAdd(1);
            }
            int _ = poll(set);
          }
          return (double) (System.nanoTime() - start) / count;
        };
    return new Paced(count -> beside(counters, writers, () -> looks.nanosPerOperation(count)));
  }

  /** Something that is measured. */
  @FunctionalInterface
  private interface Measured {
    double nanos();
  }

  /** Measures beside threads that change one thing after the other, with a pause after each. */
  private static double beside(List<EventCounter> counters, int writers, Measured body) {
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < writers; i++) {
      SplittableRandom random = new SplittableRandom(i);
      threads.add(
          Thread.ofPlatform()
              .start(
                  () -> {
                    while (!Thread.currentThread().isInterrupted()) {
                      boolean _ = counters.get(random.nextInt(counters.size())).tryAdd(1);
                      for (int j = 0; j < PAUSES; j++) {
                        Thread.onSpinWait();
                      }
                    }
                  }));
    }
    try {
      return body.nanos();
    } finally {
      threads.forEach(Thread::interrupt);
      threads.forEach(PollMatrix::join);
    }
  }

  private static void join(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException e) {
      throw new IllegalStateException("nobody interrupts", e);
    }
  }

  private static int poll(PollSet set) {
    try {
      return set.poll(NOW);
    } catch (InterruptedException e) {
      throw new IllegalStateException("nobody interrupts", e);
    }
  }

  private static List<EventCounter> counters(
      int count, Discipline discipline, Readiness readiness) {
    List<EventCounter> counters = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int first = readiness.isReady(i, count) ? 1 : 0;
      counters.add(new EventCounter(first, EventCounter.Mode.COUNTER, discipline));
    }
    return counters;
  }

  private static Case look(int count, Readiness readiness) {
    String what =
        "look at %d, ready: %s"
            .formatted(count, readiness.name().toLowerCase(Locale.ROOT).replace('_', ' '));
    return Case.nanos(what, "poll, hybrid", _ -> look(count, Discipline.HYBRID, readiness))
        .against(
            "poll, stateless", Target.none(), _ -> look(count, Discipline.STATELESS, readiness))
        .against("poll, aliases of one", Target.none(), _ -> aliases(count, readiness))
        .against("epoll", Target.none(), _ -> epoll(count, readiness));
  }

  private static Contender look(int count, Discipline discipline, Readiness readiness) {
    PollSet set = new PollSet();
    counters(count, discipline, readiness).forEach(each -> set.add(each, Events.IN));
    return repeat(() -> poll(set));
  }

  private static Contender aliases(int count, Readiness readiness) {
    PollSet set = new PollSet();
    EventCounter ready = counters(1, Discipline.HYBRID, Readiness.ALL).getFirst();
    EventCounter idle = counters(1, Discipline.HYBRID, Readiness.NONE).getFirst();
    for (int i = 0; i < count; i++) {
      int _ = set.add(readiness.isReady(i, count) ? ready : idle, Events.IN);
    }
    return repeat(() -> poll(set));
  }

  private static Contender epoll(int count, Readiness readiness) {
    Epoll<Pollable> epoll = new Epoll<>();
    counters(count, Discipline.HYBRID, readiness).forEach(each -> epoll.add(each, Events.IN, each));
    return repeat(
        () -> {
          try {
            return epoll.awaitEvents(count, NOW).size();
          } catch (InterruptedException e) {
            throw new IllegalStateException("nobody interrupts", e);
          }
        });
  }

  /** A call. */
  @FunctionalInterface
  private interface Call {
    int call();
  }

  private static Contender repeat(Call call) {
    return new Paced(
        count -> {
          long start = System.nanoTime();
          for (long i = 0; i < count; i++) {
            int _ = call.call();
          }
          return (double) (System.nanoTime() - start) / count;
        });
  }

  private static Case wake(int count, String threads, Thread.Builder kind) {
    return Case.nanos(
            "sleep until 1 of %d fires, %s".formatted(count, threads),
            "epoll",
            _ -> wake(count, kind, Waiting.EPOLL))
        .against("poll", Target.none(), _ -> wake(count, kind, Waiting.POLL));
  }

  /** How somebody waits. */
  private enum Waiting {
    EPOLL,
    POLL
  }

  private static void takeFrom(List<EventCounter> counters, PollSet set) {
    for (int i = 0; i < counters.size(); i++) {
      if (set.revents(i) != 0) {
        long _ = counters.get(i).tryTake();
      }
    }
  }

  /** One thread fires and waits until that was noticed; the other sleeps for it. */
  private static Contender wake(int count, Thread.Builder kind, Waiting waiting) {
    List<EventCounter> counters = counters(count, Discipline.HYBRID, Readiness.NONE);
    EventCounter noticed = new EventCounter();
    PollSet set = new PollSet();
    Epoll<EventCounter> epoll = new Epoll<>();
    for (EventCounter each : counters) {
      int _ = set.add(each, Events.IN);
      epoll.add(each, Events.IN, each);
    }
    return new Paced(
        times -> {
          long start = System.nanoTime();
          Thread sleeper =
              kind.start(
                  () -> {
                    try {
                      for (long i = 0; i < times; i++) {
                        if (waiting == Waiting.EPOLL) {
                          long _ = epoll.awaitEvents(1, Deadline.NEVER).getFirst().data().tryTake();
                        } else {
                          int _ = set.poll(Deadline.NEVER);
                          takeFrom(counters, set);
                        }
                        noticed.add(1);
                      }
                    } catch (InterruptedException e) {
                      throw new IllegalStateException("nobody interrupts", e);
                    }
                  });
          Thread firing =
              kind.start(
                  () -> {
                    try {
                      for (long i = 0; i < times; i++) {
                        counters.get((int) (i % count)).add(1);
                        long _ = noticed.take();
                      }
                    } catch (InterruptedException e) {
                      throw new IllegalStateException("nobody interrupts", e);
                    }
                  });
          join(sleeper);
          join(firing);
          return (double) (System.nanoTime() - start) / times;
        });
  }
}
