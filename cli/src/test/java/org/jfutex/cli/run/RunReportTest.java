package org.jfutex.cli.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jfutex.cli.run.ServedCall.Disposition;
import org.jfutex.linux.Operation;
import org.jfutex.word.Key;
import org.junit.jupiter.api.Test;

class RunReportTest {
  private final RunReport report = new RunReport();

  @Test
  void processKeepsItsNamesAndThreads() {
    report.processSeen(1, "sh", false);
    report.processSeen(1, "python3", false);
    report.processSeen(1, "python3", false);
    report.threadSeen(1, 1);
    report.threadSeen(1, 2);
    report.processSeen(7, "old\u001b]", true);
    RunSummary run = report.summary(1);
    assertThat(run.listed())
        .containsExactly(
            new RunSummary.ProcessLine(1, List.of("sh", "python3"), 2, false),
            new RunSummary.ProcessLine(7, List.of("old?]"), 0, true));
    assertThat(run.processes()).isEqualTo(2);
    assertThat(run.threads()).isEqualTo(2);
  }

  @Test
  void processesBeyondTheBoundAreCountedOnce() {
    int all = ProcessTable.MAX_LISTED + 500;
    for (int round = 0; round < 2; round++) {
      for (int tgid = 1; tgid <= all; tgid++) {
        report.processSeen(tgid, "name" + round, false);
      }
    }
    report.threadSeen(all, all);
    RunSummary run = report.summary(1);
    assertThat(run.processes()).isEqualTo(all);
    assertThat(run.listed()).hasSize(ProcessTable.MAX_LISTED);
    assertThat(run.threads()).isEqualTo(1);
  }

  @Test
  void processThatRunsManyProgramsKeepsTheFirstNamesAndTheLast() {
    for (int i = 0; i < ProcessTable.MAX_NAMES + 5; i++) {
      report.processSeen(1, "p" + i, false);
    }
    assertThat(report.summary(1).listed().getFirst().names())
        .hasSize(ProcessTable.MAX_NAMES)
        .startsWith("p0", "p1")
        .endsWith("p" + (ProcessTable.MAX_NAMES + 4));
  }

  @Test
  void callsAreCountedByOperationResultAndAnswerer() {
    ServedCall wake = Calls.futex(1, 9);
    report.served(Calls.result(wake, 3));
    report.served(Calls.result(wake, 4));
    report.served(wake);
    report.served(Calls.result(wake, -14));
    report.served(Calls.by(wake, Disposition.REFUSED));
    report.served(Calls.by(wake, Disposition.UNSERVED));
    report.served(Calls.by(Calls.futex(6), Disposition.PASSED));
    report.served(Calls.result(Calls.futex(77), -38));
    report.served(Calls.result(Calls.futex(78), Long.MIN_VALUE));
    List<RunSummary.OperationLine> lines = report.summary(1).operations();
    assertThat(lines)
        .extracting(RunSummary.OperationLine::name)
        .containsExactly("FUTEX_WAKE", "FUTEX_LOCK_PI", "unknown");
    RunSummary.OperationLine line = lines.getFirst();
    assertThat(line)
        .isEqualTo(
            new RunSummary.OperationLine(
                "FUTEX_WAKE", false, 6, 4, 0, 1, 1, 1, 2, 7, java.util.Map.of("EFAULT", 1L)));
    assertThat(lines.get(1).passed()).isEqualTo(1);
    assertThat(lines.get(1).zero()).isZero();
    assertThat(lines.getLast().errors()).containsEntry("ENOSYS", 1L).hasSize(2);
  }

  @Test
  void wordsAreRankedByTheTimeSleptOnThem() {
    report.served(Calls.slept(0x10, 500, 7));
    report.served(Calls.slept(0x20, 300, 8));
    report.served(Calls.slept(0x20, 400, 9));
    report.served(Calls.slept(0x20, 1, 9));
    report.served(Calls.slept(0x30, 2, 0));
    report.served(Calls.result(Calls.slept(0x10, 5_000, 0), -11)); // did not sleep
    RunSummary run = report.summary(2);
    assertThat(run.words())
        .containsExactly(
            new RunSummary.WordLine("0x20", Calls.TGID, 3, 701, 400, 3, 9, 2),
            new RunSummary.WordLine("0x10", Calls.TGID, 1, 500, 500, 1, 7, 1));
    assertThat(run.otherWords()).isEqualTo(new RunSummary.OtherWords(1, 1, 2, 2));
    assertThat(report.summary(3).otherWords()).isNull();
  }

  @Test
  void vectorWaitCountsForEachOfItsWords() {
    Key key = Key.address(0x40);
    ServedCall waitv = Calls.call(Operation.NR_FUTEX_WAITV, 0x9000, 2);
    report.served(
        new ServedCall(
            0,
            10,
            1,
            1,
            waitv.nr(),
            waitv.args(),
            waitv.operation(),
            List.of(key, Key.address(0x50)),
            1,
            Disposition.SERVED,
            3,
            List.of()));
    assertThat(report.summary(5).words())
        .extracting(RunSummary.WordLine::word)
        .containsExactly(key.toString(), "0x50");
  }

  @Test
  void wordsBeyondTheBoundAreFoldedAndTheLongestStay() {
    int all = 3 * WordTable.MAX_WORDS;
    long total = 0;
    for (int i = 0; i < all; i++) {
      // the words that matter come at any time
      long nanos = i % 1_000 == 0 ? 1_000_000 + i : 1;
      total += nanos;
      report.served(Calls.slept(0x1000 + 8L * i, nanos, i + 1));
    }
    int top = all / 1_000;
    RunSummary run = report.summary(top);
    assertThat(run.words()).hasSize(top).allMatch(word -> word.totalNanos() >= 1_000_000);
    RunSummary.OtherWords others = run.otherWords();
    assertThat(others).isNotNull();
    assertThat(others.words()).isEqualTo(all - top);
    assertThat(others.waits()).isEqualTo(all - top);
    long named = run.words().stream().mapToLong(RunSummary.WordLine::totalNanos).sum();
    assertThat(named + others.totalNanos()).isEqualTo(total);
    assertThat(report.summary(Integer.MAX_VALUE).words().size())
        .isLessThanOrEqualTo(WordTable.MAX_WORDS);
  }

  @Test
  void wakersBeyondTheBoundAreCountedButNotNamed() {
    for (int waker = 1; waker <= 10 * WordTable.MAX_WAKERS; waker++) {
      report.served(Calls.slept(0x10, 1, waker));
    }
    report.served(Calls.slept(0x10, 1, WordTable.MAX_WAKERS));
    RunSummary.WordLine word = report.summary(1).words().getFirst();
    assertThat(word.woken()).isEqualTo(10L * WordTable.MAX_WAKERS + 1);
    assertThat(word.waker()).isEqualTo(WordTable.MAX_WAKERS);
    assertThat(word.wakerWakes()).isEqualTo(2);
  }

  @Test
  void missingCallsOfOnePlaceAreOneLine() {
    ServedCall refused = Calls.by(Calls.futex(0, 2), Disposition.REFUSED, "main+0x1 (a)");
    report.served(refused);
    report.served(refused);
    report.served(Calls.by(Calls.futex(0, 2), Disposition.REFUSED, "other+0x1 (a)"));
    report.served(Calls.result(Calls.futex(99), -38));
    report.served(Calls.result(Calls.futex(256, 2), -38)); // FUTEX_WAIT on a clock it has not
    report.served(Calls.futex(1, 1));
    assertThat(report.summary(1).missing())
        .extracting(RunSummary.MissingLine::count)
        .containsExactly(2L, 1L, 1L, 1L);
    assertThat(report.summary(1).otherMissing()).isZero();
  }

  @Test
  void loopOfOneFutex2CallIsOneLine() {
    for (int value = 0; value < 3; value++) {
      ServedCall wait = Calls.call(Operation.NR_FUTEX_WAIT, Calls.WORD, value, 1, 2);
      report.served(Calls.by(wait, Disposition.REFUSED));
    }
    assertThat(report.summary(1).missing()).hasSize(1);
  }

  @Test
  void missingCallsBeyondTheBoundAreCounted() {
    for (int op = 0; op < MissingTable.MAX_KINDS + 50; op++) {
      report.served(Calls.result(Calls.futex(0x1000 + op), -38));
    }
    RunSummary run = report.summary(1);
    assertThat(run.missing()).hasSize(MissingTable.MAX_KINDS);
    assertThat(run.otherMissing()).isEqualTo(50);
  }

  @Test
  void countsNothingTwiceAndLosesNothingUnderConcurrency() throws Exception {
    int writers = 4;
    int calls = 20_000;
    CyclicBarrier start = new CyclicBarrier(writers + 1);
    try (ExecutorService threads = Executors.newFixedThreadPool(writers)) {
      List<Future<?>> done = new ArrayList<>();
      for (int writer = 0; writer < writers; writer++) {
        int tgid = writer + 1;
        done.add(
            threads.submit(
                () -> {
                  start.await();
                  report.processSeen(tgid, "p", false);
                  for (int i = 0; i < calls; i++) {
                    report.served(Calls.slept(0x1000 + i % 7, 1, tgid));
                    report.threadSeen(tgid, i);
                  }
                  return null;
                }));
      }
      start.await();
      while (!done.stream().allMatch(Future::isDone)) {
        RunSummary run = report.summary(10); // as SIGUSR1 does
        assertThat(run.words().stream().mapToLong(RunSummary.WordLine::waits).sum())
            .isEqualTo(run.calls());
      }
      for (Future<?> writer : done) {
        writer.get();
      }
    }
    RunSummary run = report.summary(10);
    assertThat(run.calls()).isEqualTo((long) writers * calls);
    assertThat(run.threads()).isEqualTo((long) writers * calls);
    assertThat(run.words().stream().mapToLong(RunSummary.WordLine::totalNanos).sum())
        .isEqualTo((long) writers * calls);
    assertThat(run.words().stream().mapToLong(RunSummary.WordLine::woken).sum())
        .isEqualTo((long) writers * calls);
  }

  @Test
  void teeTellsEverySinkInOrder() {
    List<String> told = new ArrayList<>();
    new TeeSink(List.of(new Recorder("a", told), new Recorder("b", told), report))
        .processSeen(1, "x", false);
    TeeSink tee = new TeeSink(List.of(new Recorder("a", told), report));
    tee.threadSeen(1, 2);
    tee.served(Calls.futex(1, 1));
    assertThat(told).containsExactly("a process", "b process", "a thread", "a call");
    assertThat(report.summary(1).calls()).isEqualTo(1);
    assertThat(report.summary(1).threads()).isEqualTo(1);
  }

  private record Recorder(String name, List<String> told) implements CallSink {
    @Override
    public void served(ServedCall call) {
      told.add(name + " call");
    }

    @Override
    public void processSeen(int tgid, String process, boolean served32) {
      told.add(name + " process");
    }

    @Override
    public void threadSeen(int tgid, int tid) {
      told.add(name + " thread");
    }
  }
}
