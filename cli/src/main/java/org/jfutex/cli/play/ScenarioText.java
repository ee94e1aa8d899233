package org.jfutex.cli.play;

import java.util.Locale;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jfutex.cli.machine.Capability;

/** Writes the declarations of a scenario in its language. */
final class ScenarioText {
  private ScenarioText() {}

  static void declarations(Scenario scenario, StringBuilder text) {
    if (!scenario.needs().isEmpty()) {
      text.append("needs ")
          .append(
              scenario.needs().stream()
                  .map(ScenarioText::name)
                  .sorted()
                  .collect(Collectors.joining(" ")))
          .append('\n');
    }
    if (!scenario.only().isEmpty()) {
      text.append("only ").append(String.join(" ", new TreeSet<>(scenario.only()))).append('\n');
    }
    scenario.regions().forEach(region -> text.append(region(region)).append('\n'));
    scenario.words().forEach(word -> text.append(word(word)).append('\n'));
    scenario.threads().forEach(thread -> text.append(thread(thread)).append('\n'));
  }

  /** The name of a capability in the language. */
  static String name(Capability capability) {
    return capability.name().toLowerCase(Locale.ROOT);
  }

  private static String region(Scenario.RegionDecl region) {
    String protection =
        switch (region.protection()) {
          case NONE -> " none";
          case READ -> " ro";
          case READ_WRITE -> "";
        };
    if (region.backing() == null) {
      return "alias " + region.name() + " of " + region.aliasOf() + protection;
    }
    return "region "
        + region.name()
        + " "
        + region.backing().name().toLowerCase(Locale.ROOT)
        + protection
        + " size="
        + region.bytes();
  }

  private static String word(Scenario.WordDecl word) {
    return (word.robust()
            ? "robust " + word.name()
            : "word " + word.name() + " u" + word.bits() + " = " + word.value())
        + " in "
        + word.region()
        + (word.offset() < 0 ? "" : " at " + word.offset());
  }

  private static String thread(Scenario.ThreadDecl thread) {
    return "thread "
        + thread.name()
        + (thread.fifo() == 0 ? "" : " fifo=" + thread.fifo())
        + (thread.process() == null ? "" : " process=" + thread.process());
  }
}
