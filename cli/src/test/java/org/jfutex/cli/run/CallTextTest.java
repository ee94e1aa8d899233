package org.jfutex.cli.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jfutex.cli.run.ServedCall.Disposition;
import org.jfutex.linux.Operation;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class CallTextTest {
  private static final long TIME = 0x7ffd00000010L;
  private static final long OTHER = 0x7f0012340000L;
  private static final int REALTIME = Operation.CLOCK_REALTIME_FLAG;
  private static final long ALL = 0xffffffffL;

  static Stream<Arguments> everyOperation() {
    return Stream.of(
        line(Calls.futex(0, 2), "FUTEX_WAIT(0x7f0012345678, 2, NULL)"),
        line(Calls.futex(1 | 128, 1), "FUTEX_WAKE_PRIVATE(0x7f0012345678, 1)"),
        line(Calls.futex(2, 9), "FUTEX_FD(0x7f0012345678, 9)"),
        line(
            Calls.futex(3 | 128, 1, 2147483647, OTHER),
            "FUTEX_REQUEUE_PRIVATE(0x7f0012345678, 1, 2147483647, 0x7f0012340000)"),
        line(
            Calls.futex(4 | 128, 1, 5, OTHER, 7),
            "FUTEX_CMP_REQUEUE_PRIVATE(0x7f0012345678, 1, 5, 0x7f0012340000, 7)"),
        line(
            Calls.futex(5 | 128, 1, 1, OTHER, 0x04000001),
            "FUTEX_WAKE_OP_PRIVATE(0x7f0012345678, 1, 1, 0x7f0012340000, {SET 0, wake if GT 1})"),
        line(
            Calls.futex(6 | 128, 0, TIME), "FUTEX_LOCK_PI_PRIVATE(0x7f0012345678, 0x7ffd00000010)"),
        line(Calls.futex(7 | 128), "FUTEX_UNLOCK_PI_PRIVATE(0x7f0012345678)"),
        line(Calls.futex(8), "FUTEX_TRYLOCK_PI(0x7f0012345678)"),
        line(
            Calls.futex(9 | 128 | REALTIME, 0x800004d8L, TIME, 0, ALL),
            "FUTEX_WAIT_BITSET_PRIVATE|FUTEX_CLOCK_REALTIME(0x7f0012345678, 2147484888,"
                + " 0x7ffd00000010, FUTEX_BITSET_MATCH_ANY)"),
        line(Calls.futex(10, -1, 0, 0, 6), "FUTEX_WAKE_BITSET(0x7f0012345678, -1, 0x6)"),
        line(
            Calls.futex(11, 3, TIME, OTHER),
            "FUTEX_WAIT_REQUEUE_PI(0x7f0012345678, 3, 0x7ffd00000010, 0x7f0012340000)"),
        line(
            Calls.futex(12, 1, 0, OTHER, 3),
            "FUTEX_CMP_REQUEUE_PI(0x7f0012345678, 1, 0, 0x7f0012340000, 3)"),
        line(
            Calls.futex(13 | REALTIME, 0, TIME),
            "FUTEX_LOCK_PI2|FUTEX_CLOCK_REALTIME(0x7f0012345678, 0x7ffd00000010)"),
        line(
            Calls.call(449, OTHER, 2, 0, TIME, 1),
            "futex_waitv(0x7f0012340000, 2, 0x0, 0x7ffd00000010, CLOCK_MONOTONIC)"),
        line(
            Calls.call(454, OTHER, ALL, 1, 0x82),
            "futex_wake(0x7f0012340000, FUTEX_BITSET_MATCH_ANY, 1,"
                + " FUTEX2_SIZE_U32|FUTEX2_PRIVATE)"),
        line(
            Calls.call(455, OTHER, 5, 1, 6, 0, 7),
            "futex_wait(0x7f0012340000, 5, 0x1, FUTEX2_SIZE_U32|FUTEX2_NUMA, NULL, 7)"),
        line(Calls.call(456, OTHER, 0, 1, 2), "futex_requeue(0x7f0012340000, 0x0, 1, 2)"),
        line(Calls.call(273, OTHER, 24), "set_robust_list(0x7f0012340000, 24)"),
        line(Calls.call(274, 7, OTHER, 0), "get_robust_list(7, 0x7f0012340000, NULL)"));
  }

  static Stream<Arguments> oddities() {
    return Stream.of(
        line(Calls.futex(0x4a, 1, 2, 3, 4), "futex(0x7f0012345678, 0x4a, 1, 0x2, 0x3, 4)"),
        line(Calls.futex(0x200), "futex(0x7f0012345678, 0x200, 0, NULL, NULL, 0)"),
        line(Calls.call(999, 1, -1), "syscall_999(0x1, 0xffffffffffffffff, 0x0, 0x0, 0x0, 0x0)"),
        line(Calls.call(202, 0, 0xffffffff00000001L, 1), "FUTEX_WAKE(NULL, 1)"),
        // an operand of 12 bits is signed; bit 31 makes it a shift by its low five bits; what is
        // no operation stays raw
        line(
            Calls.futex(5, 0, 0, OTHER, 0x21fff800L),
            "FUTEX_WAKE_OP(0x7f0012345678, 0, 0, 0x7f0012340000, {OR -1, wake if NE -2048})"),
        line(
            Calls.futex(5, 0, 0, OTHER, 0xc5021000L),
            "FUTEX_WAKE_OP(0x7f0012345678, 0, 0, 0x7f0012340000, {XOR 1<<1, wake if GE 0})"),
        line(
            Calls.futex(5, 0, 0, OTHER, 0x06000000L),
            "FUTEX_WAKE_OP(0x7f0012345678, 0, 0, 0x7f0012340000, 0x6000000)"),
        line(
            Calls.call(454, OTHER, -1, 1, 0x1f),
            "futex_wake(0x7f0012340000, 0xffffffffffffffff, 1,"
                + " FUTEX2_SIZE_U64|FUTEX2_NUMA|FUTEX2_MPOL|0x10)"));
  }

  private static Arguments line(ServedCall call, String expected) {
    return Arguments.of(call, expected);
  }

  @ParameterizedTest
  @MethodSource({"everyOperation", "oddities"})
  void callReadsAsInTheManPage(ServedCall call, String expected) {
    assertThat(CallText.call(call)).isEqualTo(expected);
  }

  @Test
  void noOperationIsForgotten() {
    Set<Operation> seen =
        everyOperation()
            .map(arguments -> ((ServedCall) arguments.get()[0]).operation())
            .collect(Collectors.toSet());
    assertThat(seen).containsExactlyInAnyOrderElementsOf(EnumSet.allOf(Operation.class));
    assertThat(Arrays.stream(Operation.values()).map(CallText::name).distinct())
        .hasSize(Operation.values().length);
  }

  @Test
  void resultSaysWhoAnswered() {
    ServedCall wake = Calls.futex(1, 1);
    assertThat(CallText.result(Calls.result(wake, 3))).isEqualTo("3");
    assertThat(CallText.result(Calls.result(wake, -11))).isEqualTo("-1 EAGAIN");
    assertThat(CallText.result(Calls.result(wake, -77))).isEqualTo("-1 errno 77");
    assertThat(CallText.result(Calls.result(wake, -512))).isEqualTo("? ERESTARTSYS");
    assertThat(CallText.result(Calls.result(wake, -514))).isEqualTo("? ERESTARTNOHAND");
    assertThat(CallText.result(Calls.by(wake, Disposition.PASSED)))
        .isEqualTo("? <passed to the kernel>");
    assertThat(CallText.result(Calls.by(wake, Disposition.UNSERVED))).isEqualTo("? <not served>");
    assertThat(CallText.result(Calls.by(wake, Disposition.REFUSED)))
        .isEqualTo("-1 ENOSYS <refused by --without>");
  }

  @Test
  void onlyWaitsThatWereQueuedSlept() {
    ServedCall wait = Calls.futex(0, 2);
    assertThat(Stream.of(0, -110, -4, -512, -514).map(r -> Calls.result(wait, r)))
        .allMatch(CallText::slept);
    assertThat(Stream.of(-11, -14, -22, -38).map(r -> Calls.result(wait, r)))
        .noneMatch(CallText::slept);
    assertThat(CallText.slept(Calls.futex(1, 1))).isFalse();
    assertThat(CallText.slept(Calls.by(wait, Disposition.PASSED))).isFalse();
  }
}
