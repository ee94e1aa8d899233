package org.jfutex.cli.play;

import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jfutex.cli.machine.Machine;
import org.jfutex.cli.play.Played.Ended;
import org.jfutex.cli.play.Played.Failure;
import org.jfutex.cli.play.Played.Outcome;
import org.jfutex.cli.play.Played.Value;
import org.jfutex.cli.play.Scenario.Step;
import org.jfutex.time.ClockId;
import org.jfutex.time.Ticker;
import org.jspecify.annotations.Nullable;

/**
 * Plays one scenario on one machine, step by step, up to the first statement that does not hold.
 * Whenever a step has been made, every thread is waited for until it has returned or sleeps, so the
 * next step meets a machine at rest. A thread that sleeps in a call without a time can only be
 * ended by a later step; hence a statement that waits for it fails at once and not at the limit.
 */
public final class Player {
  /** Is told how it goes, by the thread that plays. */
  @FunctionalInterface
  public interface Listener {
    /**
     * A step is about to be made.
     *
     * @param step the step
     */
    default void begins(Step step) {}

    /**
     * A step was made.
     *
     * @param outcome what it gave
     */
    void gave(Outcome outcome);
  }

  /**
   * How to play.
   *
   * @param limit how long a scenario may take as a whole
   * @param ticker the clocks for the limit and for deadlines
   * @param listener told of every step
   */
  public record Settings(Duration limit, Ticker ticker, Listener listener) {
    /**
     * Plays with the system's clocks and tells nobody.
     *
     * @param limit how long a scenario may take as a whole
     * @return the settings
     */
    public static Settings of(Duration limit) {
      return new Settings(limit, Ticker.system(), _ -> {});
    }
  }

  private final Scenario scenario;
  private final Settings settings;
  private final Stage stage;
  private final Steps steps;
  private final List<Outcome> outcomes = new ArrayList<>();

  private Player(Scenario scenario, Machine machine, Settings settings, long begin) {
    this.scenario = scenario;
    this.settings = settings;
    Map<Scenario.Op, Action> actions = actionsOf(scenario.steps());
    this.stage = new Stage(scenario, Layout.of("", scenario, actions), machine);
    this.steps = new Steps(stage, actions, settings, begin + settings.limit().toNanos());
  }

  private static Map<Scenario.Op, Action> actionsOf(List<Step> steps) {
    Map<Scenario.Op, Action> actions = new HashMap<>();
    for (Step step : steps) {
      if (step instanceof Scenario.Call call) {
        actions.computeIfAbsent(call.op(), OpParser::parse);
      } else if (step instanceof Scenario.Repeat repeat) {
        actions.putAll(actionsOf(repeat.steps()));
      } else if (step instanceof Scenario.Race race) {
        actions.putAll(actionsOf(race.steps()));
      }
    }
    return actions;
  }

  /**
   * Plays a scenario. The machine must be fresh and is not closed.
   *
   * @param scenario what to play; {@link Requirements} tells whether the machine can
   * @param machine where
   * @param settings how
   * @return what came of it
   */
  public static Played play(Scenario scenario, Machine machine, Settings settings) {
    long begin = settings.ticker().nanos(ClockId.MONOTONIC);
    Player player;
    try {
      player = new Player(scenario, machine, settings, begin);
    } catch (IllegalArgumentException
        | IllegalStateException
        | UnsupportedOperationException
        | UncheckedIOException e) {
      Failure failure = new Failure(0, "the declarations", "them to be set up", refused(e));
      long nanos = settings.ticker().nanos(ClockId.MONOTONIC) - begin;
      return Played.failed(failure, nanos);
    }
    return player.play(begin);
  }

  private Played play(long begin) {
    Failure failure = playAll(scenario.steps());
    Map<String, Value> words = failure == null ? words() : Map.of();
    Map<String, Ended> threads = new LinkedHashMap<>();
    if (failure == null) {
      stage.actors().forEach(actor -> threads.put(actor.name(), actor.ended()));
    }
    long nanos = settings.ticker().nanos(ClockId.MONOTONIC) - begin;
    return new Played(outcomes, failure, words, threads, nanos);
  }

  private Map<String, Value> words() {
    Map<String, Value> words = new LinkedHashMap<>();
    stage.memory().names().forEach(name -> words.put(name, word(new Place(name, 0))));
    return words;
  }

  private Value word(Place place) {
    try {
      return stage.value(stage.memory().read(place), stage.memory().bits(place));
    } catch (IllegalArgumentException _) {
      return Value.plain("unmapped");
    }
  }

  /** What is to be said of a machine that cannot do something. */
  static String refused(RuntimeException e) {
    return "a machine that refused: " + (e.getMessage() == null ? e.toString() : e.getMessage());
  }

  /** Plays steps up to the first that fails, which is returned. */
  private @Nullable Failure playAll(List<Step> steps) {
    for (Step step : steps) {
      Failure failure = step instanceof Scenario.Repeat repeat ? playRepeat(repeat) : playOne(step);
      if (failure != null) {
        return failure;
      }
    }
    return null;
  }

  private @Nullable Failure playRepeat(Scenario.Repeat repeat) {
    for (int round = 1; round <= repeat.times(); round++) {
      Failure failure = playAll(repeat.steps());
      if (failure != null) {
        String when = " (round " + round + " of " + repeat.times() + ")";
        return new Failure(
            failure.line(), failure.statement(), failure.expected(), failure.got() + when);
      }
    }
    return null;
  }

  private @Nullable Failure playOne(Step step) {
    settings.listener().begins(step);
    try {
      Value got = steps.play(step);
      note(new Outcome(step, got, steps.isTimed(step), returnedMeanwhile(step)));
      return null;
    } catch (Steps.Failed e) {
      return new Failure(step.line(), step.toString(), e.expected(), e.got());
    } catch (IllegalArgumentException
        | IllegalStateException
        | UnsupportedOperationException
        | UncheckedIOException e) {
      return new Failure(step.line(), step.toString(), "it to be possible", refused(e));
    }
  }

  /** Calls that have ended since the step before, other than the step's own. */
  private Map<String, Ended> returnedMeanwhile(Step step) {
    Map<String, Ended> returned = new LinkedHashMap<>();
    for (Actor actor : stage.actors()) {
      if (actor.takeFresh() && !actor.name().equals(Steps.ownThread(step))) {
        returned.put(actor.name(), actor.ended());
      }
    }
    return returned;
  }

  private void note(Outcome outcome) {
    settings.listener().gave(outcome);
    if (outcomes.size() < Played.MAX_OUTCOMES) {
      outcomes.add(outcome);
    }
  }
}
