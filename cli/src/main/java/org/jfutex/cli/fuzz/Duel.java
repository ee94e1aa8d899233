package org.jfutex.cli.fuzz;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jfutex.cli.play.Num;
import org.jfutex.cli.play.Scenario;
import org.jfutex.cli.play.Scenario.Call;
import org.jfutex.cli.play.Scenario.Step;
import org.jfutex.cli.play.Scenario.WordDecl;
import org.jspecify.annotations.Nullable;

/** Runs a program step by step on two machines at once and compares after each step. */
final class Duel {
  private static final Step LOOK = new Scenario.Returned(0, List.of(), 0);

  private final Bench kernel;
  private final Bench engine;

  Duel(Bench kernel, Bench engine) {
    this.kernel = kernel;
    this.engine = engine;
  }

  /**
   * How a program went.
   *
   * @param executed the steps that could be taken
   * @param moments how the kernel stood after each of them
   * @param difference what differed after the last step, or hung; null if nothing did
   * @param openEnd whether it ended where the kernel leaves open who is served, and who was served
   *     differed
   * @param words what the words held after the last of them, by the names of threads
   * @param overlapped whether a thread called while another slept in a call
   */
  record Verdict(
      List<Step> executed,
      List<Moment> moments,
      @Nullable String difference,
      boolean openEnd,
      List<Num> words,
      boolean overlapped) {}

  /** Runs a program to its end, or to the first difference, and cleans up. */
  Verdict run(Steps steps) {
    Scenario declarations = steps.declarations();
    Run run = new Run(declarations);
    try {
      kernel.prepare(declarations);
      engine.prepare(declarations);
      run.play(steps);
      kernel.clean();
      engine.clean();
    } catch (Hang e) {
      run.difference = e.getMessage();
      throw new Broken(e, run.verdict());
    } catch (IllegalArgumentException e) { // the program makes no sense
      kernel.clean();
      engine.clean();
      throw e;
    } catch (IllegalStateException e) { // a machine that has lost its way says so
      run.difference = String.valueOf(e.getMessage());
      throw new Broken(e, run.verdict());
    }
    return run.verdict();
  }

  /** A machine hangs and is of no use any more. */
  static final class Broken extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final transient Verdict verdict;

    Broken(RuntimeException cause, Verdict verdict) {
      super(cause);
      this.verdict = verdict;
    }

    Verdict verdict() {
      return verdict;
    }
  }

  /** One program. */
  private final class Run implements View {
    private final List<Step> executed = new ArrayList<>();
    private final List<Moment> moments = new ArrayList<>();
    private final List<WordDecl> words;
    private final OpenOrder order;
    private @Nullable String difference;
    private boolean openEnd;
    private boolean overlapped;

    Run(Scenario declarations) {
      words = declarations.words();
      order = new OpenOrder(declarations);
    }

    void play(Steps steps) {
      for (Step step = steps.next(this); step != null; step = steps.next(this)) {
        if (isPossible(step) && !take(step)) {
          return;
        }
      }
      lookAtAll();
    }

    private void lookAtAll() {
      Moment right = kernel.finish(LOOK, words);
      Moment ours = engine.finish(LOOK, words);
      if (!right.equals(ours)) {
        differ(LOOK, right, ours);
      }
    }

    private void differ(Step step, Moment right, Moment ours) {
      openEnd = order.leavesOpen(step, right, ours);
      if (!openEnd) {
        difference = "kernel: " + right + "\nengine: " + ours;
      }
    }

    /** A thread that sleeps cannot call, and only one that sleeps is signalled. */
    private boolean isPossible(Step step) {
      return switch (step) {
        case Call call -> kernel.isIdle(call.thread());
        case Scenario.Act act -> kernel.isIdle(act.name());
        case Scenario.Signal signal ->
            kernel.calling().contains(signal.thread()) && !kernel.isHeld(signal.thread());
        default -> true;
      };
    }

    /** Takes a step on both sides; false if the program ends here. */
    private boolean take(Step step) {
      overlapped |= step instanceof Call && !kernel.calling().isEmpty();
      executed.add(step);
      kernel.start(step);
      engine.start(step);
      if (step instanceof Call call && Generator.endsByTheClock(step)) {
        kernel.hold(call.thread());
        engine.hold(call.thread());
      }
      Moment right = kernel.finish(step, words);
      moments.add(right);
      Moment ours = engine.finish(step, words);
      if (right.equals(ours)) {
        order.note(step, right);
        return true;
      }
      differ(step, right, ours);
      return false;
    }

    Verdict verdict() {
      List<Num> ends = new ArrayList<>();
      for (int i = 0; i < words.size() && !moments.isEmpty(); i++) {
        ends.add(named(moments.getLast().cells().get(2 * i)));
      }
      return new Verdict(executed, moments, difference, openEnd, ends, overlapped);
    }

    @Override
    public boolean isIdle(String thread) {
      return kernel.isIdle(thread);
    }

    @Override
    public boolean isBusy(String thread) {
      return kernel.calling().contains(thread);
    }

    @Override
    public @Nullable String thread(int id) {
      return kernel.thread(id);
    }

    @Override
    public int value(String word) {
      for (int i = 0; i < words.size(); i++) {
        if (words.get(i).name().equals(word)) {
          return moments.isEmpty()
              ? (int) words.get(i).value().value(kernel)
              : moments.getLast().cells().get(2 * i);
        }
      }
      throw new IllegalArgumentException("'" + word + "': expected a word of the program");
    }

    @Override
    public long lastResult() {
      return moments.isEmpty() ? Moment.NONE : moments.getLast().result();
    }
  }

  /** The threads that a program names. */
  static Set<String> threads(Scenario program) {
    return OpenOrder.threads(program.steps());
  }
}
