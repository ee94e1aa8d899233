package org.jfutex.bench.area;

import java.util.List;
import java.util.OptionalInt;
import org.jfutex.AnyWait;
import org.jfutex.Futex;
import org.jfutex.WaitEntry;
import org.jfutex.WaitStatus;
import org.jfutex.WakeOp;
import org.jfutex.bench.frame.Area;
import org.jfutex.bench.frame.Case;
import org.jfutex.bench.frame.Loop;
import org.jfutex.bench.frame.SkippedException;
import org.jfutex.bench.frame.Target;
import org.jfutex.bench.frame.Workbench;
import org.jfutex.bench.frame.Workbench.Memory;
import org.jfutex.time.Deadline;
import org.jfutex.word.Word;

/**
 * A futex call of {@link Futex#kernel()} against the same call made by a C program: calls that
 * return at once, as what comes after is the kernel's on both sides.
 */
final class KernelCall implements Area {
  private static final Target SAME = Target.atMost(1.05);

  @Override
  public String name() {
    return "kernel-call";
  }

  @Override
  public List<Case> cases() {
    return List.of(
        wake(Memory.PRIVATE),
        wake(Memory.SHARED),
        wakeBitset(),
        changed(Memory.PRIVATE),
        changed(Memory.SHARED),
        requeue(),
        compareRequeue(),
        wakeOp(),
        anyChanged());
  }

  private static String in(Memory memory) {
    return memory == Memory.PRIVATE ? ", private" : ", shared";
  }

  static Futex kernel() throws SkippedException {
    try {
      return Futex.kernel();
    } catch (UnsupportedOperationException e) {
      throw new SkippedException(String.valueOf(e.getMessage()));
    }
  }

  private static Case wake(Memory memory) {
    Case wake =
        Case.nanos("wake nobody" + in(memory), "kernel backend", bench -> wake(bench, memory))
            .against("C FUTEX_WAKE", SAME, bench -> bench.c("wake", memory))
            .against("C futex_wake", Target.none(), bench -> bench.c("futex2_wake", memory));
    return memory == Memory.PRIVATE
        ? wake
        : wake.against("private", Target.none(), bench -> wake(bench, Memory.PRIVATE));
  }

  private static Loop wake(Workbench bench, Memory memory) throws SkippedException {
    Futex futex = kernel();
    Word word = bench.word(memory, 0);
    return new Loop(
        "wake",
        operations -> {
          long right = 0;
          for (int i = 0; i < operations; i++) {
            right += futex.wake(word, 1) == 0 ? 1 : 0;
          }
          return right;
        });
  }

  private static Case wakeBitset() {
    return Case.nanos(
            "wake nobody by bitset, private",
            "kernel backend",
            bench -> {
              Futex futex = kernel();
              Word word = bench.word(Memory.PRIVATE, 0);
              return new Loop(
                  "wake by bitset",
                  operations -> {
                    long right = 0;
                    for (int i = 0; i < operations; i++) {
                      right += futex.wake(word, 1, 2) == 0 ? 1 : 0;
                    }
                    return right;
                  });
            })
        .against("C FUTEX_WAKE_BITSET", SAME, bench -> bench.c("wake_bitset", Memory.PRIVATE));
  }

  private static Case changed(Memory memory) {
    Case changed =
        Case.nanos(
                "wait, value changed" + in(memory),
                "kernel backend",
                bench -> changed(bench, memory))
            .against("C FUTEX_WAIT", SAME, bench -> bench.c("wait_changed", memory))
            .against(
                "C futex_waitv of 2", Target.none(), bench -> bench.c("waitv_changed", memory));
    return memory == Memory.PRIVATE
        ? changed
        : changed.against("private", Target.none(), bench -> changed(bench, Memory.PRIVATE));
  }

  private static Loop changed(Workbench bench, Memory memory) throws SkippedException {
    Futex futex = kernel();
    Word word = bench.word(memory, 0);
    return new Loop(
        "wait",
        operations -> {
          long right = 0;
          for (int i = 0; i < operations; i++) {
            right += futex.await(word, 1) == WaitStatus.CHANGED ? 1 : 0;
          }
          return right;
        });
  }

  private static Case requeue() {
    return Case.nanos(
            "requeue of nobody, private",
            "kernel backend",
            bench -> {
              Futex futex = kernel();
              Word from = bench.word(Memory.PRIVATE, 0);
              Word to = bench.word(Memory.PRIVATE, 1);
              return new Loop(
                  "requeue",
                  operations -> {
                    long right = 0;
                    for (int i = 0; i < operations; i++) {
                      right += futex.requeue(from, 1, to, 1) == 0 ? 1 : 0;
                    }
                    return right;
                  });
            })
        .against("C FUTEX_REQUEUE", SAME, bench -> bench.c("requeue", Memory.PRIVATE));
  }

  private static Case compareRequeue() {
    return Case.nanos(
            "compare-requeue of nobody, private",
            "kernel backend",
            bench -> {
              Futex futex = kernel();
              Word from = bench.word(Memory.PRIVATE, 0);
              Word to = bench.word(Memory.PRIVATE, 1);
              return new Loop(
                  "compare-requeue",
                  operations -> {
                    long right = 0;
                    for (int i = 0; i < operations; i++) {
                      OptionalInt moved = futex.compareRequeue(from, 0, 1, to, 1);
                      right += moved.isPresent() && moved.getAsInt() == 0 ? 1 : 0;
                    }
                    return right;
                  });
            })
        .against("C FUTEX_CMP_REQUEUE", SAME, bench -> bench.c("compare_requeue", Memory.PRIVATE));
  }

  private static Case wakeOp() {
    return Case.nanos(
            "wake-op, nobody waits, private",
            "kernel backend",
            bench -> {
              Futex futex = kernel();
              Word word = bench.word(Memory.PRIVATE, 0);
              Word target = bench.word(Memory.PRIVATE, 1);
              WakeOp op = new WakeOp(WakeOp.Operation.OR, 0, WakeOp.Comparison.EQ, 1);
              return new Loop(
                  "wake-op",
                  operations -> {
                    long right = 0;
                    for (int i = 0; i < operations; i++) {
                      right += futex.wakeOp(word, 1, target, 1, op) == 0 ? 1 : 0;
                    }
                    return right;
                  });
            })
        .against("C FUTEX_WAKE_OP", SAME, bench -> bench.c("wake_op", Memory.PRIVATE));
  }

  private static Case anyChanged() {
    return Case.nanos(
            "wait for any of 2, second changed",
            "kernel backend",
            bench -> {
              Futex futex = kernel();
              List<WaitEntry> entries =
                  List.of(
                      new WaitEntry(bench.word(Memory.PRIVATE, 0), 0),
                      new WaitEntry(bench.word(Memory.PRIVATE, 1), 1));
              return new Loop(
                  "wait for any",
                  operations -> {
                    long right = 0;
                    for (int i = 0; i < operations; i++) {
                      AnyWait wait = futex.awaitAny(entries, Deadline.NEVER);
                      right += wait.status() == WaitStatus.CHANGED && wait.index() == 1 ? 1 : 0;
                    }
                    return right;
                  });
            })
        .against(
            "C futex_waitv, then each word",
            SAME,
            bench -> bench.c("waitv_changed_named", Memory.PRIVATE))
        .against("C futex_waitv", Target.none(), bench -> bench.c("waitv_changed", Memory.PRIVATE));
  }
}
