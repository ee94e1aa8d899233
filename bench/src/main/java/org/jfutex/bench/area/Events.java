package org.jfutex.bench.area;

import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleSupplier;
import org.jfutex.bench.frame.Contender;
import org.jfutex.bench.frame.Statistics;

/** A contender that makes something happen, as often as the time allows; the median counts. */
final class Events implements Contender {
  private final DoubleSupplier event;

  /**
   * Events.
   *
   * @param event makes one happen, and tells its figure
   */
  Events(DoubleSupplier event) {
    this.event = event;
  }

  @Override
  public double measure(long sliceNanos) {
    List<Double> figures = new ArrayList<>();
    long start = System.nanoTime();
    do {
      figures.add(event.getAsDouble());
    } while (System.nanoTime() - start < sliceNanos);
    return Statistics.median(figures);
  }
}
