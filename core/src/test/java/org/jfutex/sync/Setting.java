package org.jfutex.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jfutex.Errno;
import org.jfutex.Futex;
import org.jfutex.FutexException;
import org.jfutex.engine.EngineProbe;
import org.jfutex.engine.JvmFutex;
import org.jfutex.kernel.KernelProbe;
import org.jfutex.testing.Backend;
import org.jfutex.testing.Crew;
import org.jfutex.testing.Delays;
import org.jfutex.testing.ThreadKind;
import org.jfutex.testing.WordKind;
import org.jfutex.time.Deadline;
import org.jfutex.word.MappedFile;
import org.jfutex.word.Word;
import org.jfutex.word.WordFault;

/**
 * Where a primitive is tried: on the engine, on the kernel with words of this process, on the
 * kernel with words of a mapped file; each with platform and with virtual threads.
 */
record Setting(String name, Backend backend, WordKind words, ThreadKind kind) {
  private static final int ROUNDS = 40;

  static Stream<Setting> all() {
    return Arrays.stream(ThreadKind.values())
        .flatMap(
            kind ->
                Stream.of(
                    new Setting(
                        "engine", new EngineProbe(new JvmFutex()), WordKind.INT_ARRAY, kind),
                    new Setting("kernel", KernelProbe.withRing(), WordKind.NATIVE_32, kind),
                    new Setting("shared", KernelProbe.withRing(), WordKind.MAPPED_32, kind)));
  }

  boolean isShared() {
    return words == WordKind.MAPPED_32;
  }

  /** The backend on which the primitives of this setting meet. */
  Futex futex() {
    return isShared() ? Futex.kernel() : backend.futex();
  }

  Word word(int value) {
    return words.fresh(value);
  }

  int queued(Word word) {
    return backend.queued(word);
  }

  /** Waits until so many threads sleep on a word. */
  void untilQueued(Word word, int count) {
    Crew.until(count + " wait on " + word, () -> queued(word) == count);
  }

  /** Fails unless the call is refused with an error whose text has the value in it. */
  static void refuses(Errno errno, String value, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(FutexException.class, e -> assertThat(e.errno()).isEqualTo(errno))
        .hasMessageContaining(value);
  }

  /** Fails unless the call says that the memory has gone. */
  static void faults(ThrowingCallable call) {
    assertThatThrownBy(call)
        .satisfiesAnyOf(
            e -> assertThat(e).isInstanceOf(WordFault.class),
            e ->
                assertThat(e)
                    .isInstanceOfSatisfying(
                        FutexException.class, f -> assertThat(f.errno()).isEqualTo(Errno.EFAULT)));
  }

  /** Runs a test on words, 8 bytes apart, of memory that it may close. */
  void onMemory(int words, Closing test) throws Exception {
    if (isShared()) {
      Path path = Files.createTempFile("closing", ".bin");
      try (MappedFile file = MappedFile.open(path, 0, 8L * words)) {
        test.run(i -> Word.of(file, 8L * i), file::close);
      } finally {
        Files.delete(path);
      }
      return;
    }
    Arena arena = Arena.ofShared();
    var segment = arena.allocate(8L * words, 8);
    test.run(i -> Word.of(segment, 8L * i), arena::close);
  }

  /** A test on memory that it closes. */
  interface Closing {
    void run(java.util.function.IntFunction<Word> word, Runnable close) throws Exception;
  }

  /** The backend with a count of the wakes that are asked of it; not for shared words. */
  Futex countingWakes(AtomicInteger wakes) {
    Futex futex = backend.futex();
    return (Futex)
        Proxy.newProxyInstance(
            Futex.class.getClassLoader(),
            new Class<?>[] {Futex.class},
            (_, method, arguments) -> {
              if (method.getName().startsWith("wake")) {
                wakes.incrementAndGet();
              }
              try {
                return method.invoke(futex, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  /** Takes something that threads wait for, or gives up. */
  interface Taker {
    boolean take(Deadline deadline) throws InterruptedException;
  }

  /**
   * Of two who wait for one thing the first is interrupted, or reaches its deadline, just as the
   * thing is given: it has it, or the other has.
   */
  void nothingIsLostToOneWhoGivesUp(Word word, Taker taker, Runnable patient, Runnable giver) {
    try (Crew crew = new Crew()) {
      for (int round = 0; round < ROUNDS; round++) {
        boolean timed = round % 2 == 0;
        long micros = 100L * (round % 8);
        Crew.Job<Boolean> first =
            crew.start(
                kind,
                () -> {
                  try {
                    return taker.take(
                        timed ? Deadline.after(micros, TimeUnit.MICROSECONDS) : Deadline.NEVER);
                  } catch (InterruptedException e) {
                    return false;
                  }
                });
        Crew.until("the first waits", () -> first.isDone() || queued(word) == 1);
        Crew.Job<?> second =
            crew.start(
                kind,
                () -> {
                  patient.run();
                  return null;
                });
        if (!timed) {
          untilQueued(word, 2);
        }
        giver.run();
        if (!timed) {
          first.thread().interrupt();
        }
        if (first.join()) {
          giver.run();
        }
        second.join();
      }
    }
    assertThat(queued(word)).isZero();
  }

  /** Waits, and may be interrupted. */
  interface Waiting {
    void await() throws InterruptedException;
  }

  /** What every wait does that nothing ends but a deadline, an interrupt, or what it waits for. */
  void givesUpAtADeadlineAndWhenInterrupted(
      Word word, Taker taker, Waiting interruptible, Runnable patient, Runnable giver) {
    try (Crew crew = new Crew()) {
      assertThat(crew.start(kind, () -> taker.take(Deadline.after(Delays.SHORT))).join()).isFalse();
      Crew.Job<?> waiting =
          crew.start(
              kind,
              () -> {
                assertThatThrownBy(interruptible::await).isInstanceOf(InterruptedException.class);
                assertThat(Thread.currentThread().isInterrupted()).isFalse();
                giver.run();
                Thread.currentThread().interrupt(); // before it comes: it does not even look
                assertThatThrownBy(interruptible::await).isInstanceOf(InterruptedException.class);
                Thread.currentThread().interrupt();
                patient.run();
                assertThat(Thread.interrupted()).isTrue();
                return null;
              });
      untilQueued(word, 1);
      waiting.thread().interrupt();
      waiting.join();
    }
  }

  /** A thread that is interrupted in such a wait sleeps on, and is told in the end. */
  void keepsAnInterruptForLater(Word word, Runnable patient, Runnable giver) {
    try (Crew crew = new Crew()) {
      Crew.Job<Boolean> stubborn =
          crew.start(
              kind,
              () -> {
                patient.run();
                return Thread.interrupted();
              });
      untilQueued(word, 1);
      stubborn.thread().interrupt();
      Crew.until(
          "it has noticed and sleeps on",
          () -> !stubborn.thread().isInterrupted() && queued(word) == 1);
      giver.run();
      assertThat(stubborn.join()).isTrue();
    }
  }

  /** Runs the same thing on some threads at once, and joins them. */
  void together(int threads, Consumer<Integer> body) {
    together(threads, body, () -> {});
  }

  /** The same, and something else meanwhile. */
  void together(int threads, Consumer<Integer> body, Runnable meanwhile) {
    try (Crew crew = new Crew()) {
      for (int i = 0; i < threads; i++) {
        int index = i;
        crew.start(
            kind,
            () -> {
              body.accept(index);
              return null;
            });
      }
      meanwhile.run();
      crew.joinAll();
    }
  }

  @Override
  public String toString() {
    return name + ", " + kind;
  }
}
