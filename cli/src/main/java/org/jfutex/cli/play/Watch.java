package org.jfutex.cli.play;

import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jfutex.cli.machine.Machine;
import org.jfutex.cli.play.Played.Failure;
import org.jfutex.cli.play.Played.Outcome;
import org.jfutex.cli.play.Scenario.Step;
import org.jfutex.time.ClockId;
import org.jfutex.time.Ticker;
import org.jspecify.annotations.Nullable;

/**
 * Plays one scenario on a fresh machine, on a thread of its own. The player keeps the limit by
 * itself, but not while the machine is in a call of the player's: if such a call does not come
 * back, the thread and its machine are left to themselves, and the step that made it has failed.
 */
final class Watch implements Player.Listener {
  /*
   * State       attempt: open -> what came of it, once: by the player's thread, or by who has
   *             waited for it in vain. step: null -> the step that was begun last. made: null ->
   *             what the player said, which leaves the machine to be closed.
   * Guards      attempt: itself. step, made: volatile, written by the player's thread.
   * Lock order  takes none.
   * Ordering    the player's thread writes step before it makes it, so who has waited in vain
   *             finds the step that blocks, or the one before.
   * Progress    who waits gives up after the limit and the grace.
   * Callbacks   the listener, on the player's thread, with no lock held; not once given up.
   * Checked by  WatchTest.
   */

  /** What the player may take beyond the limit to say by itself who sleeps where. */
  static final Duration GRACE = Duration.ofSeconds(5);

  /**
   * What came of it.
   *
   * @param skipped why it was not played; null if it was
   * @param played what came of playing it; null if it was skipped
   */
  record Attempt(@Nullable String skipped, @Nullable Played played) {
    private boolean hasFailed() {
      return played != null && played.failure() != null;
    }
  }

  private final Scenario scenario;
  private final Backend backend;
  private final Duration limit;
  private final Consumer<Outcome> listener;
  private final long begin = now();
  private final CompletableFuture<Attempt> attempt = new CompletableFuture<>();
  private volatile @Nullable Step step;
  private volatile @Nullable Attempt made;

  private Watch(Scenario scenario, Backend backend, Duration limit, Consumer<Outcome> listener) {
    this.scenario = scenario;
    this.backend = backend;
    this.limit = limit;
    this.listener = listener;
  }

  /**
   * Plays a scenario.
   *
   * @param scenario what to play
   * @param backend makes the machine
   * @param limit how long it may take
   * @param grace how much longer to wait for the player to say so
   * @param listener told of every outcome
   */
  static Attempt play(
      Scenario scenario,
      Backend backend,
      Duration limit,
      Duration grace,
      Consumer<Outcome> listener) {
    Watch watch = new Watch(scenario, backend, limit, listener);
    Thread.ofPlatform().daemon().name("jfutex-player").start(watch::run);
    return watch.await(limit.plus(grace));
  }

  private Attempt await(Duration most) {
    try {
      return attempt.get(most.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException _) {
      return giveUp();
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      return giveUp();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      throw new IllegalStateException("an error in the player", e.getCause());
    }
  }

  private Attempt giveUp() {
    boolean _ = attempt.complete(givenUp()); // unless it has just come
    return attempt.join();
  }

  private Attempt givenUp() {
    String got = "nothing within " + Literals.text(limit) + ": the machine has not come back";
    Attempt already = made;
    if (already != null) {
      return already.hasFailed() ? already : failed("the end", "the machine to close", got);
    }
    Step blocked = step;
    return blocked == null
        ? failed("the declarations", "them to be set up", got)
        : failed(new Failure(blocked.line(), blocked.toString(), "it to be possible", got));
  }

  private static long now() {
    return Ticker.system().nanos(ClockId.MONOTONIC);
  }

  private Attempt failed(String what, String expected, String got) {
    return failed(new Failure(0, what, expected, got));
  }

  private Attempt failed(Failure failure) {
    return new Attempt(null, Played.failed(failure, now() - begin));
  }

  private void run() {
    try {
      attempt.complete(openAndPlay());
    } catch (RuntimeException | Error e) {
      attempt.completeExceptionally(e);
    }
  }

  private Attempt openAndPlay() {
    Machine machine;
    try {
      machine = backend.opener().get();
    } catch (UnsupportedOperationException e) {
      return new Attempt(String.valueOf(e.getMessage()), null);
    } catch (IllegalStateException | UncheckedIOException e) {
      return failed("the declarations", "them to be set up", Player.refused(e));
    }
    @Nullable Attempt result = null;
    try (machine) {
      result = playOn(machine);
      made = result;
    } catch (IllegalStateException | UncheckedIOException e) {
      if (result == null) {
        return failed("the declarations", "them to be set up", Player.refused(e));
      }
      return result.hasFailed()
          ? result
          : failed("the end", "the machine to close", Player.refused(e));
    }
    return result;
  }

  private Attempt playOn(Machine machine) {
    String missing = Requirements.missing(scenario, machine);
    if (missing != null) {
      return new Attempt(missing, null);
    }
    Player.Settings settings = new Player.Settings(limit, Ticker.system(), this);
    return new Attempt(null, Player.play(scenario, machine, settings));
  }

  @Override
  public void begins(Step next) {
    step = next;
  }

  @Override
  public void gave(Outcome outcome) {
    if (!attempt.isDone()) {
      listener.accept(outcome);
    }
  }
}
