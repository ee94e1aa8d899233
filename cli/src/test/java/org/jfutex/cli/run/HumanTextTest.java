package org.jfutex.cli.run;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HumanTextTest {
  @ParameterizedTest
  @CsvSource({
    "-5, 0 ns",
    "0, 0 ns",
    "999, 999 ns",
    "1000, 1.00 us",
    "9994, 9.99 us",
    "9996, 10.0 us",
    "99940, 99.9 us",
    "99960, 100 us",
    "999400, 999 us",
    "999600, 1.00 ms",
    "1300000, 1.30 ms",
    "12000000, 12.0 ms",
    "2500000000, 2.50 s",
    "99900000000, 99.9 s",
    "100000000000, 1 min 40 s",
    "3599000000000, 59 min 59 s",
    "7380000000000, 2 h 3 min",
    "9223372036854775807, 2562047 h 47 min"
  })
  void durationHasThreeDigitsAndAUnit(long nanos, String expected) {
    assertThat(HumanText.duration(nanos)).isEqualTo(expected);
  }

  @Test
  void countAgreesWithItsNoun() {
    assertThat(HumanText.count(1, "thread", "threads")).isEqualTo("1 thread");
    assertThat(HumanText.count(0, "thread", "threads")).isEqualTo("0 threads");
    assertThat(HumanText.count(1_234_567)).isEqualTo("1,234,567");
  }

  @Test
  void namesCannotCommandTheTerminal() {
    assertThat(HumanText.printable("a\u001b[2Jb\nc\u202ed\u2028e")).isEqualTo("a?[2Jb?c?d?e");
    assertThat(HumanText.printable("größe naïve 名前")).isEqualTo("größe naïve 名前");
  }
}
