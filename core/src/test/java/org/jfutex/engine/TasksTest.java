package org.jfutex.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jfutex.OwnerWord;
import org.jfutex.testing.Crew;
import org.jfutex.testing.Crew.Job;
import org.jfutex.testing.ThreadKind;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The threads of the JVM as tasks: who has which id, and for how long. */
class TasksTest {
  private static final int MANY = 10_000;
  private static final int ROUNDS = 101;

  /** How much later than any other observer of a thread's end the engine may be. */
  private static final long LATENESS = 10;

  /** What a busy machine may add to one of the two and not to the other. */
  private static final long SCHEDULING_NANOS = 200_000;

  private final Crew crew = new Crew();
  private final CountDownLatch end = new CountDownLatch(1);
  private final Set<Task> exited = ConcurrentHashMap.newKeySet();
  private final Tasks tasks = new Tasks(exited::add);

  @AfterEach
  void nobodyIsKept() {
    end.countDown();
    crew.joinAll();
    crew.close();
    Crew.until("every end is noticed", () -> tasks.size() == 0);
  }

  /** A thread that is known until the test ends. */
  private Task alive(ThreadKind kind) {
    Task[] task = new Task[1];
    CountDownLatch known = new CountDownLatch(1);
    Job<Void> _ =
        crew.start(
            kind,
            () -> {
              task[0] = tasks.current();
              assertThat(tasks.current()).as("always the same").isSameAs(task[0]);
              known.countDown();
              end.await();
              return null;
            });
    await(known);
    return task[0];
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @ParameterizedTest
  @EnumSource
  void everyThreadHasAnIdOfItsOwnWhileItLives(ThreadKind kind) {
    Set<Integer> ids = new HashSet<>();
    for (int i = 0; i < 50; i++) {
      Task task = alive(kind);
      assertThat(task.id()).isBetween(1, OwnerWord.OWNER_MASK);
      assertThat(ids.add(task.id())).isTrue();
      assertThat(tasks.find(task.id())).isSameAs(task);
      assertThat(task.name()).isEqualTo(String.valueOf(task.thread().getName()));
    }
    assertThat(tasks.find(OwnerWord.OWNER_MASK)).isNull();
    assertThat(exited).isEmpty();
  }

  @Test
  void afterTheLastIdComesTheFirstThatIsFree() {
    Task first = alive(ThreadKind.PLATFORM);
    Task second = alive(ThreadKind.VIRTUAL);
    tasks.continueAfter(OwnerWord.OWNER_MASK - 1);
    Task last = alive(ThreadKind.VIRTUAL);
    Task wrapped = alive(ThreadKind.PLATFORM);
    assertThat(List.of(first.id(), second.id(), last.id(), wrapped.id()))
        .containsExactly(1, 2, OwnerWord.OWNER_MASK, 3);
    tasks.continueAfter(OwnerWord.OWNER_MASK - 1);
    assertThat(alive(ThreadKind.VIRTUAL).id()).as("all taken up to it").isEqualTo(4);
    assertThat(tasks.find(1)).isSameAs(first);
  }

  @ParameterizedTest
  @EnumSource
  void anIdIsNotGivenAgainUntilTheEndHasBeenDealtWith(ThreadKind kind) {
    CountDownLatch dealing = new CountDownLatch(1);
    CountDownLatch mayGoOn = new CountDownLatch(1);
    Tasks slow =
        new Tasks(
            _ -> {
              dealing.countDown();
              await(mayGoOn);
            });
    Task ended = crew.start(kind, slow::current).join();
    await(dealing);
    assertThat(slow.find(ended.id())).as("found while it ends").isSameAs(ended);
    slow.continueAfter(0);
    assertThat(crew.start(kind, slow::current).join().id()).isEqualTo(2);
    mayGoOn.countDown();
    Crew.until("it is forgotten", () -> slow.size() == 0);
    slow.continueAfter(0);
    assertThat(crew.start(kind, slow::current).join().id()).isEqualTo(1);
    Crew.until("it is forgotten", () -> slow.size() == 0);
  }

  @Test
  void anEndThatFailsIsForgottenToo() {
    AtomicInteger failures = new AtomicInteger();
    Tasks failing =
        new Tasks(
            _ -> {
              Thread.currentThread().setUncaughtExceptionHandler((_, _) -> {});
              failures.incrementAndGet();
              throw new IllegalStateException("the end");
            });
    crew.start(failing::current).join();
    Crew.until("it is forgotten", () -> failures.get() == 1 && failing.size() == 0);
  }

  @Test
  void tenThousandShortThreadsLeaveNothing() {
    Set<Integer> ids = ConcurrentHashMap.newKeySet();
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < MANY; i++) {
      threads.add(Thread.startVirtualThread(() -> ids.add(tasks.current().id())));
    }
    for (Thread thread : threads) {
      join(thread);
    }
    Crew.until("every end is noticed", () -> tasks.size() == 0);
    assertThat(ids).hasSize(MANY);
    assertThat(exited).hasSize(MANY);
  }

  private static void join(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /**
   * The kernel has dealt with a thread's locks before anybody sees its end; a JVM has no such hook.
   * The yardstick is a thread that waits for the same end by itself.
   */
  @ParameterizedTest
  @EnumSource
  void anEndIsNoticedAboutAsSoonAsItCanBe(ThreadKind kind) {
    long[] ours = new long[ROUNDS];
    long[] yardstick = new long[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
      AtomicLong noticed = new AtomicLong();
      Tasks timed = new Tasks(_ -> noticed.set(System.nanoTime()));
      CountDownLatch mayEnd = new CountDownLatch(1);
      Job<Long> ending =
          crew.start(
              kind,
              () -> {
                Task _ = timed.current();
                mayEnd.await();
                return System.nanoTime();
              });
      Job<Long> observer =
          crew.start(
              ThreadKind.VIRTUAL,
              () -> {
                ending.thread().join();
                return System.nanoTime();
              });
      Crew.until("it is known", () -> timed.size() == 1);
      mayEnd.countDown();
      yardstick[i] = observer.join() - ending.join();
      Crew.until("the end is noticed", () -> noticed.get() != 0);
      ours[i] = noticed.get() - ending.join();
    }
    Arrays.sort(ours);
    Arrays.sort(yardstick);
    assertThat(ours[ROUNDS / 2])
        .as("nanoseconds until an end is noticed, another thread needs %s", yardstick[ROUNDS / 2])
        .isLessThan(LATENESS * yardstick[ROUNDS / 2] + SCHEDULING_NANOS);
  }
}
