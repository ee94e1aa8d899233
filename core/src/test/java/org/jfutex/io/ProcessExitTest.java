package org.jfutex.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.BufferedReader;
import org.jfutex.Errno;
import org.jfutex.WaitStatus;
import org.jfutex.poll.Events;
import org.jfutex.poll.Poller;
import org.jfutex.time.Deadline;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The end of a process as an event. */
@SuppressWarnings("try") // what is closed, and when, is what is tested
class ProcessExitTest {
  private static final int GONE = Events.IN | Events.HUP;

  @ParameterizedTest
  @EnumSource
  void anEndIsToldToWhoWaits(Transport means) throws Exception {
    Process process = new ProcessBuilder("cat").start();
    try (ProcessExit exit = ProcessExit.of(process.toHandle(), means)) {
      assertThat(exit.poll(Events.IN, null)).isZero();
      process.getOutputStream().close();
      assertThat(exit.await(Events.IN, Deadline.NEVER)).isEqualTo(WaitStatus.WOKEN);
      int code = process.waitFor();
      assertThat(code).isZero();
      while (exit.poll(Events.IN, null) != GONE) {
        Thread.onSpinWait();
      }
      try (ProcessExit late = ProcessExit.of(process.toHandle(), means)) {
        assertThat(late.poll(Events.IN, null)).isEqualTo(GONE);
      }
      exit.close();
      assertThat(exit.poll(Events.IN, null)).isEqualTo(Events.NVAL);
    }
  }

  /** Its parent is a shell that waits for it only when it is told to. */
  @Test
  void endingAndBeingWaitedForAreTwoEdges() throws Exception {
    String script = "sleep 0.1 & echo $!; read line; wait; read line";
    Process shell = new ProcessBuilder("sh", "-c", script).start();
    try (BufferedReader output = shell.inputReader();
        Poller poller = new Poller()) {
      long pid = Long.parseLong(output.readLine());
      try (ProcessExit exit = ProcessExit.of(pid)) {
        int first = exit.poll(Events.IN, poller);
        while (first == 0) {
          poller.await(Deadline.NEVER);
          first = exit.poll(Events.IN, null);
        }
        assertThat(first).isEqualTo(Events.IN);
        shell.outputWriter().append("wait\n").flush(); // the shell does
        while (exit.poll(Events.IN, null) != GONE) {
          assertThat(poller.await(Deadline.NEVER)).isEqualTo(WaitStatus.WOKEN);
        }
      }
    } finally {
      shell.destroyForcibly();
    }
  }

  @Test
  void aNumberOfNobodyIsRefused() {
    assertThatExceptionOfType(ErrnoIOException.class)
        .isThrownBy(() -> ProcessExit.of(Integer.MAX_VALUE))
        .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.ESRCH));
  }
}
