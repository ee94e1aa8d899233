package org.jfutex.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** What people are told of files. */
class FileProblemTest {
  private static final Path ASKED = Path.of("folder");

  @Test
  void theFileThatIsMeantIsNamedWithTheReason() {
    assertThat(FileProblem.of(ASKED, new AccessDeniedException("folder/below")))
        .isEqualTo("folder/below: permission denied");
    assertThat(FileProblem.of(ASKED, new MalformedInputException(1)))
        .isEqualTo("folder: expected text in UTF-8");
    assertThat(FileProblem.of(ASKED, new IOException("Broken pipe")))
        .isEqualTo("folder: broken pipe");
    assertThat(FileProblem.of(ASKED, new FileSystemException("f", null, "Not a directory")))
        .isEqualTo("f: not a directory");
    assertThat(FileProblem.of(ASKED, new FileSystemException("f")))
        .isEqualTo("f: FileSystemException");
  }

  @Test
  void whatNamesNoFileSpeaksForItself() {
    assertThat(FileProblem.of(new NoSuchFileException("f"))).isEqualTo("f: no such file or folder");
    assertThat(FileProblem.of(new IOException("case 1: its JVM ended")))
        .isEqualTo("case 1: its JVM ended");
  }
}
