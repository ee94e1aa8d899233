package org.jfutex.cli.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Which words meet, and which accesses fault, as get_futex_key of the kernel decides it. */
public abstract class MemoryContract extends MachineContract {
  private static final int WAIT = Linux.WAIT | Linux.PRIVATE;
  private static final int WAKE = Linux.WAKE | Linux.PRIVATE;
  private static final long EFAULT = -Linux.EFAULT;
  private static final long EAGAIN = -Linux.EAGAIN;
  private static final int WAKE_OP = 5;

  private MachineThread a;
  private MachineThread b;

  @BeforeEach
  void threads() {
    a = thread("a");
    b = thread("b");
  }

  @Test
  void aPrivateKeyLooksUpNoMapping() {
    long ro = mapped(Backing.PRIVATE, Protection.READ);
    long none = mapped(Backing.PRIVATE, Protection.NONE);
    long unmapped = process.map(Backing.PRIVATE, PAGE);
    process.unmap(unmapped, PAGE);
    for (long address : new long[] {0, unmapped, none, ro}) {
      assertThat(result(a, Linux.FUTEX, address, WAKE, 1)).isZero();
      assertThat(result(a, Linux.FUTEX, address, Linux.WAKE, 1)).isEqualTo(EFAULT);
    }
    assertThat(result(a, Linux.FUTEX, none, WAIT, 0)).isEqualTo(EFAULT);
    assertThat(result(a, Linux.FUTEX, unmapped, WAIT, 0)).isEqualTo(EFAULT);
    assertThat(result(a, Linux.FUTEX, ro, WAIT, 1)).isEqualTo(EAGAIN);
    assertThat(result(a, Linux.FUTEX, ro, Linux.WAIT, 1)).isEqualTo(EFAULT);
    assertThat(result(a, Linux.FUTEX, 0x8000_0000_0000L, WAKE, 1)).isEqualTo(EFAULT);
    assertThat(result(a, Linux.FUTEX, -8, WAKE, 1)).isEqualTo(EFAULT);
    assertThatThrownBy(() -> process.read(unmapped, 4))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("0x%x: expected a mapped page", unmapped);
    assertThatThrownBy(() -> process.alias(unmapped))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("mapping");
    assertThat(process.read(none, 4)).isEqualTo(ints(0));
  }

  @ParameterizedTest
  @EnumSource(names = {"SHARED", "FILE"})
  void sharedMemoryMeetsByItsPlaceInTheFile(Backing backing) {
    long first = process.map(backing, 2 * PAGE);
    long second = process.alias(first);
    assertThat(second).isNotEqualTo(first);
    process.write(first + 8, ints(3));
    assertThat(process.read(second + 8, 4)).isEqualTo(ints(3));
    sleeps(a, Linux.FUTEX, first + 8, Linux.WAIT, 3);
    assertThat(result(b, Linux.FUTEX, second + 8, WAKE, 1)).isZero();
    assertThat(result(b, Linux.FUTEX, first + 8, WAKE, 1)).isZero();
    assertThat(result(b, Linux.FUTEX, second + PAGE + 8, Linux.WAKE, 1)).isZero();
    process.protect(second, PAGE, Protection.READ);
    assertThat(result(b, Linux.FUTEX, second + 8, Linux.WAKE, 1)).isEqualTo(1);
    assertThat(result(a)).isZero();
    assertThat(wakeOp(b, first, second)).isEqualTo(EFAULT);
    sleeps(a, Linux.FUTEX, first + 8, WAIT, 3);
    assertThat(result(b, Linux.FUTEX, second + 8, WAKE, 1)).isZero();
    assertThat(result(b, Linux.FUTEX, first + 8, WAKE, 1)).isEqualTo(1);
    assertThat(result(a)).isZero();
  }

  @Test
  void aPrivateMappingOfAFileMeetsWhileItIsReadOnlyAndUnwritten() {
    long first = process.map(Backing.FILE_PRIVATE, 2 * PAGE);
    long second = process.alias(first);
    process.protect(first, 2 * PAGE, Protection.READ);
    process.protect(second, 2 * PAGE, Protection.READ);
    sleeps(a, Linux.FUTEX, first, Linux.WAIT, 0);
    assertThat(result(b, Linux.FUTEX, second, Linux.WAKE, 1)).isEqualTo(1);
    assertThat(result(a)).isZero();

    process.protect(second, 2 * PAGE, Protection.READ_WRITE);
    sleeps(a, Linux.FUTEX, first, Linux.WAIT, 0);
    assertThat(result(b, Linux.FUTEX, second, Linux.WAKE, 1)).isZero(); // its page is its own now
    process.protect(second, 2 * PAGE, Protection.READ);
    assertThat(result(b, Linux.FUTEX, second, Linux.WAKE, 1)).isEqualTo(EFAULT);
    assertThat(result(b, Linux.FUTEX, second + PAGE, Linux.WAKE, 1)).isZero();
    assertThat(result(b, Linux.FUTEX, first, Linux.WAKE, 1)).isEqualTo(1);
    assertThat(result(a)).isZero();

    process.protect(second, 2 * PAGE, Protection.READ_WRITE);
    sleeps(a, Linux.FUTEX, second, Linux.WAIT, 0);
    assertThat(result(b, Linux.FUTEX, second, WAKE, 1)).isZero();
    assertThat(result(b, Linux.FUTEX, second, Linux.WAKE, 1)).isEqualTo(1);
    assertThat(result(a)).isZero();
  }

  @Test
  void aWrittenPageOfAPrivateMappingIsACopy() {
    long first = process.map(Backing.FILE_PRIVATE, 2 * PAGE);
    long second = process.alias(first);
    a.store(first, 5);
    assertThat(result(a)).isZero();
    assertThat(process.read(second, 4)).isEqualTo(ints(0));
    assertThat(wakeOp(a, second + PAGE, second + PAGE)).isZero();
    assertThat(process.read(second + PAGE, 4)).isEqualTo(ints(1));
    assertThat(process.read(first + PAGE, 4)).isEqualTo(ints(0));
    a.compareAndSet(first, 5, 6);
    assertThat(result(a)).isEqualTo(1);
    assertThat(process.read(first, 4)).isEqualTo(ints(6));
  }

  @ParameterizedTest
  @EnumSource(names = {"FILE", "FILE_PRIVATE"})
  void aPageBeyondTheEndOfItsFileFaults(Backing backing) {
    long file = process.map(backing, 3 * PAGE);
    process.write(file + PAGE, ints(7));
    process.write(file + 2 * PAGE, ints(7));
    process.truncate(file, PAGE + 2);
    assertThat(result(a, Linux.FUTEX, file + PAGE, Linux.WAKE, 1)).isZero();
    for (long beyond : new long[] {file + 2 * PAGE, file + 2 * PAGE + 4}) {
      assertThat(result(a, Linux.FUTEX, beyond, Linux.WAKE, 1)).isEqualTo(EFAULT);
      assertThat(result(a, Linux.FUTEX, beyond, Linux.WAIT, 0)).isEqualTo(EFAULT);
      assertThat(result(a, Linux.FUTEX, beyond, WAIT, 0)).isEqualTo(EFAULT);
      assertThat(result(a, Linux.FUTEX, beyond, WAKE, 1)).isZero();
      a.store(beyond, 1);
      assertThat(result(a)).isEqualTo(EFAULT);
      String problem = "0x%x: expected a page before the end of its file".formatted(beyond);
      assertThatThrownBy(() -> process.read(beyond, 4)).hasMessage(problem);
      assertThatThrownBy(() -> process.write(beyond, ints(7))).hasMessage(problem);
      process.protect(file, 3 * PAGE, Protection.READ);
      assertThatThrownBy(() -> process.write(beyond, ints(7))).hasMessage(problem);
      process.protect(file, 3 * PAGE, Protection.READ_WRITE);
    }
    assertThatThrownBy(() -> process.write(file + 2 * PAGE - 4, ints(7, 7)))
        .hasMessage("0x%x: expected a page before the end of its file", file + 2 * PAGE);
    process.truncate(file, 3 * PAGE);
    assertThat(process.read(file + 2 * PAGE, 4)).isEqualTo(ints(0));
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
    sleeps(a, Linux.FUTEX, old, WAIT, 0);
    long moved = process.remap(old);
    assertThat(result(b, Linux.FUTEX, moved, WAKE, 1)).isZero();
    assertThat(result(b, Linux.FUTEX, old, WAKE, 1)).isEqualTo(1);
    assertThat(result(a)).isZero();
    sleeps(a, Linux.FUTEX, moved, Linux.WAIT, 0);
    long again = process.remap(moved);
    assertThat(result(b, Linux.FUTEX, moved, Linux.WAKE, 1)).isEqualTo(EFAULT);
    assertThat(result(b, Linux.FUTEX, again, Linux.WAKE, 1)).isEqualTo(1);
    assertThat(result(a)).isZero();
    assertThatThrownBy(() -> process.remap(moved)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aForkHasCopiesOfWhatIsPrivate() {
    long mine = process.map(Backing.PRIVATE, PAGE);
    long ours = process.map(Backing.SHARED, PAGE);
    long file = process.map(Backing.FILE_PRIVATE, 2 * PAGE);
    process.write(mine, ints(1));
    process.write(file, ints(2));
    MachineProcess child = process.fork();
    MachineThread c = child.thread("c", 0);
    assertThat(child.read(mine, 4)).isEqualTo(ints(1));
    assertThat(child.read(file, 4)).isEqualTo(ints(2));
    process.write(mine, ints(3));
    process.write(ours, ints(4));
    process.write(file, ints(5));
    assertThat(child.read(mine, 4)).isEqualTo(ints(1));
    assertThat(child.read(ours, 4)).isEqualTo(ints(4));
    assertThat(child.read(file, 4)).isEqualTo(ints(2));

    sleeps(c, Linux.FUTEX, mine, Linux.WAIT, 1);
    assertThat(result(a, Linux.FUTEX, mine, Linux.WAKE, 1)).isZero();
    child.kill();
    MachineProcess second = process.fork();
    MachineThread d = second.thread("d", 0);
    sleeps(d, Linux.FUTEX, ours, Linux.WAIT, 4);
    assertThat(result(a, Linux.FUTEX, ours, WAKE, 1)).isZero();
    assertThat(result(a, Linux.FUTEX, ours, Linux.WAKE, 1)).isEqualTo(1);
    assertThat(result(d)).isZero();

    process.truncate(file, PAGE);
    assertThat(result(d, Linux.FUTEX, file + PAGE, Linux.WAKE, 1)).isEqualTo(EFAULT);
  }

  @Test
  void copiesOfUserMemoryCrossPagesAndFault() {
    long two = process.map(Backing.PRIVATE, 2 * PAGE);
    long timespec = two + PAGE - Long.BYTES;
    process.write(timespec, longs(0, 1));
    assertThat(result(a, Linux.FUTEX, two, WAIT, 0, timespec)).isEqualTo(-Linux.ETIMEDOUT);
    process.protect(two + PAGE, PAGE, Protection.NONE);
    assertThat(result(a, Linux.FUTEX, two, WAIT, 0, timespec)).isEqualTo(EFAULT);
    assertThat(result(a, Linux.FUTEX, two, WAIT, 0, two + 2 * PAGE)).isEqualTo(EFAULT);
    assertThat(process.read(timespec, 16)).isEqualTo(longs(0, 1));
  }

  /** Sets the second word to 1 and wakes one on each. */
  private static long wakeOp(MachineThread thread, long first, long second) {
    return result(thread, Linux.FUTEX, first, WAKE_OP, 1, 1, second, 1 << 12);
  }

  private long mapped(Backing backing, Protection protection) {
    long address = process.map(backing, PAGE);
    process.protect(address, PAGE, protection);
    return address;
  }
}
