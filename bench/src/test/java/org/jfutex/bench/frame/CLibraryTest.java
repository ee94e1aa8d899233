package org.jfutex.bench.frame;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Compilers that are missing, broken or there. */
class CLibraryTest {
  @TempDir private Path temp;

  @Test
  void withoutACompilerTheReasonIsTold() throws Exception {
    CLibrary library = CLibrary.compile(temp, temp.toString());
    assertThat(library.file()).isEmpty();
    assertThat(library.text()).isEqualTo("no C compiler: neither gcc nor cc is on PATH");
    try (Workbench bench = new Workbench(library)) {
      assertThatThrownBy(() -> bench.c("wake", Workbench.Memory.PRIVATE))
          .isInstanceOf(SkippedException.class)
          .hasMessage(library.text());
      assertThatThrownBy(() -> bench.program("processes", "handoff"))
          .isInstanceOf(SkippedException.class)
          .hasMessage(library.text());
    }
  }

  @Test
  void whatABrokenCompilerSaysIsTheReason() throws Exception {
    compiler("echo 'cannot find stdio.h' >&2; exit 1");
    assertThat(CLibrary.compile(temp, temp.toString()).text())
        .isEqualTo("gcc failed: cannot find stdio.h");
  }

  @Test
  void aLibraryThatCannotBeLoadedIsTheReason() throws Exception {
    compiler("case $1 in --version) echo 'gcc 1';; *) echo >\"$5\";; esac");
    CLibrary library = CLibrary.compile(temp, temp.toString());
    assertThat(library.text()).isEqualTo("gcc 1, -O2 -shared -fPIC");
    try (Workbench bench = new Workbench(library)) {
      assertThatThrownBy(() -> bench.c("wake", Workbench.Memory.PRIVATE))
          .isInstanceOf(SkippedException.class)
          .hasMessageContaining("cannot be loaded");
      assertThatThrownBy(() -> bench.program("processes", "handoff"))
          .isInstanceOf(SkippedException.class)
          .hasMessage("processes.c could not be compiled by gcc 1, -O2 -shared -fPIC");
    }
  }

  private void compiler(String script) throws IOException {
    Path gcc = Files.writeString(temp.resolve("gcc"), "#!/bin/sh\n" + script + "\n");
    Files.setPosixFilePermissions(gcc, PosixFilePermissions.fromString("rwxr-xr-x"));
  }
}
