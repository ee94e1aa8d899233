package org.jfutex.cli.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StubTest {
  private static final int RETURN_ALLOW = 0x06;

  @TempDir Path folder;

  @Test
  void isOneSegmentThatHoldsItsEntry() {
    byte[] image = Stub.image(Bpf.program(), 42, 0);
    ByteBuffer elf = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);
    long entry = elf.getLong(24);
    long base = elf.getLong(64 + 16);
    assertThat(elf.getInt(0)).isEqualTo(0x464c457f);
    assertThat(elf.getShort(18)).as("machine").isEqualTo((short) 62);
    assertThat(elf.getLong(64 + 32)).as("size in the file").isEqualTo(image.length);
    assertThat(entry - base).isBetween(120L, image.length - 1L);
  }

  @Test
  void asksForEachIgnoredSignal() {
    int none = Stub.image(Bpf.program(), 42, 0).length;
    int one = Stub.image(Bpf.program(), 42, 1L << 12).length;
    int all = Stub.image(Bpf.program(), 42, -1).length;
    assertThat(one - none).isPositive();
    assertThat(all - none).isEqualTo(64 * (one - none));
  }

  @Test
  void exitsWithTheErrnoOfARefusedFilter() throws IOException, InterruptedException {
    // jumps behind its own end: EINVAL from bpf_check_classic
    byte[] bad = {0x15, 0, 99, 99, 0, 0, 0, 0};
    assertThat(run(Stub.image(bad, 42, 0))).isEqualTo(22);
  }

  @Test
  void withoutASupervisorEndsWithTheStatusOfAProgramThatCannotBeExecuted()
      throws IOException, InterruptedException {
    // allows all, so its futex calls go to the kernel, which has no such command: not 0
    byte[] allow = {RETURN_ALLOW, 0, 0, 0, 0, 0, (byte) 0xff, 0x7f};
    int status = run(Stub.image(allow, 42, 0), "/bin/sh", "/nonexistent", "name");
    assertThat(status).isEqualTo(256 - 38);
  }

  @Test
  void becomesTheProgramWithItsArguments() throws IOException, InterruptedException {
    byte[] allow = {RETURN_ALLOW, 0, 0, 0, 0, 0, (byte) 0xff, 0x7f};
    int status =
        run(
            Stub.image(allow, 42, 0),
            "/bin/sh",
            "/bin/sh",
            "other name",
            "-c",
            "test \"$0 $1\" = 'a b' && exit 7",
            "a",
            "b");
    assertThat(status).isEqualTo(7);
  }

  private int run(byte[] image, String... arguments) throws IOException, InterruptedException {
    Path file = Files.write(folder.resolve("stub"), image);
    assertThat(file.toFile().setExecutable(true)).isTrue();
    ProcessBuilder builder = new ProcessBuilder(file.toString());
    builder.command().addAll(List.of(arguments));
    return builder.inheritIO().start().waitFor();
  }
}
