package org.jfutex.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

/** Lengths of time on the command line. */
class TimeConverterTest {
  private final TimeConverter converter = new TimeConverter();

  @Test
  void aNumberWithAUnitIsATime() {
    assertThat(converter.convert("7ns")).isEqualTo(Duration.ofNanos(7));
    assertThat(converter.convert("7us")).isEqualTo(Duration.ofNanos(7_000));
    assertThat(converter.convert("500ms")).isEqualTo(Duration.ofMillis(500));
    assertThat(converter.convert("60s")).isEqualTo(Duration.ofMinutes(1));
    assertThat(converter.convert("10m")).isEqualTo(Duration.ofMinutes(10));
    assertThat(converter.convert("8760h")).isEqualTo(Duration.ofDays(365));
  }

  /** The last would not fit into the nanoseconds that times are counted in. */
  @ParameterizedTest
  @ValueSource(strings = {"", "5", "s", "-1s", "1.5s", "5 s", "0s", "8761h", "999999999h"})
  void whatIsNoneIsRefused(String text) {
    assertThatThrownBy(() -> converter.convert(text))
        .isInstanceOf(TypeConversionException.class)
        .hasMessageContaining("'" + text + "' is no time: expected one such as 500ms");
  }
}
