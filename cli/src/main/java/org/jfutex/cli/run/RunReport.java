package org.jfutex.cli.run;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Gathers what a run did: who called, what was answered, who slept on which word for how long, what
 * was missing. Read through {@link #summary}, while the run goes on or after it.
 *
 * <p>Its memory is bounded however long the run: {@value ProcessTable#MAX_LISTED} processes of
 * {@value ProcessTable#MAX_NAMES} names and one bit for each further one, {@value
 * WordTable#MAX_WORDS} words of {@value WordTable#MAX_WAKERS} wakers, {@value
 * MissingTable#MAX_KINDS} kinds of missing call with their stacks, one row of results per
 * operation. What does not fit is counted, and the summary says so.
 */
final class RunReport implements CallSink {
  /*
   * State       tables that only grow or fold what they hold; no state machine.
   * Guards      processes, operations, words, missing: lock.
   * Lock order  the supervisor's lock, then this one; nothing is taken inside.
   * Ordering    only the lock's: a summary is a state between two calls.
   * Progress    the lock is held for one call, or for one sort of the words, never over output.
   * Callbacks   none.
   * Checked by  RunReportTest.countsNothingTwiceAndLosesNothingUnderConcurrency.
   */
  private final ReentrantLock lock = new ReentrantLock();

  @GuardedBy("lock")
  private final ProcessTable processes = new ProcessTable();

  @GuardedBy("lock")
  private final OperationTable operations = new OperationTable();

  @GuardedBy("lock")
  private final WordTable words = new WordTable();

  @GuardedBy("lock")
  private final MissingTable missing = new MissingTable();

  @Override
  public void served(ServedCall call) {
    lock.lock();
    try {
      operations.add(call);
      if (CallText.slept(call)) {
        words.add(call);
      }
      if (CallText.isMissing(call)) {
        missing.add(call);
      }
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void processSeen(int tgid, String name, boolean unserved32) {
    lock.lock();
    try {
      processes.processSeen(tgid, name, unserved32);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void threadSeen(int tgid, int tid) {
    lock.lock();
    try {
      processes.threadSeen(tgid);
    } finally {
      lock.unlock();
    }
  }

  /**
   * What was gathered so far.
   *
   * @param topWords how many words to name; the others are added up
   * @return a consistent copy
   */
  RunSummary summary(int topWords) {
    lock.lock();
    try {
      WordTable.Ranking ranking = words.ranking(topWords);
      return new RunSummary(
          processes.processes(),
          processes.threads(),
          processes.lines(),
          operations.lines(),
          ranking.top(),
          ranking.others(),
          missing.lines(),
          missing.others(),
          List.of());
    } finally {
      lock.unlock();
    }
  }
}
