package org.jfutex.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import org.jfutex.bench.frame.CLibrary;
import org.jfutex.bench.frame.Rounds;

/**
 * What figures depend on besides the code.
 *
 * @param facts their names and what they are, in the order to be shown
 */
record Environment(SequencedMap<String, String> facts) {
  private static final String UNKNOWN = "not readable";

  /**
   * Looks at this machine.
   *
   * @param root the root of the file system
   * @param flags the flags of the JVMs that measure
   * @param library the peers in C
   * @param rounds how long a case is measured
   */
  static Environment read(Path root, List<String> flags, CLibrary library, Rounds rounds) {
    SequencedMap<String, String> facts = new LinkedHashMap<>();
    facts.put("date", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
    facts.put("processor", processor(root));
    facts.put(
        "governor", text(root.resolve("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")));
    facts.put("system", System.getProperty("os.name") + " " + System.getProperty("os.version"));
    // what decides how much a system call costs, and what is cold after one
    facts.put("meltdown", text(root.resolve("sys/devices/system/cpu/vulnerabilities/meltdown")));
    facts.put("load", text(root.resolve("proc/loadavg")));
    facts.put("JDK", System.getProperty("java.vm.name") + " " + Runtime.version());
    facts.put("flags", String.join(" ", flags));
    facts.put("C", library.text());
    facts.put("measured", rounds + ", each case in a JVM of its own");
    return new Environment(facts);
  }

  private static String processor(Path root) {
    String model = UNKNOWN;
    for (String line : text(root.resolve("proc/cpuinfo")).lines().toList()) {
      if (line.startsWith("model name")) {
        model = line.substring(line.indexOf(':') + 1).strip();
        break;
      }
    }
    return model + ", " + Runtime.getRuntime().availableProcessors() + " in use";
  }

  private static String text(Path file) {
    try {
      return Files.readString(file).strip();
    } catch (IOException e) {
      return UNKNOWN;
    }
  }
}
