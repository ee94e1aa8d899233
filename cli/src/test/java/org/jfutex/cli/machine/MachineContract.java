package org.jfutex.cli.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jfutex.cli.Tools;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** What tests of every machine share: the machine, and short words for what is done on it. */
public abstract class MachineContract {
  static final int PAGE = Machine.PAGE_BYTES;
  static final long LIMIT = TimeUnit.SECONDS.toNanos(30);
  static final long MILLI = TimeUnit.MILLISECONDS.toNanos(1);

  Machine machine;
  MachineProcess process;

  /** The machine of the test. */
  protected abstract Machine openMachine();

  /** What the machine does not have yet: such tests are skipped everywhere, CI included. */
  protected Set<Capability> notYet() {
    return Set.of();
  }

  @BeforeEach
  void open() {
    machine = openMachine();
    process = machine.process();
  }

  @AfterEach
  void close() {
    machine.close();
  }

  final void needs(Capability capability) {
    String reason = machine.lacks(capability);
    assumeFalse(reason != null && notYet().contains(capability), reason);
    if (reason != null) {
      Tools.missing(reason);
    }
  }

  final MachineThread thread(String name) {
    return process.thread(name, 0);
  }

  /** A call that returns without an event of the test. */
  static long result(MachineThread thread, long nr, long... args) {
    thread.call(nr, args);
    return result(thread);
  }

  /** What the call a thread is in returns. */
  static long result(MachineThread thread) {
    assertThat(thread.join(LIMIT)).as("%s", thread).isEqualTo(ThreadState.RETURNED);
    return thread.takeResult();
  }

  /** A call that sleeps. */
  static void sleeps(MachineThread thread, long nr, long... args) {
    thread.call(nr, args);
    sleeps(thread);
  }

  static void sleeps(MachineThread thread) {
    assertThat(thread.settle(LIMIT)).as("%s", thread).isEqualTo(ThreadState.SLEEPING);
  }

  static void waits(MachineThread thread, long word, int value) {
    sleeps(thread, Linux.FUTEX, word, Linux.WAIT | Linux.PRIVATE, value);
  }

  static void waitsShared(MachineThread thread, long word, int value) {
    sleeps(thread, Linux.FUTEX, word, Linux.WAIT, value);
  }

  static long wake(MachineThread thread, long word, int count) {
    return result(thread, Linux.FUTEX, word, Linux.WAKE | Linux.PRIVATE, count);
  }

  static long wakeShared(MachineThread thread, long word, int count) {
    return result(thread, Linux.FUTEX, word, Linux.WAKE, count);
  }

  static long store(MachineThread thread, long word, int value) {
    thread.store(word, value);
    return result(thread);
  }

  static long compareAndSet(MachineThread thread, long word, int expected, int value) {
    thread.compareAndSet(word, expected, value);
    return result(thread);
  }

  static int word(MachineProcess of, long address) {
    return ByteBuffer.wrap(of.read(address, Integer.BYTES)).order(ByteOrder.LITTLE_ENDIAN).getInt();
  }

  static void set(MachineProcess of, long address, int value) {
    of.write(address, ints(value));
  }

  static byte[] ints(int... values) {
    ByteBuffer bytes =
        ByteBuffer.allocate(values.length * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (int value : values) {
      bytes.putInt(value);
    }
    return bytes.array();
  }

  static byte[] longs(long... values) {
    ByteBuffer bytes =
        ByteBuffer.allocate(values.length * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (long value : values) {
      bytes.putLong(value);
    }
    return bytes.array();
  }

  /** Puts a timespec into the thread's scratch page and tells where. */
  static long timespec(MachineProcess of, MachineThread thread, long nanos) {
    of.write(
        thread.scratch(),
        longs(nanos / TimeUnit.SECONDS.toNanos(1), nanos % TimeUnit.SECONDS.toNanos(1)));
    return thread.scratch();
  }
}
