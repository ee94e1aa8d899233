package org.jfutex.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ReadOnlyBufferException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jfutex.Errno;
import org.jfutex.poll.Discipline;
import org.jfutex.poll.Events;
import org.jfutex.poll.Pollable;
import org.jfutex.poll.Registration;
import org.jfutex.testing.Allocation;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the calls of a pipe that do not wait do. spec/poll.md, section 3.4. */
class PipeTest {
  private static final int SLOT = 4096;

  private static ByteBuffer text(String text) {
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII));
  }

  private static ByteBuffer zeros(int count) {
    return ByteBuffer.allocate(count);
  }

  private static String read(Pipe pipe, int most) throws IOException {
    ByteBuffer dst = zeros(most);
    int count = pipe.source().tryRead(dst);
    return count < 0 ? "end" : new String(dst.array(), 0, count, StandardCharsets.US_ASCII);
  }

  private static int mask(Pollable end) {
    return end.poll(Events.IN | Events.OUT, null);
  }

  private static void assertErrno(Errno errno, Runnable1 call) {
    assertThatThrownBy(call::run)
        .isInstanceOfSatisfying(
            ErrnoIOException.class, e -> assertThat(e.errno()).isEqualTo(errno));
  }

  private interface Runnable1 {
    void run() throws IOException;
  }

  @ParameterizedTest
  @EnumSource
  void isEmptyThenHoldsThenIsEmpty(Discipline discipline) throws IOException {
    Pipe pipe = new Pipe(discipline);
    assertThat(mask(pipe.source())).isZero();
    assertThat(mask(pipe.sink())).isEqualTo(Events.OUT);
    assertThat(read(pipe, 8)).isEmpty();
    assertThat(pipe.sink().tryWrite(text("hello"))).isEqualTo(5);
    assertThat(mask(pipe.source())).isEqualTo(Events.IN);
    assertThat(mask(pipe.sink())).isEqualTo(Events.OUT);
    assertThat(pipe.source().available()).isEqualTo(5);
    assertThat(read(pipe, 2)).isEqualTo("he");
    assertThat(mask(pipe.source())).isEqualTo(Events.IN);
    assertThat(read(pipe, 8)).isEqualTo("llo");
    assertThat(mask(pipe.source())).isZero();
    assertThat(pipe.source().pipe()).isSameAs(pipe.sink().pipe());
  }

  @ParameterizedTest
  @EnumSource
  void isFullWithAByteInEachSlot(Discipline discipline) throws IOException {
    Pipe pipe = new Pipe(discipline);
    for (int i = 0; i < 16; i++) {
      assertThat(pipe.sink().tryWrite(zeros(SLOT - 1))).isEqualTo(SLOT - 1);
    }
    assertThat(mask(pipe.sink())).as("full").isZero();
    assertThat(pipe.sink().tryWrite(zeros(2))).isZero();
    assertThat(pipe.sink().tryWrite(zeros(1))).as("behind what the last slot holds").isEqualTo(1);
    assertThat(pipe.sink().tryWrite(zeros(1))).isZero();
    assertThat(pipe.source().available()).isEqualTo(16 * SLOT - 15);
    assertThat(pipe.source().tryRead(zeros(SLOT - 2))).isEqualTo(SLOT - 2);
    assertThat(mask(pipe.sink())).as("a byte is left in the first slot").isZero();
    assertThat(pipe.source().tryRead(zeros(1))).isEqualTo(1);
    assertThat(mask(pipe.sink())).isEqualTo(Events.OUT);
    assertThat(pipe.sink().tryWrite(zeros(SLOT))).isEqualTo(SLOT);
  }

  @ParameterizedTest
  @EnumSource
  void aWriteOfAnAtomIsWholeAndALargerOneMayBePartial(Discipline discipline) throws IOException {
    Pipe pipe = new Pipe(discipline);
    pipe.resize(2 * SLOT);
    ByteBuffer much = zeros(100_000);
    assertThat(pipe.sink().tryWrite(much)).isEqualTo(2 * SLOT);
    assertThat(much.position()).isEqualTo(2 * SLOT);
    assertThat(pipe.source().tryRead(zeros(2 * SLOT - 1))).isEqualTo(2 * SLOT - 1);
    assertThat(pipe.sink().tryWrite(zeros(2 * SLOT))).isEqualTo(SLOT);
    assertThat(pipe.sink().tryWrite(zeros(Pipe.ATOMIC))).isZero();
  }

  @Test
  void emptyCallsReturnZeroInAnyState() throws IOException {
    Pipe pipe = new Pipe();
    ByteBuffer nothing = zeros(0);
    assertThat(pipe.source().read(nothing)).isZero();
    assertThat(pipe.sink().write(nothing)).isZero();
    pipe.sink().close();
    assertThat(pipe.source().read(nothing)).isZero();
    assertThat(pipe.source().tryRead(nothing)).isZero();
    Pipe other = new Pipe();
    other.source().close();
    assertThat(other.sink().write(nothing)).isZero();
  }

  @ParameterizedTest
  @EnumSource
  void whatWasWrittenIsReadBeforeTheEnd(Discipline discipline) throws IOException {
    Pipe pipe = new Pipe(discipline);
    pipe.sink().tryWrite(text("hello"));
    pipe.sink().close();
    assertThat(mask(pipe.source())).isEqualTo(Events.IN | Events.HUP);
    assertThat(read(pipe, 2)).isEqualTo("he");
    assertThat(read(pipe, 8)).isEqualTo("llo");
    assertThat(mask(pipe.source())).isEqualTo(Events.HUP);
    assertThat(read(pipe, 8)).isEqualTo("end");
    assertThat(pipe.source().read(zeros(1))).isEqualTo(-1);
  }

  @ParameterizedTest
  @EnumSource
  void nobodyWritesToAClosedSource(Discipline discipline) throws IOException {
    Pipe pipe = new Pipe(discipline);
    pipe.sink().tryWrite(text("hello"));
    pipe.source().close();
    assertThat(mask(pipe.sink())).isEqualTo(Events.OUT | Events.ERR);
    assertErrno(Errno.EPIPE, () -> pipe.sink().tryWrite(text("x")));
    assertErrno(Errno.EPIPE, () -> pipe.sink().write(text("x")));
    assertErrno(Errno.EPIPE, () -> pipe.sink().write(zeros(100_000)));
    assertErrno(Errno.EPIPE, () -> pipe.sink().outputStream().write(1));
    Pipe full = new Pipe(discipline);
    full.sink().tryWrite(zeros(16 * SLOT));
    full.source().close();
    assertThat(mask(full.sink())).isEqualTo(Events.ERR);
  }

  @ParameterizedTest
  @EnumSource
  void aClosedEndIsOfNoUse(Discipline discipline) throws IOException {
    Pipe pipe = new Pipe(discipline);
    assertThat(pipe.source().isOpen()).isTrue();
    assertThat(pipe.sink().isOpen()).isTrue();
    pipe.source().close();
    pipe.source().close();
    pipe.sink().close();
    assertThat(pipe.source().isOpen()).isFalse();
    assertThat(pipe.sink().isOpen()).isFalse();
    assertThat(mask(pipe.source())).isEqualTo(Events.NVAL);
    assertThat(mask(pipe.sink())).isEqualTo(Events.NVAL);
    assertThatThrownBy(() -> pipe.source().tryRead(zeros(1)))
        .isInstanceOf(ClosedChannelException.class);
    assertThatThrownBy(() -> pipe.source().available()).isInstanceOf(ClosedChannelException.class);
    assertThatThrownBy(() -> pipe.sink().write(zeros(0)))
        .isInstanceOf(ClosedChannelException.class);
  }

  @ParameterizedTest
  @EnumSource
  void packetsAreKeptApart(Discipline discipline) throws IOException {
    Pipe pipe = new Pipe(discipline);
    pipe.sink().setMode(Pipe.Mode.PACKETS);
    pipe.sink().tryWrite(text("hello"));
    pipe.sink().tryWrite(text("world"));
    assertThat(pipe.source().available()).isEqualTo(10);
    assertThat(read(pipe, 2)).isEqualTo("he");
    assertThat(pipe.source().available()).as("the rest of a packet is lost").isEqualTo(5);
    assertThat(read(pipe, 10_000)).isEqualTo("world");
    assertThat(pipe.sink().tryWrite(zeros(2 * SLOT + 5))).isEqualTo(2 * SLOT + 5);
    assertThat(pipe.source().tryRead(zeros(3 * SLOT))).isEqualTo(SLOT);
    assertThat(pipe.source().tryRead(zeros(3 * SLOT))).isEqualTo(SLOT);
    assertThat(pipe.source().tryRead(zeros(3 * SLOT))).isEqualTo(5);
    for (int i = 0; i < 16; i++) {
      assertThat(pipe.sink().tryWrite(text("x"))).isEqualTo(1);
    }
    assertThat(mask(pipe.sink())).as("full of packets").isZero();
  }

  @ParameterizedTest
  @EnumSource
  void changesItsCapacity(Discipline discipline) throws IOException {
    Pipe pipe = new Pipe(discipline);
    assertThat(pipe.capacity()).isEqualTo(Pipe.DEFAULT_CAPACITY);
    int[][] sizes = {{0, SLOT}, {1, SLOT}, {SLOT, SLOT}, {SLOT + 1, 2 * SLOT}, {9000, 16_384}};
    for (int[] size : sizes) {
      assertThat(pipe.resize(size[0])).as("%s", size[0]).isEqualTo(size[1]);
      assertThat(pipe.capacity()).isEqualTo(size[1]);
    }
    assertThat(pipe.resize(Pipe.MAX_CAPACITY)).isEqualTo(Pipe.MAX_CAPACITY);
    assertErrno(Errno.EPERM, () -> pipe.resize(Pipe.MAX_CAPACITY + 1));
    assertErrno(Errno.EINVAL, () -> pipe.resize(-1));
  }

  @ParameterizedTest
  @EnumSource
  void aFullPipeGrowsButDoesNotShrink(Discipline discipline) throws IOException {
    Pipe pipe = new Pipe(discipline);
    pipe.sink().tryWrite(text("head"));
    pipe.sink().tryWrite(zeros(15 * SLOT));
    assertThat(mask(pipe.sink())).isZero();
    assertErrno(Errno.EBUSY, () -> pipe.resize(8 * SLOT));
    assertThat(pipe.capacity()).isEqualTo(16 * SLOT);
    pipe.resize(32 * SLOT);
    assertThat(mask(pipe.sink())).isEqualTo(Events.OUT);
    assertThat(pipe.sink().tryWrite(zeros(16 * SLOT))).isEqualTo(16 * SLOT);
    assertThat(read(pipe, 4)).isEqualTo("head");
    assertThat(pipe.source().tryRead(zeros(26 * SLOT))).isEqualTo(26 * SLOT);
    pipe.resize(8 * SLOT);
    assertThat(pipe.source().tryRead(zeros(26 * SLOT))).isEqualTo(5 * SLOT);
    pipe.sink().tryWrite(text("x"));
    pipe.resize(SLOT);
    assertThat(mask(pipe.sink())).as("shrunk to what it holds").isZero();
  }

  @Test
  void streamsOfItsEnds() throws IOException {
    Pipe pipe = new Pipe();
    try (var in = pipe.source().inputStream()) {
      try (var out = pipe.sink().outputStream()) {
        out.write(200);
        out.write("hello".getBytes(StandardCharsets.US_ASCII));
      }
      assertThat(in.available()).isEqualTo(6);
      assertThat(in.read()).isEqualTo(200);
      assertThat(in.readAllBytes()).asString(StandardCharsets.US_ASCII).isEqualTo("hello");
      assertThat(in.read()).isEqualTo(-1);
    }
    assertThat(pipe.source().isOpen()).isFalse();
    assertThat(pipe.sink().isOpen()).isFalse();
  }

  /** tokio 8054: what happens in one direction does not hide what happens in the other. */
  @ParameterizedTest
  @EnumSource
  void bug09AndBug10EachEndHasItsOwnReadiness(Discipline discipline) throws IOException {
    Pipe pipe = new Pipe(discipline);
    for (int round = 0; round < 1_000; round++) {
      pipe.sink().tryWrite(text("x"));
      assertThat(mask(pipe.source())).isEqualTo(Events.IN);
      assertThat(mask(pipe.sink())).isEqualTo(Events.OUT);
      read(pipe, 1);
      assertThat(mask(pipe.source())).as("no HUP before a real close").isZero();
      assertThat(mask(pipe.sink())).as("no ERR before a real close").isEqualTo(Events.OUT);
    }
  }

  /** Linux 3a34b13a88ca: a write to a pipe that is not empty is news too. */
  @ParameterizedTest
  @EnumSource
  void bug12EachWriteIsAnEdge(Discipline discipline) throws IOException {
    Pipe pipe = new Pipe(discipline);
    AtomicInteger in = count(pipe.source(), Events.IN);
    for (int i = 1; i <= 10; i++) {
      pipe.sink().tryWrite(text("xy"));
      assertThat(in).hasValue(i);
    }
    read(pipe, 1);
    assertThat(in).as("a read is no news").hasValue(10);
    pipe.sink().tryWrite(zeros(100_000));
    assertThat(in).as("one for a large write").hasValue(11);
    assertThat(pipe.sink().tryWrite(zeros(SLOT))).isZero();
    assertThat(in).as("none for nothing").hasValue(11);
  }

  @ParameterizedTest
  @EnumSource
  void roomIsNewsOnlyToAFullPipe(Discipline discipline) throws IOException {
    Pipe pipe = new Pipe(discipline);
    AtomicInteger out = count(pipe.sink(), Events.OUT);
    pipe.sink().tryWrite(zeros(15 * SLOT));
    pipe.source().tryRead(zeros(SLOT));
    assertThat(out).hasValue(0);
    pipe.sink().tryWrite(zeros(2 * SLOT));
    pipe.source().tryRead(zeros(SLOT - 1));
    assertThat(out).as("no slot is free yet").hasValue(0);
    pipe.source().tryRead(zeros(1));
    assertThat(out).hasValue(1);
    pipe.source().tryRead(zeros(10 * SLOT));
    assertThat(out).hasValue(1);
    pipe.sink().tryWrite(zeros(20 * SLOT));
    pipe.source().tryRead(zeros(10 * SLOT));
    assertThat(out).as("by a large read").hasValue(2);
  }

  private static AtomicInteger count(Pollable end, int mask) {
    AtomicInteger told = new AtomicInteger();
    var _ = end.pollee().register(_ -> told.incrementAndGet() > 0, mask, Registration.Mode.SHARED);
    return told;
  }

  @Test
  void eachEndGoesOneWayAndHasNoPosition() {
    Pipe pipe = new Pipe();
    assertThat(pipe.source()).isNotInstanceOf(WritableByteChannel.class);
    assertThat(pipe.sink()).isNotInstanceOf(ReadableByteChannel.class);
    assertThat(pipe.source()).isNotInstanceOf(SeekableByteChannel.class);
    assertThat(pipe.sink()).isNotInstanceOf(SeekableByteChannel.class);
  }

  /** What EFAULT is to Linux: memory that is not there, or may not be written. */
  @Test
  void aBufferThatCannotBeUsedChangesNothing() throws IOException {
    Pipe pipe = new Pipe();
    pipe.sink().tryWrite(text("ab"));
    ByteBuffer gone;
    try (Arena arena = Arena.ofConfined()) {
      gone = arena.allocate(2).asByteBuffer();
    }
    assertThatThrownBy(() -> pipe.source().tryRead(gone)).isInstanceOf(RuntimeException.class);
    assertThatThrownBy(() -> pipe.source().tryRead(zeros(2).asReadOnlyBuffer()))
        .isInstanceOf(ReadOnlyBufferException.class);
    assertThatThrownBy(() -> pipe.sink().tryWrite(gone)).isInstanceOf(RuntimeException.class);
    assertThat(pipe.source().available()).isEqualTo(2);
    assertThat(pipe.sink().tryWrite(text("c"))).isEqualTo(1);
    assertThat(read(pipe, 10)).isEqualTo("abc");
  }

  @Test
  void thereMayBeManyPipes() throws IOException {
    List<Pipe> pipes = new ArrayList<>();
    for (int i = 0; i < 5_000; i++) {
      pipes.add(new Pipe());
      assertThat(pipes.getLast().sink().write(text("x"))).isEqualTo(1);
    }
    for (Pipe pipe : pipes) {
      assertThat(read(pipe, 1)).isEqualTo("x");
    }
    Pipe last = pipes.getLast();
    assertThat(last.sink().write(zeros(last.capacity()))).isEqualTo(last.capacity());
    assertThat(last.source().read(zeros(last.capacity() - 1))).isEqualTo(last.capacity() - 1);
    assertThat(last.sink().write(text("x"))).isEqualTo(1);
  }

  @ParameterizedTest
  @EnumSource
  void makesNoGarbage(Discipline discipline) {
    Pipe pipe = new Pipe(discipline);
    ByteBuffer small = ByteBuffer.allocateDirect(1);
    ByteBuffer large = ByteBuffer.allocateDirect(3 * SLOT);
    Allocation.assertNone(
        2_000,
        1_000,
        () -> {
          try {
            pipe.sink().write(small.clear());
            pipe.sink().write(large.clear());
            pipe.source().read(small.clear());
            pipe.source().read(large.clear());
          } catch (IOException e) {
            throw new AssertionError(e);
          }
        });
  }
}
