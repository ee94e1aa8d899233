package org.jfutex.io;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The chat server of the examples and its load client, which accounts for every message. */
@EnabledOnOs(OS.LINUX)
class ChatTest {
  private static final int SIZE = 1_000;

  private static void chat(int connections, String threads) throws Exception {
    Path example = Path.of(System.getProperty("jfutex.root"), "examples", "chat", "ChatLoad.java");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                example.toString(),
                String.valueOf(connections),
                "100",
                threads)
            .redirectErrorStream(true)
            .start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(out).isZero();
    assertThat(out)
        .startsWith(connections + " connections, 100 messages each way per connection")
        .contains("served " + connections * 102 + " lines") // and a room, and work, from each
        .endsWith("ok\n");
  }

  @ParameterizedTest
  @ValueSource(strings = {"one", "virtual"})
  void everyMessageArrives(String threads) throws Exception {
    chat(SIZE, threads);
  }

  @ParameterizedTest
  @ValueSource(strings = {"one", "virtual"})
  @Tag("long")
  void everyMessageOfTenThousandConnectionsArrives(String threads) throws Exception {
    chat(10 * SIZE, threads);
  }
}
