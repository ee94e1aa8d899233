package org.jfutex.cli.run;

import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jfutex.cli.run.ServedCall.Disposition;
import org.jfutex.linux.Operation;
import org.jspecify.annotations.Nullable;

/** Calls counted by operation and result. Used under the lock of {@link RunReport}. */
final class OperationTable {
  /** The most negative errno of Linux (MAX_ERRNO, include/linux/err.h), and so the most errors. */
  private static final int MAX_ERRNO = 4_095;

  private final Map<Operation, Row> rows = new EnumMap<>(Operation.class);

  /** All calls that ask for no operation. */
  private final Row unknown = new Row(null);

  void add(ServedCall call) {
    Operation operation = call.operation();
    Row row = operation == null ? unknown : rows.computeIfAbsent(operation, Row::new);
    row.add(call);
  }

  List<RunSummary.OperationLine> lines() {
    return Stream.concat(rows.values().stream(), Stream.of(unknown))
        .map(Row::line)
        .filter(line -> line.calls() > 0)
        .toList();
  }

  private static final class Row {
    private final @Nullable Operation operation;
    private final Map<Disposition, Long> byDisposition = new EnumMap<>(Disposition.class);
    private final Map<Integer, Long> errors = new TreeMap<>();
    private long zero;
    private long positive;
    private long sum;

    Row(@Nullable Operation operation) {
      this.operation = operation;
    }

    void add(ServedCall call) {
      byDisposition.merge(call.disposition(), 1L, Long::sum);
      if (call.disposition() != Disposition.SERVED) {
        return;
      }
      long result = call.result();
      if (result < 0) {
        errors.merge((int) Math.min(-result, MAX_ERRNO), 1L, Long::sum);
      } else if (result == 0) {
        zero++;
      } else {
        positive++;
        sum += result;
      }
    }

    RunSummary.OperationLine line() {
      Map<String, Long> named = new LinkedHashMap<>();
      errors.forEach((number, count) -> named.put(CallText.errno(-number), count));
      return new RunSummary.OperationLine(
          CallText.name(operation),
          CallText.isWait(operation),
          byDisposition.values().stream().mapToLong(Long::longValue).sum(),
          count(Disposition.SERVED),
          count(Disposition.PASSED),
          count(Disposition.REFUSED),
          count(Disposition.UNSERVED),
          zero,
          positive,
          sum,
          named);
    }

    private long count(Disposition disposition) {
      return byDisposition.getOrDefault(disposition, 0L);
    }
  }
}
