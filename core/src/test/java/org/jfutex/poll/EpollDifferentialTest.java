package org.jfutex.poll;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.jfutex.FutexException;
import org.jfutex.time.Deadline;
import org.junit.jupiter.api.AfterEach;
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
  private static final int TALLIES = 5;
  private static final int EPOLLS = 4;
  private static final int ROUNDS = 60;
  private static final int STEPS = 400;

  private final Kernel kernel = new Kernel();
  private final List<String> script = new ArrayList<>();
  private final List<Integer> descriptors = new ArrayList<>();
  private final List<Pollable> ours = new ArrayList<>();

  @AfterEach
  void close() {
    kernel.close();
  }

  /** What one step has brought, on the kernel and here. */
  private void compare(String step, Object there, Object here) {
    script.add(step + " = " + there);
    assertThat(here).as("%s%nin %s", step, script).isEqualTo(there);
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
    kernel.close();
    descriptors.clear();
    ours.clear();
    for (int i = 0; i < TALLIES; i++) {
      descriptors.add(kernel.eventfd());
      ours.add(new Tally("tally " + i, discipline));
    }
    for (int i = 0; i < EPOLLS; i++) {
      descriptors.add(kernel.epoll());
      ours.add(new Epoll<Long>());
    }
  }

  private void control(SplittableRandom random, int epoll) {
    int operation = random.nextInt(Kernel.ADD, Kernel.MOD + 1);
    int target = random.nextInt(10) < 7 ? random.nextInt(TALLIES) : random.nextInt(ours.size());
    int interest = random.nextInt(8) == 0 ? 0 : random.nextBoolean() ? Events.IN : Events.OUT;
    interest |= random.nextInt(4) == 0 ? Events.IN | Events.OUT : 0;
    interest |= random.nextInt(3) == 0 ? Epoll.ET : 0;
    interest |= random.nextInt(4) == 0 ? Epoll.ONESHOT : 0;
    interest |= random.nextInt(12) == 0 ? Epoll.EXCLUSIVE : 0;
    long data = random.nextLong();
    int there =
        kernel.control(descriptors.get(epoll), operation, descriptors.get(target), interest, data);
    int here = 0;
    try {
      switch (operation) {
        case Kernel.ADD -> epoll(epoll).add(ours.get(target), interest, data);
        case Kernel.MOD -> epoll(epoll).modify(ours.get(target), interest, data);
        default -> epoll(epoll).remove(ours.get(target));
      }
    } catch (FutexException e) {
      here = -e.errno().number();
    }
    compare("ctl(%d, %d, %d, %x)".formatted(epoll, operation, target, interest), there, here);
  }

  private void await(SplittableRandom random, int epoll) throws InterruptedException {
    int max = random.nextInt(1, 5);
    List<Kernel.Ready> there = kernel.await(descriptors.get(epoll), max, 0);
    List<Kernel.Ready> here =
        epoll(epoll).awaitEvents(max, Deadline.after(0, TimeUnit.SECONDS)).stream()
            .map(each -> new Kernel.Ready(each.events(), each.data()))
            .toList();
    compare("wait(%d, %d)".formatted(epoll, max), there, here);
  }

  private void pollAll() {
    int mask = Events.IN | Events.OUT;
    for (int i = 0; i < ours.size(); i++) {
      compare(
          "poll(%d)".formatted(i),
          Events.describe(kernel.poll(descriptors.get(i), mask, 0)),
          Events.describe(ours.get(i).poll(mask, null)));
    }
  }

  private void step(SplittableRandom random) throws InterruptedException {
    int epoll = TALLIES + random.nextInt(EPOLLS);
    int tally = random.nextInt(TALLIES);
    switch (random.nextInt(10)) {
      case 0, 1, 2 -> {
        script.add("add(%d)".formatted(tally));
        kernel.add(descriptors.get(tally));
        tally(tally).add();
      }
      case 3 ->
          compare(
              "take(%d)".formatted(tally),
              kernel.take(descriptors.get(tally)),
              tally(tally).take());
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
    for (int round = 0; round < ROUNDS; round++) {
      SplittableRandom random = new SplittableRandom(seed * 1_000 + round);
      open(Discipline.values()[round % Discipline.values().length]);
      script.add("seed " + (seed * 1_000 + round));
      for (int i = 0; i < STEPS; i++) {
        step(random);
      }
    }
  }
}
