package org.jfutex.cli.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The filter, run by an interpreter of the few instructions it has. */
class BpfTest {
  private static final int ALLOW = 0x7fff0000;
  private static final int NOTIFY = 0x7fc00000;
  private static final int MAX_NR = 600;

  @Test
  void handsOverTheFutexCallsAndWhatTellsOfExitsExecutionsAndHandlers() {
    assertThat(notified(Bpf.ARCH_X86_64))
        .containsExactly(15, 56, 59, 202, 218, 322, 435, 449, 454, 455, 456);
  }

  @Test
  void noticesThirtyTwoBitCode() {
    assertThat(notified(Bpf.ARCH_I386)).containsExactly(11, 240, 258, 358, 422);
  }

  @Test
  void letsOtherArchitecturesAndTheX32AbiThrough() {
    assertThat(notified(0xC00000B7)).isEmpty();
    assertThat(run(Bpf.ARCH_X86_64, 0x40000000 | 202)).isEqualTo(ALLOW);
  }

  private static List<Integer> notified(int arch) {
    List<Integer> numbers = new ArrayList<>();
    for (int nr = 0; nr < MAX_NR; nr++) {
      int action = run(arch, nr);
      assertThat(action).isIn(ALLOW, NOTIFY);
      if (action == NOTIFY) {
        numbers.add(nr);
      }
    }
    return numbers;
  }

  private static int run(int arch, int nr) {
    ByteBuffer program = ByteBuffer.wrap(Bpf.program()).order(ByteOrder.LITTLE_ENDIAN);
    int accumulator = 0;
    int at = 0;
    while (true) {
      int code = program.getShort(8 * at);
      int operand = program.getInt(8 * at + 4);
      switch (code) {
        case 0x20 -> accumulator = operand == 0 ? nr : operand == 4 ? arch : 0;
        case 0x15 -> at += program.get(8 * at + (accumulator == operand ? 2 : 3)) & 0xff;
        case 0x06 -> {
          return operand;
        }
        default -> throw new AssertionError("instruction " + code);
      }
      at++;
    }
  }
}
