package org.jfutex.cli.machine.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WorkerImageTest {
  private static final int ENOENT = 2;

  @TempDir Path folder;

  @Test
  void isOneSegmentThatHoldsItsEntry() {
    byte[] image = WorkerImage.bytes();
    ByteBuffer elf = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);
    long entry = elf.getLong(24);
    long base = elf.getLong(64 + 16);
    assertThat(elf.getLong(64 + 32)).as("size in the file").isEqualTo(image.length);
    assertThat(entry - base).isBetween(120L, image.length - 1L);
    assertThat(base + image.length).isLessThan(Mailboxes.BASE);
  }

  @Test
  void exitsWithTheErrnoWhereTheMailboxesCannotBeOpened() throws IOException, InterruptedException {
    Path file = Files.write(folder.resolve("worker"), WorkerImage.bytes());
    assertThat(file.toFile().setExecutable(true)).isTrue();
    Process process =
        new ProcessBuilder(file.toString(), folder.resolve("none").toString()).inheritIO().start();
    assertThat(process.waitFor()).isEqualTo(ENOENT);
  }
}
