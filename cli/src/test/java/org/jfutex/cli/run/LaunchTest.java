package org.jfutex.cli.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class LaunchTest {
  private static final int PID = 77;
  private static final long COOKIE = 0x1234_5678_9abcL;

  @Test
  void exitStatusIsThatOfAShell() {
    assertThat(Launch.exitStatus(0)).isZero();
    assertThat(Launch.exitStatus(42 << 8)).isEqualTo(42);
    assertThat(Launch.exitStatus(9)).isEqualTo(128 + 9);
    assertThat(Launch.exitStatus(0x80 | 11)).as("with a core").isEqualTo(128 + 11);
  }

  @Test
  void stubIsHeldUntilAnsweredAndTriesTheShellOnce() {
    Handshake handshake = new Handshake(PID, COOKIE);
    assertThat(handshake.answer(futex(COOKIE, Stub.HELLO, 3))).hasValue(0);
    assertThat(handshake.isExecution(call(Nr.EXECVE))).isTrue();
    assertThat(handshake.answer(futex(COOKIE, Stub.EXEC_FAILED, 8))).hasValue(0);
    assertThat(handshake.answer(futex(COOKIE, Stub.EXEC_FAILED, 8))).hasValue(126);
    assertThat(handshake.errno()).isEqualTo(8);
  }

  @Test
  void aMissingProgramIsNotFound() {
    Handshake handshake = new Handshake(PID, COOKIE);
    assertThat(handshake.answer(futex(COOKIE, Stub.EXEC_FAILED, 2))).hasValue(127);
  }

  @Test
  void theProgramItselfIsNotListenedTo() {
    Handshake handshake = new Handshake(PID, COOKIE);
    assertThat(handshake.answer(call(Nr.SET_TID_ADDRESS))).isEmpty();
    assertThat(handshake.answer(futex(COOKIE, Stub.EXEC_FAILED, 2))).isEmpty();
    assertThat(handshake.isExecution(call(Nr.EXECVE))).isFalse();
    assertThat(handshake.errno()).isZero();
  }

  @Test
  void refusesSystemsByNameAndVersion() {
    assertThatThrownBy(() -> Requirements.check("Mac OS X", "aarch64", "24.0"))
        .hasMessage("this is Mac OS X: run needs Linux");
    assertThatThrownBy(() -> Requirements.check("Linux", "aarch64", "6.18.0"))
        .hasMessageContaining("x86-64");
    assertThatThrownBy(() -> Requirements.check("Linux", "amd64", "6.1.0-13-amd64"))
        .hasMessage("this is Linux 6.1.0-13-amd64: run needs 6.11 or newer");
  }

  @Test
  void warnsOfKernelsWithTheRace() throws CannotRun {
    Requirements.check("Linux", "amd64", "6.11");
    assertThat(Requirements.warning("6.12.9")).contains("6.12.9").contains("6.18");
    assertThat(Requirements.warning("6.18.44-fc-v445")).isEmpty();
    assertThat(Requirements.warning("7.0")).isEmpty();
  }

  private static Notification futex(long address, int op, long value) {
    return new Notification(
        1, PID, Nr.FUTEX, Bpf.ARCH_X86_64, 0, new long[] {address, op, value, 0, 0, 0});
  }

  private static Notification call(int nr) {
    return new Notification(1, PID, nr, Bpf.ARCH_X86_64, 0, new long[6]);
  }
}
