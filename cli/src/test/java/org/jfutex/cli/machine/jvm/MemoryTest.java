package org.jfutex.cli.machine.jvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.jfutex.cli.machine.jvm.Steps.FUTEX;
import static org.jfutex.cli.machine.jvm.Steps.SHARED_WAIT;
import static org.jfutex.cli.machine.jvm.Steps.SHARED_WAKE;
import static org.jfutex.cli.machine.jvm.Steps.WAIT;
import static org.jfutex.cli.machine.jvm.Steps.WAKE;
import static org.jfutex.cli.machine.jvm.Steps.end;
import static org.jfutex.cli.machine.jvm.Steps.run;
import static org.jfutex.cli.machine.jvm.Steps.sleep;
import static org.jfutex.cli.machine.jvm.Steps.word;

import org.jfutex.Errno;
import org.jfutex.cli.machine.Backing;
import org.jfutex.cli.machine.Machine;
import org.jfutex.cli.machine.MachineProcess;
import org.jfutex.cli.machine.MachineThread;
import org.jfutex.cli.machine.Protection;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Which words meet, and which accesses fault, as get_futex_key of the kernel decides it. */
class MemoryTest {
  private static final int PAGE = Machine.PAGE_BYTES;
  private static final long EFAULT = -Errno.EFAULT.number();
  private static final long EAGAIN = -Errno.EAGAIN.number();
  private static final int SHARED_WAKE_OP = 5;

  private final JvmMachine machine = new JvmMachine(JvmThreads.PLATFORM);
  private final MachineProcess process = machine.process();
  private final MachineThread a = process.thread("a", 0);
  private final MachineThread b = process.thread("b", 0);

  @AfterEach
  void close() {
    machine.close();
  }

  @Test
  void aPrivateKeyLooksUpNoMapping() {
    long ro = mapped(Backing.PRIVATE, Protection.READ);
    long none = mapped(Backing.PRIVATE, Protection.NONE);
    long unmapped = process.map(Backing.PRIVATE, PAGE);
    process.unmap(unmapped, PAGE);
    for (long address : new long[] {0, unmapped, none, ro}) {
      assertThat(run(a, FUTEX, address, WAKE, 1)).isZero();
      assertThat(run(a, FUTEX, address, SHARED_WAKE, 1)).isEqualTo(EFAULT);
    }
    assertThat(run(a, FUTEX, none, WAIT, 0)).isEqualTo(EFAULT);
    assertThat(run(a, FUTEX, unmapped, WAIT, 0)).isEqualTo(EFAULT);
    assertThat(run(a, FUTEX, ro, WAIT, 1)).isEqualTo(EAGAIN);
    assertThat(run(a, FUTEX, ro, SHARED_WAIT, 1)).isEqualTo(EFAULT);
    assertThat(run(a, FUTEX, 0x8000_0000_0000L, WAKE, 1)).isEqualTo(EFAULT);
    assertThat(run(a, FUTEX, -8, WAKE, 1)).isEqualTo(EFAULT);
    assertThatThrownBy(() -> process.read(unmapped, 4))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("mapped");
    assertThatThrownBy(() -> process.alias(unmapped))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("where a mapping begins");
    assertThat(process.read(none, 4)).isEqualTo(word(0));
  }

  @ParameterizedTest
  @EnumSource(names = {"SHARED", "FILE"})
  void sharedMemoryMeetsByItsPlaceInTheFile(Backing backing) {
    long first = process.map(backing, 2 * PAGE);
    long second = process.alias(first);
    assertThat(second).isNotEqualTo(first);
    process.write(first + 8, word(3));
    assertThat(process.read(second + 8, 4)).isEqualTo(word(3));
    sleep(a, FUTEX, first + 8, SHARED_WAIT, 3);
    assertThat(run(b, FUTEX, second + 8, WAKE, 1)).isZero();
    assertThat(run(b, FUTEX, first + 8, WAKE, 1)).isZero();
    assertThat(run(b, FUTEX, second + PAGE + 8, SHARED_WAKE, 1)).isZero();
    process.protect(second, PAGE, Protection.READ);
    assertThat(run(b, FUTEX, second + 8, SHARED_WAKE, 1)).isEqualTo(1);
    assertThat(end(a)).isZero();
    assertThat(wakeOp(b, first, second)).isEqualTo(EFAULT);
    sleep(a, FUTEX, first + 8, WAIT, 3);
    assertThat(run(b, FUTEX, second + 8, WAKE, 1)).isZero();
    assertThat(run(b, FUTEX, first + 8, WAKE, 1)).isEqualTo(1);
    assertThat(end(a)).isZero();
  }

  @Test
  void aPrivateMappingOfAFileMeetsWhileItIsReadOnlyAndUnwritten() {
    long first = process.map(Backing.FILE_PRIVATE, 2 * PAGE);
    long second = process.alias(first);
    process.protect(first, 2 * PAGE, Protection.READ);
    process.protect(second, 2 * PAGE, Protection.READ);
    sleep(a, FUTEX, first, SHARED_WAIT, 0);
    assertThat(run(b, FUTEX, second, SHARED_WAKE, 1)).isEqualTo(1);
    assertThat(end(a)).isZero();

    process.protect(second, 2 * PAGE, Protection.READ_WRITE);
    sleep(a, FUTEX, first, SHARED_WAIT, 0);
    assertThat(run(b, FUTEX, second, SHARED_WAKE, 1)).isZero(); // its page is its own now
    process.protect(second, 2 * PAGE, Protection.READ);
    assertThat(run(b, FUTEX, second, SHARED_WAKE, 1)).isEqualTo(EFAULT);
    assertThat(run(b, FUTEX, second + PAGE, SHARED_WAKE, 1)).isZero();
    assertThat(run(b, FUTEX, first, SHARED_WAKE, 1)).isEqualTo(1);
    assertThat(end(a)).isZero();

    process.protect(second, 2 * PAGE, Protection.READ_WRITE);
    sleep(a, FUTEX, second, SHARED_WAIT, 0);
    assertThat(run(b, FUTEX, second, WAKE, 1)).isZero();
    assertThat(run(b, FUTEX, second, SHARED_WAKE, 1)).isEqualTo(1);
    assertThat(end(a)).isZero();
  }

  @Test
  void aWrittenPageOfAPrivateMappingIsACopy() {
    long first = process.map(Backing.FILE_PRIVATE, 2 * PAGE);
    long second = process.alias(first);
    a.store(first, 5);
    assertThat(end(a)).isZero();
    assertThat(process.read(second, 4)).isEqualTo(word(0));
    assertThat(wakeOp(a, second + PAGE, second + PAGE)).isZero();
    assertThat(process.read(second + PAGE, 4)).isEqualTo(word(1));
    assertThat(process.read(first + PAGE, 4)).isEqualTo(word(0));
    a.compareAndSet(first, 5, 6);
    assertThat(end(a)).isEqualTo(1);
    assertThat(process.read(first, 4)).isEqualTo(word(6));
  }

  @ParameterizedTest
  @EnumSource(names = {"FILE", "FILE_PRIVATE"})
  void aPageBeyondTheEndOfItsFileFaults(Backing backing) {
    long file = process.map(backing, 3 * PAGE);
    process.write(file + PAGE, word(7));
    process.write(file + 2 * PAGE, word(7));
    process.truncate(file, PAGE + 2);
    assertThat(run(a, FUTEX, file + PAGE, SHARED_WAKE, 1)).isZero();
    for (long beyond : new long[] {file + 2 * PAGE, file + 2 * PAGE + 4}) {
      assertThat(run(a, FUTEX, beyond, SHARED_WAKE, 1)).isEqualTo(EFAULT);
      assertThat(run(a, FUTEX, beyond, SHARED_WAIT, 0)).isEqualTo(EFAULT);
      assertThat(run(a, FUTEX, beyond, WAIT, 0)).isEqualTo(EFAULT);
      assertThat(run(a, FUTEX, beyond, WAKE, 1)).isZero();
      a.store(beyond, 1);
      assertThat(end(a)).isEqualTo(EFAULT);
      assertThatThrownBy(() -> process.write(beyond, word(1)))
          .isInstanceOf(IllegalArgumentException.class);
    }
    process.truncate(file, 3 * PAGE);
    assertThat(process.read(file + 2 * PAGE, 4)).isEqualTo(word(0));
    assertThatThrownBy(() -> process.truncate(process.map(Backing.SHARED, PAGE), 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("SHARED");
  }

  @Test
  void theRestOfTheLastPageOfATruncatedFileIsZero() {
    long file = process.map(Backing.FILE, PAGE);
    process.write(file, new byte[] {1, 2, 3, 4, 5});
    process.truncate(file, 2);
    assertThat(process.read(file, 5)).isEqualTo(new byte[] {1, 2, 0, 0, 0});
  }

  @Test
  void aMovedMappingTakesSharedWaitersAlongAndLeavesPrivateOnesBehind() {
    long old = process.map(Backing.FILE, PAGE);
    sleep(a, FUTEX, old, WAIT, 0);
    long moved = process.remap(old);
    assertThat(run(b, FUTEX, moved, WAKE, 1)).isZero();
    assertThat(run(b, FUTEX, old, WAKE, 1)).isEqualTo(1);
    assertThat(end(a)).isZero();
    sleep(a, FUTEX, moved, SHARED_WAIT, 0);
    long again = process.remap(moved);
    assertThat(run(b, FUTEX, moved, SHARED_WAKE, 1)).isEqualTo(EFAULT);
    assertThat(run(b, FUTEX, again, SHARED_WAKE, 1)).isEqualTo(1);
    assertThat(end(a)).isZero();
    assertThatThrownBy(() -> process.remap(moved)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aForkHasCopiesOfWhatIsPrivate() {
    long mine = process.map(Backing.PRIVATE, PAGE);
    long ours = process.map(Backing.SHARED, PAGE);
    long file = process.map(Backing.FILE_PRIVATE, 2 * PAGE);
    process.write(mine, word(1));
    process.write(file, word(2));
    MachineProcess child = process.fork();
    MachineThread c = child.thread("c", 0);
    assertThat(child.read(mine, 4)).isEqualTo(word(1));
    assertThat(child.read(file, 4)).isEqualTo(word(2));
    process.write(mine, word(3));
    process.write(ours, word(4));
    process.write(file, word(5));
    assertThat(child.read(mine, 4)).isEqualTo(word(1));
    assertThat(child.read(ours, 4)).isEqualTo(word(4));
    assertThat(child.read(file, 4)).isEqualTo(word(2));

    sleep(c, FUTEX, mine, SHARED_WAIT, 1);
    assertThat(run(a, FUTEX, mine, SHARED_WAKE, 1)).isZero();
    child.kill();
    MachineProcess second = process.fork();
    MachineThread d = second.thread("d", 0);
    sleep(d, FUTEX, ours, SHARED_WAIT, 4);
    assertThat(run(a, FUTEX, ours, WAKE, 1)).isZero();
    assertThat(run(a, FUTEX, ours, SHARED_WAKE, 1)).isEqualTo(1);
    assertThat(end(d)).isZero();

    process.truncate(file, PAGE);
    assertThat(run(d, FUTEX, file + PAGE, SHARED_WAKE, 1)).isEqualTo(EFAULT);
  }

  @Test
  void copiesOfUserMemoryCrossPagesAndFault() {
    long two = process.map(Backing.PRIVATE, 2 * PAGE);
    long timespec = two + PAGE - Long.BYTES;
    process.write(timespec, Steps.timespec(0, 1));
    assertThat(run(a, FUTEX, two, WAIT, 0, timespec)).isEqualTo(-Errno.ETIMEDOUT.number());
    process.protect(two + PAGE, PAGE, Protection.NONE);
    assertThat(run(a, FUTEX, two, WAIT, 0, timespec)).isEqualTo(EFAULT);
    assertThat(run(a, FUTEX, two, WAIT, 0, two + 2 * PAGE)).isEqualTo(EFAULT);
    assertThat(process.read(timespec, 16)).isEqualTo(Steps.timespec(0, 1));
  }

  /** Sets the second word to 1 and wakes one on each. */
  private static long wakeOp(MachineThread thread, long first, long second) {
    return run(thread, FUTEX, first, SHARED_WAKE_OP, 1, 1, second, 1 << 12);
  }

  private long mapped(Backing backing, Protection protection) {
    long address = process.map(backing, PAGE);
    process.protect(address, PAGE, protection);
    return address;
  }
}
