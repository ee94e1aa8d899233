package org.jfutex.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jfutex.Errno;
import org.jfutex.WaitStatus;
import org.jfutex.poll.Discipline;
import org.jfutex.poll.Events;
import org.jfutex.testing.Crew;
import org.jfutex.testing.Delays;
import org.jfutex.testing.ThreadKind;
import org.jfutex.time.Deadline;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.FieldSource;

/** Who waits at a pipe, and what ends it. */
class PipeBlockingTest {
  static final List<Arguments> ALL =
      Stream.of(Discipline.values())
          .flatMap(each -> Stream.of(ThreadKind.values()).map(kind -> Arguments.of(each, kind)))
          .toList();

  private static final int SLOT = 4096;
  private static final int FULL = 16 * SLOT;

  private final Crew crew = new Crew();

  @org.junit.jupiter.api.AfterEach
  void end() {
    crew.close();
  }

  private static ByteBuffer zeros(int count) {
    return ByteBuffer.allocate(count);
  }

  /** Waits until a helper sleeps. */
  private static <T> Crew.Job<T> asleep(Crew.Job<T> job) {
    Crew.until("asleep", () -> job.thread().getState() == Thread.State.WAITING);
    return job;
  }

  @ParameterizedTest
  @FieldSource("ALL")
  void aReaderWaitsForAWriteAndForTheEnd(Discipline discipline, ThreadKind kind)
      throws IOException {
    Pipe pipe = new Pipe(discipline);
    var reader = asleep(crew.start(kind, () -> pipe.source().read(zeros(8))));
    pipe.sink().write(zeros(3));
    assertThat(reader.join()).isEqualTo(3);
    var last = asleep(crew.start(kind, () -> pipe.source().read(zeros(8))));
    pipe.sink().close();
    assertThat(last.join()).isEqualTo(-1);
  }

  @ParameterizedTest
  @FieldSource("ALL")
  void aWriterWaitsUntilAllIsWritten(Discipline discipline, ThreadKind kind) throws IOException {
    Pipe pipe = new Pipe(discipline);
    SplittableRandom random = new SplittableRandom(1);
    byte[] data = new byte[5 * FULL + 77];
    random.nextBytes(data);
    var writer = asleep(crew.start(kind, () -> pipe.sink().write(ByteBuffer.wrap(data))));
    byte[] read = new byte[data.length];
    for (int at = 0; at < read.length; ) {
      int most = Math.min(1 + random.nextInt(40_000), read.length - at);
      at += pipe.source().read(ByteBuffer.wrap(read, at, most));
    }
    assertThat(writer.join()).isEqualTo(data.length);
    assertThat(read).isEqualTo(data);
    assertThat(pipe.source().available()).isZero();
  }

  @ParameterizedTest
  @FieldSource("ALL")
  void anInterruptEndsAWaitAndNothingElse(Discipline discipline, ThreadKind kind)
      throws IOException {
    Pipe pipe = new Pipe(discipline);
    var reader = asleep(crew.start(kind, () -> interrupted(() -> pipe.source().read(zeros(8)))));
    reader.thread().interrupt();
    assertThat(reader.join()).isEqualTo(0);
    pipe.sink().write(zeros(FULL));
    var writer = asleep(crew.start(kind, () -> interrupted(() -> pipe.sink().write(zeros(1)))));
    writer.thread().interrupt();
    assertThat(writer.join()).isEqualTo(0);
    assertThat(pipe.source().tryRead(zeros(2 * FULL))).isEqualTo(FULL);
    var early =
        crew.start(
            kind,
            () -> {
              Thread.currentThread().interrupt();
              int written = pipe.sink().write(zeros(5)); // need not wait
              return written + pipe.source().read(zeros(8));
            });
    assertThat(early.join()).isEqualTo(10);
  }

  private interface Call {
    int run() throws IOException;
  }

  /** What an interrupted call says it has done. */
  private static int interrupted(Call call) throws IOException {
    try {
      return 1_000 + call.run();
    } catch (InterruptedIOException e) {
      assertThat(Thread.interrupted()).as("still interrupted").isTrue();
      return e.bytesTransferred;
    }
  }

  @ParameterizedTest
  @FieldSource("ALL")
  void whatWasWrittenCountsWhenTheRestCannotBe(Discipline discipline, ThreadKind kind)
      throws IOException {
    Pipe first = new Pipe(discipline);
    var writer = asleep(crew.start(kind, () -> first.sink().write(zeros(FULL + 1))));
    writer.thread().interrupt();
    assertThat(writer.join()).as("by an interrupt").isEqualTo(FULL);
    assertThat(first.source().read(zeros(3 * SLOT))).isEqualTo(3 * SLOT);
    var next = asleep(crew.start(kind, () -> first.sink().write(zeros(FULL))));
    first.source().close();
    assertThat(next.join()).as("by the end of the source").isEqualTo(3 * SLOT);
    Pipe second = new Pipe(discipline);
    var last = asleep(crew.start(kind, () -> second.sink().write(zeros(FULL + 1))));
    second.sink().close();
    assertThat(last.join()).as("by its own end").isEqualTo(FULL);
    Pipe third = new Pipe(discipline);
    var stream =
        asleep(
            crew.start(
                kind,
                () ->
                    interrupted(
                        () -> {
                          third.sink().outputStream().write(new byte[FULL + 1]);
                          return 0;
                        })));
    stream.thread().interrupt();
    assertThat(stream.join()).as("by a stream").isEqualTo(FULL);
  }

  @ParameterizedTest
  @FieldSource("ALL")
  void aWriterGetsAnErrorWhenTheSourceCloses(Discipline discipline, ThreadKind kind)
      throws IOException {
    Pipe pipe = new Pipe(discipline);
    pipe.sink().write(zeros(FULL));
    var writer =
        asleep(
            crew.start(
                kind,
                () -> {
                  try {
                    return pipe.sink().write(zeros(1));
                  } catch (ErrnoIOException e) {
                    return -e.errno().number();
                  }
                }));
    pipe.source().close();
    assertThat(writer.join()).isEqualTo(-Errno.EPIPE.number());
  }

  @ParameterizedTest
  @FieldSource("ALL")
  void whoWaitsInAnEndThatIsClosedIsTold(Discipline discipline, ThreadKind kind)
      throws IOException {
    Pipe pipe = new Pipe(discipline);
    var reader = asleep(crew.start(kind, () -> isClosed(() -> pipe.source().read(zeros(1)))));
    pipe.source().close();
    assertThat(reader.join()).isTrue();
    Pipe full = new Pipe(discipline);
    full.sink().write(zeros(FULL));
    var writer = asleep(crew.start(kind, () -> isClosed(() -> full.sink().write(zeros(1)))));
    full.sink().close();
    assertThat(writer.join()).isTrue();
  }

  private static boolean isClosed(Call call) throws IOException {
    try {
      return call.run() < -10;
    } catch (ClosedChannelException e) {
      return true;
    }
  }

  /** LTP pipe13: the last close woke one reader only. */
  @ParameterizedTest
  @FieldSource("ALL")
  void bug16LastCloseWakesAllReaders(Discipline discipline, ThreadKind kind) {
    Pipe pipe = new Pipe(discipline);
    List<Crew.Job<Integer>> readers = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      readers.add(asleep(crew.start(kind, () -> pipe.source().read(zeros(1)))));
    }
    pipe.sink().close();
    readers.forEach(each -> assertThat(each.join()).isEqualTo(-1));
  }

  @ParameterizedTest
  @FieldSource("ALL")
  void bug16LastCloseWakesAllWriters(Discipline discipline, ThreadKind kind) throws IOException {
    Pipe pipe = new Pipe(discipline);
    pipe.sink().write(zeros(FULL));
    List<Crew.Job<Boolean>> writers = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      writers.add(
          asleep(
              crew.start(
                  kind,
                  () -> {
                    assertThatThrownBy(() -> pipe.sink().write(zeros(1)))
                        .isInstanceOf(ErrnoIOException.class);
                    return true;
                  })));
    }
    pipe.source().close();
    writers.forEach(each -> assertThat(each.join()).isTrue());
  }

  @ParameterizedTest
  @FieldSource("ALL")
  void whatOneLeavesTheNextGets(Discipline discipline, ThreadKind kind) throws IOException {
    Pipe pipe = new Pipe(discipline);
    List<Crew.Job<Integer>> jobs = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      jobs.add(asleep(crew.start(kind, () -> pipe.source().read(zeros(1)))));
    }
    pipe.sink().write(zeros(3));
    jobs.forEach(each -> assertThat(each.join()).isEqualTo(1));
    pipe.sink().write(zeros(FULL));
    jobs.clear();
    for (int i = 0; i < 3; i++) {
      jobs.add(asleep(crew.start(kind, () -> pipe.sink().write(zeros(SLOT)))));
    }
    pipe.source().read(zeros(3 * SLOT));
    jobs.forEach(each -> assertThat(each.join()).isEqualTo(SLOT));
  }

  @ParameterizedTest
  @FieldSource("ALL")
  void aLargerPipeHasRoomForWhoWaits(Discipline discipline, ThreadKind kind) throws IOException {
    Pipe pipe = new Pipe(discipline);
    pipe.sink().write(zeros(FULL));
    var writer = asleep(crew.start(kind, () -> pipe.sink().write(zeros(SLOT))));
    pipe.resize(2 * FULL);
    assertThat(writer.join()).isEqualTo(SLOT);
  }

  /** Asterinas 1753: who writes does not see who is about to wait. */
  @ParameterizedTest
  @FieldSource("ALL")
  void bug01NoWakeIsLost(Discipline discipline, ThreadKind kind) throws IOException {
    int rounds = kind == ThreadKind.VIRTUAL ? 10_000 : 2_000;
    Pipe there = new Pipe(discipline);
    Pipe back = new Pipe(discipline);
    var echo =
        crew.start(
            kind,
            () -> {
              ByteBuffer token = zeros(1);
              for (int i = 0; i < rounds; i++) {
                there.source().read(token.clear());
                back.sink().write(token.flip());
              }
              return true;
            });
    var _ =
        crew.start(
                kind,
                () -> {
                  ByteBuffer token = zeros(1);
                  for (int i = 0; i < rounds; i++) {
                    there.sink().write(token.clear());
                    assertThat(back.source().read(token.clear())).isEqualTo(1);
                  }
                  return true;
                })
            .join();
    assertThat(echo.join()).isTrue();
  }

  /** Asterinas 1356: ready, says the poll; not now, says the call; and so on for ever. */
  @ParameterizedTest
  @FieldSource("ALL")
  void bug03WhatIsReadyIsNotRefused(Discipline discipline, ThreadKind kind) throws IOException {
    Pipe pipe = new Pipe(discipline);
    pipe.resize(2 * SLOT);
    int total = 2_000_000;
    var writer =
        crew.start(
            kind,
            () -> {
              int refused = 0;
              for (int left = total; left > 0; ) {
                pipe.sink().await(Events.OUT, Deadline.NEVER);
                int count = pipe.sink().tryWrite(zeros(Math.min(left, left % 7_000 + 1)));
                left -= count;
                refused += count == 0 ? 1 : 0;
              }
              pipe.sink().close();
              return refused;
            });
    int refused = 0;
    int got = 0;
    while (got < total) {
      assertThat(pipe.source().await(Events.IN, Deadline.NEVER)).isEqualTo(WaitStatus.WOKEN);
      int count = pipe.source().tryRead(zeros(1 + got % 9_000));
      got += count;
      refused += count == 0 ? 1 : 0;
    }
    assertThat(writer.join() + refused).as("refused after a ready poll").isZero();
  }

  /** Asterinas 1444: who is told finds it, and may use the pipe. */
  @ParameterizedTest
  @FieldSource("ALL")
  void bug04WhoIsToldFindsIt(Discipline discipline, ThreadKind kind) throws IOException {
    Pipe pipe = new Pipe(discipline);
    Pipe next = new Pipe(discipline);
    AtomicInteger wrong = new AtomicInteger();
    try (var _ =
        pipe.source()
            .pollee()
            .register(
                _ -> {
                  ByteBuffer dst = zeros(10);
                  try {
                    boolean isReady = pipe.source().poll(Events.IN, null) == Events.IN;
                    if (!isReady || pipe.source().tryRead(dst) <= 0) {
                      wrong.incrementAndGet();
                    }
                    return next.sink().tryWrite(dst.flip()) > 0;
                  } catch (IOException e) {
                    throw new AssertionError(e);
                  }
                },
                Events.IN,
                org.jfutex.poll.Registration.Mode.SHARED)) {
      var writer =
          crew.start(
              kind,
              () -> {
                for (int i = 0; i < 1_000; i++) {
                  pipe.sink().write(zeros(10));
                }
                return true;
              });
      assertThat(writer.join()).isTrue();
      assertThat(wrong).hasValue(0);
      assertThat(next.source().available()).isEqualTo(10_000);
    }
  }

  /** Records of several writers come whole, and nothing is lost or doubled between readers. */
  @ParameterizedTest
  @FieldSource("ALL")
  void recordsComeWhole(Discipline discipline, ThreadKind kind) throws IOException {
    int writers = 3;
    int records = 1_000;
    int size = 1_000;
    Pipe pipe = new Pipe(discipline);
    pipe.resize(4 * SLOT);
    List<Crew.Job<Boolean>> jobs = new ArrayList<>();
    for (int id = 1; id <= writers; id++) {
      byte[] record = new byte[size];
      java.util.Arrays.fill(record, (byte) id);
      jobs.add(
          crew.start(
              kind,
              () -> {
                for (int i = 0; i < records; i++) {
                  pipe.sink().write(ByteBuffer.wrap(record));
                }
                return true;
              }));
    }
    int[] seen = new int[writers + 1];
    byte[] read = new byte[size];
    for (int i = 0; i < writers * records; i++) {
      for (int at = 0; at < size; ) {
        at += pipe.source().read(ByteBuffer.wrap(read, at, size - at));
      }
      assertThat(read).containsOnly(read[0]);
      seen[read[0]]++;
    }
    assertThat(seen).containsExactly(0, records, records, records);
    jobs.forEach(each -> assertThat(each.join()).isTrue());
  }

  @ParameterizedTest
  @FieldSource("ALL")
  void severalReadersAndWritersOfMuch(Discipline discipline, ThreadKind kind) throws IOException {
    int each = 1_500_000;
    Pipe pipe = new Pipe(discipline);
    AtomicBoolean isOver = new AtomicBoolean();
    List<Crew.Job<Long>> writers = new ArrayList<>();
    List<Crew.Job<Long>> readers = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      int seed = i;
      writers.add(crew.start(kind, () -> writeRandomly(pipe, seed, each)));
      readers.add(crew.start(kind, () -> readAll(pipe, seed)));
    }
    var resizer =
        crew.start(
            kind,
            () -> {
              for (int i = 0; !isOver.get(); i++) {
                try {
                  pipe.resize(SLOT << i % 6);
                } catch (ErrnoIOException e) {
                  assertThat(e.errno()).isEqualTo(Errno.EBUSY);
                }
                Thread.yield();
              }
              return true;
            });
    long written = writers.stream().mapToLong(Crew.Job::join).sum();
    pipe.sink().close();
    long read = readers.stream().mapToLong(Crew.Job::join).sum();
    isOver.set(true);
    assertThat(resizer.join()).isTrue();
    assertThat(read).as("the sum of all bytes").isEqualTo(written);
  }

  private static long writeRandomly(Pipe pipe, int seed, int total) throws IOException {
    SplittableRandom random = new SplittableRandom(seed);
    byte[] data = new byte[60_000];
    random.nextBytes(data);
    long sum = 0;
    for (int left = total; left > 0; ) {
      int length = Math.min(left, random.nextInt(data.length));
      int count = pipe.sink().write(ByteBuffer.wrap(data, 0, length));
      assertThat(count).isEqualTo(length);
      sum += sum(data, length);
      left -= length;
    }
    return sum;
  }

  private static long readAll(Pipe pipe, int seed) throws IOException {
    SplittableRandom random = new SplittableRandom(seed);
    byte[] data = new byte[60_000];
    long sum = 0;
    while (true) {
      int most = 1 + random.nextInt(data.length);
      int count = pipe.source().read(ByteBuffer.wrap(data, 0, most));
      if (count < 0) {
        return sum;
      }
      sum += sum(data, count);
    }
  }

  private static long sum(byte[] data, int length) {
    long sum = 0;
    for (int i = 0; i < length; i++) {
      sum += data[i] + 1_000;
    }
    return sum;
  }

  @ParameterizedTest
  @FieldSource("ALL")
  void aWaitForReadinessTakesNothing(Discipline discipline, ThreadKind kind) throws IOException {
    Pipe pipe = new Pipe(discipline);
    List<Crew.Job<WaitStatus>> waiters = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      waiters.add(asleep(crew.start(kind, () -> pipe.source().await(Events.IN, Deadline.NEVER))));
    }
    pipe.sink().write(zeros(1));
    waiters.forEach(each -> assertThat(each.join()).isEqualTo(WaitStatus.WOKEN));
    assertThat(pipe.source().available()).isEqualTo(1);
    assertThat(pipe.sink().await(Events.IN, Deadline.after(Delays.SHORT)))
        .isEqualTo(WaitStatus.TIMED_OUT);
  }
}
