package org.jfutex.poll;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.jfutex.FutexException;
import org.jfutex.kernel.Syscalls;
import org.jfutex.time.Deadline;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Random scripts on epolls and event counters of the running kernel and on ours, one thread, step
 * by step: what is reported, in which order, the errors, and what a poll of each epoll says.
 */
@EnabledOnOs(OS.LINUX)
class EpollDifferentialTest {
  private static final int NR_READ = 0;
  private static final int NR_WRITE = 1;
  private static final int NR_CLOSE = 3;
  private static final int NR_POLL = 7;
  private static final int NR_EPOLL_WAIT = 232;
  private static final int NR_EPOLL_CTL = 233;
  private static final int NR_EVENTFD2 = 290;
  private static final int NR_EPOLL_CREATE1 = 291;
  private static final int EFD_NONBLOCK = 0x800;
  private static final int ADD = 1;
  private static final int DEL = 2;
  private static final int MOD = 3;
  private static final int EVENT_BYTES = 12; // packed, on x86-64

  private static final int TALLIES = 5;
  private static final int EPOLLS = 4;
  private static final int STEPS = 400;

  private final Arena arena = Arena.ofAuto();
  private final MemorySegment memory = arena.allocate(4096, 8);
  private final List<String> script = new ArrayList<>();
  private final List<Integer> descriptors = new ArrayList<>();
  private final List<Pollable> ours = new ArrayList<>();

  private int kernel(long nr, long a, long b, long c, long d) {
    return (int) Syscalls.call(nr, a, b, c, d, 0, 0);
  }

  /** What one step has brought, on the kernel and here. */
  private void compare(String step, Object kernel, Object here) {
    script.add(step + " = " + kernel);
    assertThat(here).as("%s%nin %s", step, script).isEqualTo(kernel);
  }

  @SuppressWarnings("unchecked")
  private Epoll<Long> epoll(int at) {
    return (Epoll<Long>) ours.get(at);
  }

  private Tally tally(int at) {
    return (Tally) ours.get(at);
  }

  private void open(Discipline discipline) {
    script.clear();
    descriptors.forEach(each -> kernel(NR_CLOSE, each, 0, 0, 0));
    descriptors.clear();
    ours.clear();
    for (int i = 0; i < TALLIES; i++) {
      descriptors.add(kernel(NR_EVENTFD2, 0, EFD_NONBLOCK, 0, 0));
      ours.add(new Tally("tally " + i, discipline));
    }
    for (int i = 0; i < EPOLLS; i++) {
      descriptors.add(kernel(NR_EPOLL_CREATE1, 0, 0, 0, 0));
      ours.add(new Epoll<Long>());
    }
  }

  private void control(SplittableRandom random, int epoll) {
    int operation = random.nextInt(1, 4);
    int target = random.nextInt(10) < 7 ? random.nextInt(TALLIES) : random.nextInt(ours.size());
    int interest = random.nextInt(8) == 0 ? 0 : random.nextBoolean() ? Events.IN : Events.OUT;
    interest |= random.nextInt(4) == 0 ? Events.IN | Events.OUT : 0;
    interest |= random.nextInt(3) == 0 ? Epoll.ET : 0;
    interest |= random.nextInt(4) == 0 ? Epoll.ONESHOT : 0;
    interest |= random.nextInt(12) == 0 ? Epoll.EXCLUSIVE : 0;
    long data = random.nextLong();
    memory.set(ValueLayout.JAVA_INT, 0, interest);
    memory.set(ValueLayout.JAVA_LONG_UNALIGNED, 4, data);
    int there =
        kernel(
            NR_EPOLL_CTL,
            descriptors.get(epoll),
            operation,
            descriptors.get(target),
            memory.address());
    int here = 0;
    try {
      switch (operation) {
        case ADD -> epoll(epoll).add(ours.get(target), interest, data);
        case MOD -> epoll(epoll).modify(ours.get(target), interest, data);
        default -> epoll(epoll).remove(ours.get(target));
      }
    } catch (FutexException e) {
      here = -e.errno().number();
    }
    compare("ctl(%d, %d, %d, %x)".formatted(epoll, operation, target, interest), there, here);
    assertThat(DEL).isEqualTo(2);
  }

  private void await(SplittableRandom random, int epoll) throws InterruptedException {
    int max = random.nextInt(1, 5);
    int there = kernel(NR_EPOLL_WAIT, descriptors.get(epoll), memory.address(), max, 0);
    List<String> reported = new ArrayList<>();
    for (int i = 0; i < there; i++) {
      reported.add(
          Events.describe(memory.get(ValueLayout.JAVA_INT_UNALIGNED, (long) i * EVENT_BYTES))
              + " "
              + memory.get(ValueLayout.JAVA_LONG_UNALIGNED, (long) i * EVENT_BYTES + 4));
    }
    List<String> here = new ArrayList<>();
    for (Epoll.Ready<Long> each :
        epoll(epoll)
            .awaitEvents(max, Deadline.after(0, java.util.concurrent.TimeUnit.NANOSECONDS))) {
      here.add(Events.describe(each.events()) + " " + each.data());
    }
    compare("wait(%d, %d)".formatted(epoll, max), reported, here);
  }

  private void pollAll() {
    for (int i = 0; i < ours.size(); i++) {
      memory.set(ValueLayout.JAVA_INT, 0, descriptors.get(i));
      memory.set(ValueLayout.JAVA_INT, 4, Events.ALL);
      int _ = kernel(NR_POLL, memory.address(), 1, 0, 0);
      int there = memory.get(ValueLayout.JAVA_INT, 4) >>> 16;
      compare(
          "poll(%d)".formatted(i),
          Events.describe(there & (Events.IN | Events.OUT)),
          Events.describe(ours.get(i).poll(Events.IN | Events.OUT, null)));
    }
  }

  private void step(SplittableRandom random) throws InterruptedException {
    int epoll = TALLIES + random.nextInt(EPOLLS);
    int tally = random.nextInt(TALLIES);
    switch (random.nextInt(10)) {
      case 0, 1, 2 -> {
        memory.set(ValueLayout.JAVA_LONG, 0, 1);
        compare(
            "write(%d)".formatted(tally),
            8,
            kernel(NR_WRITE, descriptors.get(tally), memory.address(), 8, 0));
        tally(tally).add();
      }
      case 3 -> {
        int there = kernel(NR_READ, descriptors.get(tally), memory.address(), 8, 0);
        compare(
            "read(%d)".formatted(tally),
            there == 8 ? memory.get(ValueLayout.JAVA_LONG, 0) : 0,
            tally(tally).take());
      }
      case 4, 5 -> control(random, epoll);
      default -> await(random, epoll);
    }
    if (random.nextInt(16) == 0) {
      pollAll();
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void everyStepIsTheKernels(long seed) throws InterruptedException {
    for (int round = 0; round < 60; round++) {
      SplittableRandom random = new SplittableRandom(seed * 1_000 + round);
      open(Discipline.values()[round % 3]);
      script.add("seed " + (seed * 1_000 + round));
      for (int i = 0; i < STEPS; i++) {
        step(random);
      }
    }
    descriptors.forEach(each -> kernel(NR_CLOSE, each, 0, 0, 0));
  }
}
