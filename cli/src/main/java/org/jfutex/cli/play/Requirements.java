package org.jfutex.cli.play;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jfutex.cli.machine.Capability;
import org.jfutex.cli.machine.Machine;
import org.jspecify.annotations.Nullable;

/** Tells whether a machine can play a scenario. */
public final class Requirements {
  private Requirements() {}

  /**
   * Why a scenario must be skipped on a machine: it is not for it, or needs something that is
   * missing. Priorities, processes and signals are needed by what uses them even if nothing says
   * so, and a look at a priority, which a lock may raise, needs PI.
   *
   * @param scenario the scenario
   * @param machine the machine
   * @return the reason, for people; null if the machine can
   */
  public static @Nullable String missing(Scenario scenario, Machine machine) {
    if (!isFor(scenario, machine.name())) {
      return "only for " + String.join(" ", scenario.only());
    }
    Set<Capability> needs = EnumSet.noneOf(Capability.class);
    needs.addAll(scenario.needs());
    addImplied(scenario, needs);
    for (Capability capability : needs) {
      String reason = machine.lacks(capability);
      if (reason != null) {
        return "needs " + ScenarioText.name(capability) + ": " + reason;
      }
    }
    return null;
  }

  /**
   * Whether a scenario is for a backend at all.
   *
   * @param scenario the scenario
   * @param backend the backend's name
   * @return false if {@code only} names others
   */
  public static boolean isFor(Scenario scenario, String backend) {
    return scenario.only().isEmpty() || scenario.only().contains(backend);
  }

  private static void addImplied(Scenario scenario, Set<Capability> needs) {
    for (Scenario.ThreadDecl thread : scenario.threads()) {
      if (thread.fifo() > 0) {
        needs.add(Capability.RT);
      }
      if (thread.process() != null) {
        needs.add(Capability.PROCESSES);
      }
    }
    if (has(Scenario.Signal.class, scenario.steps())) {
      needs.add(Capability.SIGNALS);
    }
    if (has(Scenario.Priority.class, scenario.steps())) {
      needs.add(Capability.RT);
      needs.add(Capability.PI);
    }
  }

  private static boolean has(Class<? extends Scenario.Step> kind, List<Scenario.Step> steps) {
    return steps.stream()
        .anyMatch(
            step ->
                kind.isInstance(step)
                    || (step instanceof Scenario.Repeat repeat && has(kind, repeat.steps()))
                    || (step instanceof Scenario.Race race && has(kind, race.steps())));
  }
}
