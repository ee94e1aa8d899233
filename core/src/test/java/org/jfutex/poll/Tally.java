package org.jfutex.poll;

import java.util.concurrent.atomic.AtomicLong;

/** A counter as eventfd(2) has one: IN while above zero, always OUT; each change is an edge. */
final class Tally implements Pollable {
  private final AtomicLong count = new AtomicLong();
  private final Pollee pollee;
  private final String name;

  Tally(String name, Discipline discipline) {
    this.name = name;
    pollee = new Pollee(discipline, () -> count.get() > 0 ? Events.IN | Events.OUT : Events.OUT);
  }

  Tally() {
    this("tally", Discipline.HYBRID);
  }

  void add() {
    count.incrementAndGet();
    pollee.notifyEvents(Events.IN);
  }

  /** Takes all there is; 0 if there is nothing. */
  long take() {
    long taken = count.getAndSet(0);
    if (taken != 0) {
      pollee.notifyEvents(Events.OUT);
    }
    return taken;
  }

  /** Takes one, if there is one. */
  boolean takeOne() {
    long before = count.getAndUpdate(now -> Math.max(now - 1, 0));
    if (before != 0) {
      pollee.notifyEvents(Events.OUT);
    }
    return before != 0;
  }

  void close() {
    pollee.close();
  }

  int observers() {
    return pollee.observers();
  }

  @Override
  public Pollee pollee() {
    return pollee;
  }

  @Override
  public String toString() {
    return name;
  }
}
