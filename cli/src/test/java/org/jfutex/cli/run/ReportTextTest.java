package org.jfutex.cli.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jfutex.cli.run.ServedCall.Disposition;
import org.junit.jupiter.api.Test;

/** What a person and what a program get to read, whole. */
class ReportTextTest {
  private final RunReport report = new RunReport();

  private String text() {
    return ReportText.render(report.summary(ReportText.TOP_WORDS));
  }

  private String json() throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ReportJson.write(report.summary(ReportJson.TOP_WORDS), out);
    return out.toString(StandardCharsets.UTF_8);
  }

  private void smallRun() {
    report.processSeen(1234, "sh", false);
    report.processSeen(1234, "python3", false);
    report.threadSeen(1234, 1234);
    report.threadSeen(1234, 1240);
    report.processSeen(1300, "old \"game\"", true);
    report.served(Calls.slept(0x7f0012345678L, 1_300_000, 1241));
    report.served(Calls.slept(0x7f0012345678L, 2_000_000_000, 1241));
    report.served(Calls.result(Calls.slept(0x7f0012340000L, 50_100_000, 0), -110));
    report.served(Calls.result(Calls.futex(Calls.PRIVATE, 2), -11));
    report.served(Calls.result(Calls.futex(1, 9), 3));
    report.served(Calls.futex(1, 9));
    report.served(Calls.by(Calls.futex(6), Disposition.PASSED));
    ServedCall requeue = Calls.futex(3, 1, 2, 0x7f0012340000L);
    for (int i = 0; i < 2; i++) {
      report.served(
          Calls.by(requeue, Disposition.REFUSED, "syscall+0x1d (libc.so.6)", "? main+0x8 (a.out)"));
    }
  }

  @Test
  void textShowsEverySectionThatHasSomething() {
    smallRun();
    assertThat(text())
        .isEqualTo(
            """
            jfutex: 2 processes, 2 threads, 9 futex calls

            Processes
                 1234  2 threads   sh -> python3

            Not served: 32-bit processes, whose calls went to the kernel
                 1300  0 threads   old "game"

            Calls                          number  results
              FUTEX_WAIT                        4  woken 2, EAGAIN 1, ETIMEDOUT 1
              FUTEX_WAKE                        2  3 waiters in 1, nobody 1
              FUTEX_REQUEUE                     2  refused 2
              FUTEX_LOCK_PI                     1  passed to the kernel 1

            Words waited on most                 waits      total    longest  woken most by
              0x7f0012345678 in 1234                 2     2.00 s     2.00 s  1241 (2 of 2)
              0x7f0012340000 in 1234                 1    50.1 ms    50.1 ms  -

            Refused or unknown
              [1234/1240] FUTEX_REQUEUE(0x7f0012345678, 1, 2, 0x7f0012340000)
                  = -1 ENOSYS <refused by --without>
                  syscall+0x1d (libc.so.6)
                  ? main+0x8 (a.out)
                  and 1 more of the same
            """);
  }

  @Test
  void jsonHasTheDocumentedFields() throws IOException {
    smallRun();
    assertThat(json().replaceAll("\\s+", " ").strip())
        .isEqualTo(
            """
            { "format" : 1, "processes" : 2, "threads" : 2, "calls" : 9,
             "processList" : [ { "tgid" : 1234, "names" : [ "sh", "python3" ], "threads" : 2,
             "served" : true },
             { "tgid" : 1300, "names" : [ "old \\"game\\"" ], "threads" : 0, "served" : false } ],
             "operations" : [ { "operation" : "FUTEX_WAIT", "calls" : 4, "served" : 4,
             "passed" : 0, "refused" : 0,
             "unserved" : 0, "zero" : 2, "positive" : 0, "sum" : 0, "errors" : { "EAGAIN" : 1,
             "ETIMEDOUT" : 1 } },
             { "operation" : "FUTEX_WAKE", "calls" : 2, "served" : 2, "passed" : 0, "refused" : 0,
             "unserved" : 0, "zero" : 1, "positive" : 1, "sum" : 3, "errors" : { } },
             { "operation" : "FUTEX_REQUEUE", "calls" : 2, "served" : 0, "passed" : 0,
             "refused" : 2,
             "unserved" : 0, "zero" : 0, "positive" : 0, "sum" : 0, "errors" : { } },
             { "operation" : "FUTEX_LOCK_PI", "calls" : 1, "served" : 0, "passed" : 1,
             "refused" : 0,
             "unserved" : 0, "zero" : 0, "positive" : 0, "sum" : 0, "errors" : { } } ],
             "words" : [ { "word" : "0x7f0012345678", "tgid" : 1234, "waits" : 2,
             "totalNanos" : 2001300000,
             "longestNanos" : 2000000000, "woken" : 2, "waker" : 1241, "wakerWakes" : 2 },
             { "word" : "0x7f0012340000", "tgid" : 1234, "waits" : 1, "totalNanos" : 50100000,
             "longestNanos" : 50100000, "woken" : 0, "waker" : 0, "wakerWakes" : 0 } ],
             "missing" : [ { "tgid" : 1234, "tid" : 1240, "nr" : 202, "operation" : "FUTEX_REQUEUE",
             "call" : "FUTEX_REQUEUE(0x7f0012345678, 1, 2, 0x7f0012340000)",
             "args" : [ "0x7f0012345678", "0x3", "0x1", "0x2", "0x7f0012340000", "0x0" ],
             "disposition" : "refused", "result" : 0,
             "stack" : [ "syscall+0x1d (libc.so.6)", "? main+0x8 (a.out)" ], "count" : 2 } ],
             "otherMissing" : 0, "asleep" : [ ] }
            """
                .replaceAll("\\s+", " ")
                .strip());
  }

  @Test
  void whoSleepsIsShownLongestFirstWithItsStack() throws IOException {
    report.processSeen(1234, "a.out", false);
    ServedCall shorter = Calls.slept(0x1000, 1_300_000, 0);
    ServedCall longer =
        Calls.by(Calls.slept(0x2000, 2_000_000_000, 0), Disposition.SERVED, "? main+0x8 (a.out)");
    RunSummary summary = report.summary(ReportText.TOP_WORDS).withAsleep(List.of(shorter, longer));
    assertThat(ReportText.render(summary))
        .isEqualTo(
            """
            jfutex: 1 process, 0 threads, 0 futex calls

            Processes
                 1234  0 threads   a.out

            Asleep now: 2 threads
              [1234/1240] FUTEX_WAIT_PRIVATE(0x2000, 2, NULL) for 2.00 s
                  ? main+0x8 (a.out)
              [1234/1240] FUTEX_WAIT_PRIVATE(0x1000, 2, NULL) for 1.30 ms
            """);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ReportJson.write(summary, out);
    assertThat(out.toString(StandardCharsets.UTF_8).replaceAll("\\s+", " "))
        .contains(
            "\"asleep\" : [ { \"tgid\" : 1234, \"tid\" : 1240, \"operation\" : \"FUTEX_WAIT\", "
                + "\"call\" : \"FUTEX_WAIT_PRIVATE(0x2000, 2, NULL)\", \"nanos\" : 2000000000, "
                + "\"stack\" : [ \"? main+0x8 (a.out)\" ] }");
  }

  @Test
  void programWithoutFutexCallsGetsOneLine() {
    report.processSeen(1, "true", false);
    assertThat(text()).isEqualTo("jfutex: the program made no futex call\n");
  }

  @Test
  void unservedProcessIsNamedEvenWithoutACall() {
    report.processSeen(5, "wine", true);
    assertThat(text())
        .isEqualTo(
            """
            jfutex: 1 process, 0 threads, 0 futex calls

            Not served: 32-bit processes, whose calls went to the kernel
                    5  0 threads   wine
            """);
  }

  @Test
  void whatDoesNotFitIsCounted() throws IOException {
    for (int i = 1; i <= 30; i++) {
      report.processSeen(i, "p", false);
      report.served(Calls.slept(0x1000 + i, 10 + i, 9));
    }
    for (int op = 0; op <= MissingTable.MAX_KINDS; op++) {
      report.served(Calls.result(Calls.futex(0x1000 + op), -38));
    }
    assertThat(text())
        .contains("\n  and 18 more\n")
        .contains("  and 20 more words                     20     410 ns      30 ns\n")
        .endsWith("\n  and 1 other call\n");
    assertThat(json()).contains("\"otherMissing\" : 1");
  }

  @Test
  void longRowsWrapUnderTheirFirstResult() {
    for (int error = 1; error < 40; error++) {
      report.served(Calls.result(Calls.futex(1, 1), -error));
    }
    String[] lines = text().lines().toArray(String[]::new);
    assertThat(lines).allMatch(line -> line.length() <= 100);
    int start = lines[3].indexOf("EPERM");
    assertThat(lines[4].substring(0, start)).isBlank();
    assertThat(lines[4].charAt(start)).isNotEqualTo(' ');
    assertThat(text()).contains("errno 39 1\n");
  }
}
