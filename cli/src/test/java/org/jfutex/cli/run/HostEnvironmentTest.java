package org.jfutex.cli.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class HostEnvironmentTest {
  private static String[] split(String environ) {
    return ProcFs.split(environ.getBytes(StandardCharsets.ISO_8859_1)).stream()
        .map(each -> new String(each, StandardCharsets.ISO_8859_1))
        .toArray(String[]::new);
  }

  @Test
  void everyVariableIsKeptByteForByteAndInOrder() {
    assertThat(split("B=2\0a.b=\u00ff\0A=x=y\n\0")).containsExactly("B=2", "a.b=\u00ff", "A=x=y\n");
  }

  @Test
  void noEnvironmentIsAnEmptyOne() {
    assertThat(split("")).isEmpty();
  }
}
