package org.jfutex.poll;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jfutex.testing.Crew;
import org.jfutex.testing.ThreadKind;
import org.jfutex.time.Deadline;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/**
 * Who is woken when threads wait on one epoll, on epolls over each other, and on a diamond of them:
 * the arrangements of the kernel's epoll_wakeup_test.c, 1 to 58, generated, each played on the
 * running kernel and on ours. All of a machine run at the same time, as who is not woken waits for
 * its deadline.
 */
class EpollWakeupTest {
  private static final int MILLIS = 1_500;

  /** How a thread waits, and on which of the epolls. */
  private enum Waiting {
    WAIT_OUTER,
    POLL_OUTER,
    WAIT_INNER,
    POLL_INNER;

    boolean polls() {
      return this == POLL_OUTER || this == POLL_INNER;
    }

    int epoll() {
      return this == WAIT_OUTER || this == POLL_OUTER ? 0 : 1;
    }
  }

  /** Sources under inner epolls under epoll 0; with no inner ones, under it directly. */
  private record Arrangement(
      int sources, int inner, int outerFlags, int innerFlags, List<Waiting> threads) {
    /** Whether a thread may take one edge or both, or an edge that another waits for above it. */
    boolean isRace() {
      boolean isBelow = threads.stream().anyMatch(each -> each.epoll() == 1);
      return isBelow ? innerFlags == Epoll.ET : sources == 2 && outerFlags == Epoll.ET;
    }
  }

  /** Epolls and counters by number; epoll 0 is the outer one. */
  private interface Machine extends AutoCloseable {
    void build(Arrangement arrangement);

    int await(int epoll, int millis) throws Exception;

    int poll(int epoll, int millis) throws Exception;

    void fire(int source);

    @Override
    void close();
  }

  private static final class Ours implements Machine {
    private final List<Tally> sources = new ArrayList<>();
    private final List<Epoll<Integer>> epolls = new ArrayList<>();

    @Override
    public void build(Arrangement arrangement) {
      epolls.add(new Epoll<>());
      for (int i = 1; i <= arrangement.inner; i++) {
        epolls.add(new Epoll<>());
        epolls.getFirst().add(epolls.get(i), Events.IN | arrangement.outerFlags, i);
      }
      int flags = arrangement.inner == 0 ? arrangement.outerFlags : arrangement.innerFlags;
      for (int i = 0; i < arrangement.sources; i++) {
        sources.add(new Tally());
        int under = arrangement.inner == 0 ? 0 : 1 + i % arrangement.inner;
        epolls.get(under).add(sources.get(i), Events.IN | flags, i);
      }
    }

    @Override
    public int await(int epoll, int millis) throws InterruptedException {
      Deadline deadline = Deadline.after(millis, TimeUnit.MILLISECONDS);
      return epolls.get(epoll).awaitEvents(2, deadline).size();
    }

    @Override
    public int poll(int epoll, int millis) throws InterruptedException {
      PollSet set = new PollSet();
      int _ = set.add(epolls.get(epoll), Events.IN);
      return set.poll(Deadline.after(millis, TimeUnit.MILLISECONDS));
    }

    @Override
    public void fire(int source) {
      sources.get(source).add();
    }

    @Override
    public void close() {
      epolls.forEach(Epoll::close);
    }
  }

  private static final class Theirs implements Machine {
    private final Kernel kernel = new Kernel();
    private final List<Integer> sources = new ArrayList<>();
    private final List<Integer> epolls = new ArrayList<>();

    @Override
    public void build(Arrangement arrangement) {
      epolls.add(kernel.epoll());
      for (int i = 1; i <= arrangement.inner; i++) {
        epolls.add(kernel.epoll());
        add(epolls.getFirst(), epolls.get(i), arrangement.outerFlags);
      }
      int flags = arrangement.inner == 0 ? arrangement.outerFlags : arrangement.innerFlags;
      for (int i = 0; i < arrangement.sources; i++) {
        sources.add(kernel.eventfd());
        int under = arrangement.inner == 0 ? 0 : 1 + i % arrangement.inner;
        add(epolls.get(under), sources.get(i), flags);
      }
    }

    private void add(int epoll, int target, int flags) {
      assertThat(kernel.control(epoll, Kernel.ADD, target, Events.IN | flags, target)).isZero();
    }

    @Override
    public int await(int epoll, int millis) {
      return kernel.await(epolls.get(epoll), 2, millis).size();
    }

    @Override
    public int poll(int epoll, int millis) {
      return kernel.poll(epolls.get(epoll), Events.IN, millis) != 0 ? 1 : 0;
    }

    @Override
    public void fire(int source) {
      kernel.add(sources.get(source));
    }

    @Override
    public void close() {
      kernel.close();
    }
  }

  private static List<Arrangement> arrangements() {
    List<Arrangement> all = new ArrayList<>();
    int[] triggers = {0, Epoll.ET};
    List<List<Waiting>> onOne =
        List.of(
            List.of(Waiting.WAIT_OUTER),
            List.of(Waiting.POLL_OUTER),
            List.of(Waiting.WAIT_OUTER, Waiting.WAIT_OUTER),
            List.of(Waiting.WAIT_OUTER, Waiting.POLL_OUTER));
    for (int outer : triggers) {
      for (List<Waiting> threads : onOne) {
        all.add(new Arrangement(1, 0, outer, 0, threads));
        all.add(new Arrangement(2, 0, outer, 0, threads));
        for (int inner : triggers) {
          all.add(new Arrangement(1, 1, outer, inner, threads));
          all.add(new Arrangement(2, 2, outer, inner, threads));
        }
      }
      for (int inner : triggers) {
        for (Waiting below : List.of(Waiting.WAIT_INNER, Waiting.POLL_INNER)) {
          for (Waiting above : List.of(Waiting.WAIT_OUTER, Waiting.POLL_OUTER)) {
            all.add(new Arrangement(1, 1, outer, inner, List.of(below, above)));
          }
        }
      }
    }
    return all;
  }

  /** One thread's wait, and once more what is there when it has ended; more than 0 is success. */
  private static int waitOnce(Machine machine, Waiting how) throws Exception {
    if (how.polls() && machine.poll(how.epoll(), MILLIS) == 0) {
      return 0;
    }
    return machine.await(how.epoll(), how.polls() ? 0 : MILLIS);
  }

  /** Plays all arrangements at once: who got how much, and what is left on the outer epoll. */
  private static Map<Arrangement, String> play(boolean isKernel, ThreadKind kind) throws Exception {
    Map<Arrangement, Machine> machines = new LinkedHashMap<>();
    Map<Arrangement, List<Crew.Job<Integer>>> jobs = new LinkedHashMap<>();
    Map<Arrangement, String> results = new LinkedHashMap<>();
    List<Arrangement> all = arrangements();
    CountDownLatch begun = new CountDownLatch(all.stream().mapToInt(a -> a.threads.size()).sum());
    try (Crew crew = new Crew()) {
      for (Arrangement each : all) {
        Machine machine = isKernel ? new Theirs() : new Ours();
        machine.build(each);
        machines.put(each, machine);
        List<Crew.Job<Integer>> threads = new ArrayList<>();
        for (Waiting how : each.threads) {
          threads.add(
              crew.start(
                  kind,
                  () -> {
                    begun.countDown();
                    return waitOnce(machine, how);
                  }));
        }
        jobs.put(each, threads);
      }
      begun.await();
      // who is not asleep yet finds the event, which the arrangements allow as well
      machines.forEach(
          (each, machine) -> {
            for (int i = 0; i < each.sources; i++) {
              machine.fire(i);
            }
          });
      for (Arrangement each : all) {
        int winners = 0;
        for (Crew.Job<Integer> job : jobs.get(each)) {
          winners += job.join() > 0 ? 1 : 0;
        }
        int later = machines.get(each).await(0, 0);
        results.put(
            each, each.isRace() && winners > 0 ? "a race" : winners + " won, " + later + " left");
        machines.get(each).close();
      }
    }
    return results;
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void theSameThreadsAreWokenAsByTheKernel() throws Exception {
    try (Crew crew = new Crew()) {
      var theirs = crew.start(() -> play(true, ThreadKind.PLATFORM));
      var onPlatform = crew.start(() -> play(false, ThreadKind.PLATFORM));
      var onVirtual = crew.start(() -> play(false, ThreadKind.VIRTUAL));
      Map<Arrangement, String> expected = theirs.join();
      List<String> different = new ArrayList<>();
      for (Map<Arrangement, String> found : List.of(onPlatform.join(), onVirtual.join())) {
        expected.forEach(
            (each, result) -> {
              if (!found.get(each).equals(result)) {
                different.add("%s: %s, the kernel's %s".formatted(each, found.get(each), result));
              }
            });
      }
      assertThat(different).isEmpty();
    }
  }

  @Test
  void allArrangementsAreThere() {
    assertThat(arrangements().stream().distinct()).hasSizeGreaterThanOrEqualTo(58);
  }
}
