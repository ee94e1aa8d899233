package org.jfutex.bench;

import java.io.IOException;
import org.jfutex.bench.frame.Row;

/** What is made of the rows of a run, as they come. */
interface Report extends AutoCloseable {
  /** Says what is going on. */
  void progress(String what);

  /** Takes the next row. */
  void row(Row row) throws IOException;

  /** There are no more rows. */
  void end(Totals totals) throws IOException;

  @Override
  void close() throws IOException;
}
