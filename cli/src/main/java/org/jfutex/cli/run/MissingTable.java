package org.jfutex.cli.run;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jfutex.cli.run.ServedCall.Disposition;
import org.jfutex.linux.Operation;

/** Calls that were refused or unknown. Used under the lock of {@link RunReport}. */
final class MissingTable {
  /** How many different calls are kept. */
  static final int MAX_KINDS = 100;

  private final Map<Kind, Row> rows = new LinkedHashMap<>();
  private long others;

  void add(ServedCall call) {
    Kind kind = Kind.of(call);
    Row row = rows.get(kind);
    if (row != null) {
      row.count++;
    } else if (rows.size() < MAX_KINDS) {
      rows.put(kind, new Row(call));
    } else {
      others++;
    }
  }

  List<RunSummary.MissingLine> lines() {
    return rows.values().stream()
        .map(row -> new RunSummary.MissingLine(row.first, row.count))
        .toList();
  }

  long others() {
    return others;
  }

  /** What makes two calls the same one: a loop is one line, two places in a program are two. */
  private record Kind(
      int tgid, long nr, int op, Disposition disposition, long result, List<String> stack) {
    static Kind of(ServedCall call) {
      return new Kind(
          call.tgid(),
          call.nr(),
          call.nr() == Operation.NR_FUTEX ? (int) call.args()[1] : 0,
          call.disposition(),
          call.result(),
          call.stack());
    }
  }

  private static final class Row {
    private final ServedCall first;
    private long count = 1;

    Row(ServedCall first) {
      this.first = first;
    }
  }
}
