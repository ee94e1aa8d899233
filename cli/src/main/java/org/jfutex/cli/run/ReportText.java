package org.jfutex.cli.run;

import static org.jfutex.cli.run.HumanText.count;
import static org.jfutex.cli.run.HumanText.duration;

import com.google.errorprone.annotations.FormatMethod;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Prints a {@link RunSummary} for a person, at most about 100 columns wide. */
final class ReportText {
  /** How many words a person wants to see. */
  static final int TOP_WORDS = 10;

  /** How many sleepers a person wants to see, with their stacks. */
  static final int MAX_ASLEEP = 20;

  private static final int MAX_PROCESSES = 12;
  private static final int COLUMNS = 98;

  private final StringBuilder out = new StringBuilder();

  private ReportText() {}

  /**
   * The report.
   *
   * @param run what was done
   * @return lines, each ended by a newline
   */
  static String render(RunSummary run) {
    ReportText text = new ReportText();
    boolean silent = run.calls() == 0 && run.asleep().isEmpty();
    boolean unserved = run.listed().stream().anyMatch(RunSummary.ProcessLine::unserved32);
    if (silent && !unserved) {
      return "jfutex: the program made no futex call\n";
    }
    text.line(
        "jfutex: %s, %s, %s",
        count(run.processes(), "process", "processes"),
        count(run.threads(), "thread", "threads"),
        count(run.calls(), "futex call", "futex calls"));
    text.processes(run);
    text.operations(run.operations());
    text.words(run);
    text.asleep(run.asleep());
    text.missing(run);
    return text.out.toString();
  }

  @FormatMethod
  private void line(String format, Object... arguments) {
    out.append(String.format(Locale.ROOT, format, arguments).stripTrailing()).append('\n');
  }

  @FormatMethod
  private void heading(String format, Object... arguments) {
    out.append('\n');
    line(format, arguments);
  }

  /** Unserved processes always, for somebody must look at them; of the others the first few. */
  private void processes(RunSummary run) {
    List<RunSummary.ProcessLine> unserved =
        run.listed().stream().filter(RunSummary.ProcessLine::unserved32).toList();
    List<RunSummary.ProcessLine> served =
        run.listed().stream().filter(process -> !process.unserved32()).toList();
    if (!served.isEmpty()) {
      heading("Processes");
      served.stream().limit(MAX_PROCESSES).forEach(this::process);
      long more = run.processes() - unserved.size() - Math.min(MAX_PROCESSES, served.size());
      if (more > 0) {
        line("  and %s more", count(more));
      }
    }
    if (!unserved.isEmpty()) {
      heading("Not served: 32-bit processes, whose calls went to the kernel");
      unserved.stream().limit(MAX_PROCESSES).forEach(this::process);
      if (unserved.size() > MAX_PROCESSES) {
        line("  and %s more", count(unserved.size() - MAX_PROCESSES));
      }
    }
  }

  private void process(RunSummary.ProcessLine process) {
    line(
        "  %7d  %-10s  %s",
        process.tgid(),
        count(process.threads(), "thread", "threads"),
        String.join(" -> ", process.names()));
  }

  private void operations(List<RunSummary.OperationLine> operations) {
    if (operations.isEmpty()) {
      return;
    }
    heading("%-24s %12s  %s", "Calls", "number", "results");
    for (RunSummary.OperationLine operation : operations) {
      String start =
          String.format(Locale.ROOT, "  %-22s %12s  ", operation.name(), count(operation.calls()));
      wrapped(start, results(operation));
    }
  }

  /** Parts after a start, separated by commas, wrapped under the first. */
  private void wrapped(String start, List<String> parts) {
    StringBuilder row = new StringBuilder(start);
    boolean first = true;
    for (String part : parts) {
      if (!first) {
        row.append(',');
        if (row.length() + 1 + part.length() > COLUMNS) {
          line("%s", row);
          row.setLength(0);
          row.append(" ".repeat(start.length() - 1));
        }
        row.append(' ');
      }
      row.append(part);
      first = false;
    }
    line("%s", row);
  }

  private static List<String> results(RunSummary.OperationLine operation) {
    List<String> parts = new ArrayList<>();
    if (operation.sleeps()) {
      add(parts, "woken", operation.zero() + operation.positive());
    } else {
      if (operation.positive() > 0) {
        parts.add(
            String.format(
                Locale.ROOT, "%s in %s", waiters(operation.sum()), count(operation.positive())));
      }
      add(parts, "nobody", operation.zero());
    }
    operation.errors().forEach((error, times) -> add(parts, error, times));
    add(parts, "passed to the kernel", operation.passed());
    add(parts, "refused", operation.refused());
    add(parts, "not served", operation.unserved());
    return parts;
  }

  private static String waiters(long sum) {
    return count(sum, "waiter", "waiters");
  }

  private static void add(List<String> parts, String what, long times) {
    if (times > 0) {
      parts.add(what + " " + count(times));
    }
  }

  private void words(RunSummary run) {
    if (run.words().isEmpty()) {
      return;
    }
    heading(
        "%-32s %9s %10s %10s  %s",
        "Words waited on most", "waits", "total", "longest", "woken most by");
    for (RunSummary.WordLine word : run.words()) {
      String waker =
          word.waker() == 0
              ? "-"
              : word.waker() + " (" + count(word.wakerWakes()) + " of " + count(word.woken()) + ")";
      word(
          word.word() + " in " + word.tgid(),
          word.waits(),
          word.totalNanos(),
          word.longestNanos(),
          waker);
    }
    RunSummary.OtherWords others = run.otherWords();
    if (others != null) {
      word(
          "and " + count(others.words(), "more word", "more words"),
          others.waits(),
          others.totalNanos(),
          others.longestNanos(),
          "");
    }
  }

  private void word(String label, long waits, long totalNanos, long longestNanos, String waker) {
    line(
        "  %-30s %9s %10s %10s  %s",
        label, count(waits), duration(totalNanos), duration(longestNanos), waker);
  }

  private void asleep(List<ServedCall> asleep) {
    if (asleep.isEmpty()) {
      return;
    }
    heading("Asleep now: %s", count(asleep.size(), "thread", "threads"));
    for (ServedCall call : asleep.subList(0, Math.min(MAX_ASLEEP, asleep.size()))) {
      line(
          "  [%d/%d] %s for %s",
          call.tgid(), call.tid(), CallText.call(call), duration(call.tookNanos()));
      call.stack().forEach(frame -> line("      %s", frame));
    }
    if (asleep.size() > MAX_ASLEEP) {
      line("  and %s more", count(asleep.size() - MAX_ASLEEP));
    }
  }

  private void missing(RunSummary run) {
    if (run.missing().isEmpty()) {
      return;
    }
    heading("Refused or unknown");
    for (RunSummary.MissingLine missing : run.missing()) {
      ServedCall call = missing.first();
      String start =
          String.format(Locale.ROOT, "  [%d/%d] %s", call.tgid(), call.tid(), CallText.call(call));
      String result = " = " + CallText.result(call);
      boolean fits = start.length() + result.length() <= COLUMNS;
      line("%s%s%s", start, fits ? "" : "\n     ", result);
      call.stack().forEach(frame -> line("      %s", frame));
      if (missing.count() > 1) {
        line("      and %s more of the same", count(missing.count() - 1));
      }
    }
    if (run.otherMissing() > 0) {
      line("  and %s", count(run.otherMissing(), "other call", "other calls"));
    }
  }
}
