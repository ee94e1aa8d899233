package org.jfutex.bench;

import java.io.IOException;
import java.util.function.IntConsumer;
import org.jfutex.bench.frame.Area;
import org.jfutex.bench.frame.Samples;

/** Measures a case somewhere. */
@FunctionalInterface
interface CaseRunner {
  /**
   * Measures a case.
   *
   * @param area its area
   * @param index its place in the area
   * @param progress told the number of each round that has ended, from 1
   * @return what was measured
   * @throws IOException if that failed
   */
  Samples run(Area area, int index, IntConsumer progress) throws IOException;
}
