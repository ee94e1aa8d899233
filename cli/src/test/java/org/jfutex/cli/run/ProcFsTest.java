package org.jfutex.cli.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class ProcFsTest {
  @Test
  void readsTheLinesOfStatus() {
    ProcFs.Status status =
        ProcFs.Status.parse(
            """
            Name:\ta Tgid: 7
            Tgid:\t1234
            SigPnd:\t0000000000000200
            ShdPnd:\t8000000000000000
            SigBlk:\t0000000000000001
            SigIgn:\t0000000000001000
            SigCgt:\t0000000000000201
            """);
    assertThat(status).isEqualTo(new ProcFs.Status(1234, 1, 0x1000, 0x201, 0x8000000000000200L));
    assertThat(status.hasHandlerToRun()).isTrue();
  }

  @Test
  void noHandlerRunsForBlockedOrUncaughtSignals() {
    assertThat(new ProcFs.Status(1, 0x200, 0, 0x200, 0x200).hasHandlerToRun()).isFalse();
    assertThat(new ProcFs.Status(1, 0, 0, 0x100, 0x200).hasHandlerToRun()).isFalse();
  }

  @Test
  void findsTheStateBehindAnyName() {
    assertThat(ProcFs.stateIn("12 (cat) S 1")).isEqualTo('S');
    assertThat(ProcFs.stateIn("12 (a) D (b) R 1")).isEqualTo('R');
    assertThat(ProcFs.stateIn("")).isEqualTo(ProcFs.GONE);
  }

  @Test
  void findsTheStackPointer() {
    assertThat(ProcFs.stackPointerIn("202 0x1 0x2 0x3 0x4 0x5 0x6 0x7ffc10 0x7f12\n"))
        .isEqualTo(0x7ffc10);
    assertThat(ProcFs.stackPointerIn("running\n")).isZero();
  }

  @Test
  void splitsArgumentsByteForByte() {
    byte[] joined = "a\0\0\u00ff\0".getBytes(StandardCharsets.ISO_8859_1);
    List<byte[]> parts = ProcFs.split(joined);
    assertThat(parts).hasSize(3);
    assertThat(parts.get(1)).isEmpty();
    assertThat(parts.get(2)).containsExactly(0xff);
  }

  @Test
  void aThreadThatDoesNotExistHasNoAnswers() {
    int none = Integer.MAX_VALUE;
    assertThat(ProcFs.status(none)).isNull();
    assertThat(ProcFs.state(none)).isEqualTo(ProcFs.GONE);
    assertThat(ProcFs.sleepsIn(none)).isNull();
    assertThat(ProcFs.runNanos(none)).isEqualTo(-1);
    assertThat(ProcFs.threads(none)).isEmpty();
    assertThat(ProcFs.stackPointer(none)).isZero();
  }
}
