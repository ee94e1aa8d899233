package org.jfutex.io;

import java.util.concurrent.CompletionStage;
import org.jfutex.poll.Discipline;
import org.jfutex.poll.Events;
import org.jfutex.poll.Pollable;
import org.jfutex.poll.Pollee;

/**
 * The completion of a future, to be waited for together with other things: IN once it is complete,
 * and ERR too if that is with an exception or by a cancellation. For ever.
 *
 * <p>The future refers to it until then: make one for each future, and keep it.
 */
public final class FutureSource implements Pollable {
  /*
   * State       events: 0, once IN or IN and ERR.
   * Guards      volatile; written once, by who completes the future.
   * Lock order  none.
   * Ordering    events, then the pollee's.
   * Progress    as the pollee's.
   * Callbacks   the pollee's observers, by who completes the future.
   * Checked by  SourcesTest.
   */
  private final Pollee pollee;
  private volatile int events;

  /**
   * The completion of a future, {@link Discipline#HYBRID}.
   *
   * @param future the future, complete or not
   */
  public FutureSource(CompletionStage<?> future) {
    this(future, Discipline.HYBRID);
  }

  /**
   * The completion of a future.
   *
   * @param future the future, complete or not
   * @param discipline what it keeps of its readiness
   */
  public FutureSource(CompletionStage<?> future, Discipline discipline) {
    pollee = new Pollee(discipline, () -> events);
    var _ = future.whenComplete((_, failure) -> complete(failure != null));
  }

  private void complete(boolean hasFailed) {
    events = hasFailed ? Events.IN | Events.ERR : Events.IN;
    pollee.notifyEveryone(events);
  }

  @Override
  public Pollee pollee() {
    return pollee;
  }
}
