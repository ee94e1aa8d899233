package org.jfutex.stress;

import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.openjdk.jcstress.JCStress;
import org.openjdk.jcstress.Options;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.infra.StateCase;
import org.openjdk.jcstress.infra.Status;
import org.openjdk.jcstress.infra.collectors.DiskReadCollector;
import org.openjdk.jcstress.infra.collectors.InProcessCollector;
import org.openjdk.jcstress.infra.collectors.TestResult;
import org.openjdk.jcstress.infra.runners.TestList;

/**
 * Runs the jcstress tests and then asks what jcstress itself does not:
 *
 * <ul>
 *   <li>has every test run, equally often? jcstress leaves out in silence what it has not enough
 *       processors for;
 *   <li>was every outcome seen whose description begins with {@link #MUST_BE_SEEN}? A weakened
 *       variant that never fails proves nothing about the shipped one.
 * </ul>
 *
 * <p>Takes the arguments of jcstress. Exit status 0 if all is well, otherwise 1.
 */
public final class StressMain {
  /** How the description of an outcome begins that a weakened variant has to show. */
  static final String MUST_BE_SEEN = "must be seen";

  private StressMain() {}

  /**
   * Runs and judges.
   *
   * @param args the arguments of jcstress
   * @throws Exception what jcstress throws, among other things on a forbidden outcome
   */
  public static void main(String[] args) throws Exception {
    Options options = new Options(args);
    if (!options.parse()) {
      System.exit(1);
    }
    new JCStress(options).run();
    InProcessCollector results = new InProcessCollector();
    DiskReadCollector reader = new DiskReadCollector(options.getResultFile(), results);
    reader.dump();
    reader.close();
    Collection<String> expected = new JCStress(options).getTests();
    Collection<String> faults = judge(expected, results.getTestResults());
    faults.forEach(fault -> System.out.println("stress: " + fault));
    System.out.printf(
        "stress: %d tests, %d results, %d faults%n",
        expected.size(), results.getTestResults().size(), faults.size());
    System.exit(faults.isEmpty() ? 0 : 1);
  }

  /** What is wrong with a run, in words. */
  static Collection<String> judge(Collection<String> expected, Collection<TestResult> results) {
    Collection<String> faults = new TreeSet<>();
    Map<String, Integer> runs = new HashMap<>();
    Map<String, Long> seen = new TreeMap<>();
    for (TestResult result : results) {
      String test = result.getName();
      runs.merge(test, 1, Integer::sum);
      if (result.status() != Status.NORMAL || !result.grading().isPassed) {
        faults.add(test + " failed: " + result.status() + " " + result.grading().failureMessages);
      }
      for (StateCase outcome : TestList.getInfo(test).cases()) {
        if (outcome.expect() == Expect.ACCEPTABLE_INTERESTING) {
          seen.merge(test + ": " + outcome.description(), count(result, outcome), Long::sum);
        }
      }
    }
    int most = runs.values().stream().max(Integer::compare).orElse(0);
    for (String test : expected) {
      int times = runs.getOrDefault(test, 0);
      if (times == 0 || times != most) {
        faults.add(test + " ran in " + times + " configurations: expected " + Math.max(most, 1));
      }
    }
    seen.forEach(
        (outcome, times) -> {
          System.out.println("stress: seen " + times + " times: " + outcome);
          if (times == 0 && outcome.contains(": " + MUST_BE_SEEN)) {
            faults.add("never seen: " + outcome);
          }
        });
    return faults;
  }

  private static long count(TestResult result, StateCase outcome) {
    return result.getStateKeys().stream()
        .filter(outcome::matches)
        .mapToLong(result::getCount)
        .sum();
  }
}
