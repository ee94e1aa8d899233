package org.jfutex.cli.run.stack;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CallSiteTest {
  private static final long BASE = 0x10000;
  private static final int RETURN = 64;

  private final byte[] code = new byte[256];
  private final CallSite calls = new CallSite(this::read, 1);

  private byte[] read(int tid, long address, int bytes) {
    long from = address - BASE;
    if (from < 0 || from >= code.length) {
      return new byte[0];
    }
    return Arrays.copyOfRange(code, (int) from, (int) Math.min(code.length, from + bytes));
  }

  /** Puts instructions so that they end at the return address. */
  private void before(String hex) {
    byte[] bytes = HexFormat.of().parseHex(hex.replace(" ", ""));
    System.arraycopy(bytes, 0, code, RETURN - bytes.length, bytes.length);
  }

  private void at(int offset, String hex) {
    byte[] bytes = HexFormat.of().parseHex(hex.replace(" ", ""));
    System.arraycopy(bytes, 0, code, offset, bytes.length);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "e8 00 01 00 00", // call rel32
        "ff d0", // call *%rax
        "41 ff d4", // call *%r12
        "ff 13", // call *(%rbx)
        "ff 50 18", // call *0x18(%rax)
        "ff 14 d8", // call *(%rax,%rbx,8)
        "ff 54 24 08", // call *0x8(%rsp)
        "ff 90 00 01 00 00", // call *0x100(%rax)
        "ff 94 24 00 01 00 00", // call *0x100(%rsp)
        "ff 14 dd 00 10 00 00", // call *0x1000(,%rbx,8)
        "ff 15 00 01 00 00" // call *0x100(%rip)
      })
  void callsAreRecognized(String instruction) {
    before(instruction);
    assertThat(calls.isReturnAddress(BASE + RETURN)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "90 90 90 90 90 90 90",
        "e9 00 01 00 00", // jmp rel32
        "ff e0", // jmp *%rax
        "ff 25 00 01 00 00", // jmp *0x100(%rip)
        "ff d0 90", // call, and one more instruction
        "ff 50", // the displacement is missing
        "ff 54 24",
        "ff 90 00 01 00",
        "ff 35 00 01 00 00" // push 0x100(%rip)
      })
  void otherInstructionsAreNot(String instruction) {
    before(instruction);
    assertThat(calls.isReturnAddress(BASE + RETURN)).isFalse();
  }

  @Test
  void nothingBeforeTheFirstByteOfTheCodeCalls() {
    assertThat(calls.isReturnAddress(BASE)).isFalse();
    assertThat(calls.isReturnAddress(BASE + 6)).isFalse();
    assertThat(calls.calls(BASE, BASE)).isFalse();
  }

  @Test
  void directCallGoesToItsTarget() {
    before("e8 40 00 00 00");
    assertThat(calls.calls(BASE + RETURN, BASE + RETURN + 0x40)).isTrue();
    assertThat(calls.calls(BASE + RETURN, BASE + RETURN + 0x41)).isFalse();
    before("e8 f0 ff ff ff");
    assertThat(calls.calls(BASE + RETURN, BASE + RETURN - 16)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ff 25 3a 00 00 00", // 0x80 + 6 + 0x3a = 0xc0
        "f3 0f 1e fa ff 25 36 00 00 00", // endbr64
        "f3 0f 1e fa f2 ff 25 35 00 00 00" // endbr64, bnd
      })
  void callThroughTheLinkageTableGoesWhereItsSlotPoints(String stub) {
    before("e8 40 00 00 00"); // to 0x80
    at(0x80, stub);
    at(0xc0, "78 56 34 12 00 7f 00 00");
    assertThat(calls.calls(BASE + RETURN, 0x7f0012345678L)).isTrue();
    assertThat(calls.calls(BASE + RETURN, 0x7f0012345679L)).isFalse();
  }

  @Test
  void callThroughTheOffsetTableGoesWhereItsSlotPoints() {
    before("ff 15 80 00 00 00"); // 0x40 + 0x80 = 0xc0
    at(0xc0, "78 56 34 12 00 7f 00 00");
    assertThat(calls.calls(BASE + RETURN, 0x7f0012345678L)).isTrue();
    assertThat(calls.calls(BASE + RETURN, 0)).isFalse();
  }

  @Test
  void callIntoUnreadableMemoryGoesNowhere() {
    before("e8 00 00 00 70");
    assertThat(calls.calls(BASE + RETURN, 1)).isFalse();
    before("ff 15 00 00 00 70");
    assertThat(calls.calls(BASE + RETURN, 1)).isFalse();
  }
}
