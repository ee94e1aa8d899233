package org.jfutex.cli.play;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.util.List;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Test;

/** Whatever the text: a scenario that survives being written, or an error; and soon. */
class ScenarioParserFuzzTest {
  private static final int ROUNDS = 4_000;

  private static final List<String> LINES = ScenarioParserTest.EVERYTHING.lines().toList();
  private static final List<String> WORDS =
      List.of(ScenarioParserTest.EVERYTHING.split("[\\s=:|]+"));
  private static final List<String> ODD =
      List.of(
          "",
          " ",
          "=",
          ":",
          "|",
          "#",
          "-",
          "+",
          ",",
          "0x",
          "tid(",
          "tid()",
          ".node",
          ".old",
          "<<",
          "\u0000",
          "\t",
          "\r",
          "\u2028",
          "9999999999999999999999",
          "-9223372036854775809",
          "null+",
          "unmapped-1",
          "0xfffffffffffffffff",
          "repeat 9999999",
          "end",
          "a:",
          "=0",
          "%s");

  @Test
  void noTextBreaksTheParser() {
    long seed = System.nanoTime();
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
    int scenarios = 0;
    long slowest = 0;
    for (int round = 0; round < ROUNDS; round++) {
      String text = random.nextInt(4) == 0 ? assembled(random) : mutated(random);
      long begin = System.nanoTime();
      try {
        Scenario scenario = ScenarioParser.parse("f", text);
        scenarios++;
        String written = scenario.toString();
        assertThat(ScenarioParser.parse("g", written).toString()).isEqualTo(written);
      } catch (ScenarioSyntaxException e) {
        assertThat(e.getMessage()).matches("(?s)[fg]:.*").doesNotContain("\u0000");
        assertThat(e.getMessage()).as("seed %d round %d: %s", seed, round, text).startsWith("f:");
      } catch (RuntimeException | StackOverflowError | OutOfMemoryError e) {
        fail("seed " + seed + " round " + round + ": " + text, e);
      }
      slowest = Math.max(slowest, System.nanoTime() - begin);
    }
    assertThat(scenarios).as("seed %d: texts that are scenarios", seed).isGreaterThan(ROUNDS / 50);
    assertThat(slowest).as("seed %d: nanoseconds of the slowest", seed).isLessThan(10_000_000_000L);
  }

  /** Lines of the sample, some of them left out, doubled or changed. */
  private static String mutated(RandomGenerator random) {
    StringBuilder text = new StringBuilder();
    int changes = random.nextInt(4);
    for (String line : LINES) {
      String written = line;
      if (changes > 0 && random.nextInt(LINES.size()) < 3) {
        changes--;
        written = changed(line, random);
      }
      text.append(written).append('\n');
    }
    return text.toString();
  }

  private static String changed(String line, RandomGenerator random) {
    String with = random.nextBoolean() ? pick(ODD, random) : pick(WORDS, random);
    int at = random.nextInt(line.length() + 1);
    int end = at + random.nextInt(line.length() - at + 1);
    return switch (random.nextInt(5)) {
      case 0 -> "";
      case 1 -> line + '\n' + line;
      case 2 -> line.substring(0, at) + with + line.substring(at);
      case 3 -> line.substring(0, at) + with + line.substring(end);
      default -> line + ' ' + with;
    };
  }

  private static String assembled(RandomGenerator random) {
    StringBuilder text = new StringBuilder();
    int words = random.nextInt(40);
    for (int i = 0; i < words; i++) {
      text.append(random.nextInt(5) == 0 ? pick(ODD, random) : pick(WORDS, random));
      text.append(random.nextInt(6) == 0 ? '\n' : ' ');
    }
    return text.toString();
  }

  private static String pick(List<String> from, RandomGenerator random) {
    return from.get(random.nextInt(from.size()));
  }
}
