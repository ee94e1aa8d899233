package org.jfutex.cli.run;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a run did up to a point in time. Immutable.
 *
 * @param processes how many processes were seen
 * @param threads how many threads were seen
 * @param listed the processes seen first
 * @param operations the calls by operation, in the order of {@link org.jfutex.linux.Operation},
 *     unknown last
 * @param words the words waited on longest in total, longest first
 * @param otherWords all other words together, null where there is none
 * @param missing the calls that were refused or unknown, the same ones together, oldest first
 * @param otherMissing how many more such calls there were
 * @param asleep calls that have not returned yet, longest first, each with the time so far; empty
 *     at the end of a run
 */
record RunSummary(
    long processes,
    long threads,
    List<ProcessLine> listed,
    List<OperationLine> operations,
    List<WordLine> words,
    @Nullable OtherWords otherWords,
    List<MissingLine> missing,
    long otherMissing,
    List<ServedCall> asleep) {

  /**
   * A process.
   *
   * @param tgid its id
   * @param names what it was called, in order; more than one after execve
   * @param threads how many of its threads made a call
   * @param unserved32 whether it was a 32-bit process, whose calls jfutex does not see
   */
  record ProcessLine(int tgid, List<String> names, long threads, boolean unserved32) {}

  /**
   * The calls of one operation.
   *
   * @param name the operation
   * @param sleeps whether a result of 0 or more means woken rather than a number of waiters
   * @param calls how many
   * @param served how many the engine answered; {@code zero}, {@code positive} and {@code errors}
   *     add up to it
   * @param passed how many the kernel answered
   * @param refused how many were refused by --without
   * @param unserved how many jfutex could not serve
   * @param zero how many gave 0
   * @param positive how many gave more than 0
   * @param sum all positive results together
   * @param errors how often each error was given, by name
   */
  record OperationLine(
      String name,
      boolean sleeps,
      long calls,
      long served,
      long passed,
      long refused,
      long unserved,
      long zero,
      long positive,
      long sum,
      Map<String, Long> errors) {}

  /**
   * A word somebody slept on.
   *
   * @param word its address, or its key where it was named in a vector only
   * @param tgid the process that waited first
   * @param waits how many waits slept on it; a vector wait counts for each of its words
   * @param totalNanos how long they slept together
   * @param longestNanos the longest of them
   * @param woken how many of them ended by a wake whose thread is known
   * @param waker the thread that ended most of these, 0 for none
   * @param wakerWakes how many that thread ended
   */
  record WordLine(
      String word,
      int tgid,
      long waits,
      long totalNanos,
      long longestNanos,
      long woken,
      int waker,
      long wakerWakes) {}

  /**
   * Many words together.
   *
   * @param words how many; a word that was dropped for want of room and came back counts twice
   * @param waits how many waits slept on them
   * @param totalNanos how long they slept together
   * @param longestNanos the longest of them
   */
  record OtherWords(long words, long waits, long totalNanos, long longestNanos) {}

  /**
   * A call that was refused or does not exist.
   *
   * @param first the first call of this kind
   * @param count how many there were
   */
  record MissingLine(ServedCall first, long count) {}

  /**
   * The same with the calls that have not returned yet.
   *
   * @param calls these calls, in any order
   * @return a summary of a run that goes on
   */
  RunSummary withAsleep(List<ServedCall> calls) {
    return new RunSummary(
        processes,
        threads,
        listed,
        operations,
        words,
        otherWords,
        missing,
        otherMissing,
        calls.stream().sorted(Comparator.comparingLong(ServedCall::tookNanos).reversed()).toList());
  }

  /**
   * All calls that have returned, whoever answered.
   *
   * @return their number
   */
  long calls() {
    return operations.stream().mapToLong(OperationLine::calls).sum();
  }
}
