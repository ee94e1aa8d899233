package org.jfutex.cli.play;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jfutex.cli.machine.Backing;
import org.jfutex.cli.machine.Capability;
import org.jfutex.cli.machine.Protection;
import org.jspecify.annotations.Nullable;

/**
 * A scenario as it was written: the language's declarations and steps, with names unresolved.
 * {@link #toString} gives it back in the language.
 *
 * @param title what it shows; may be empty
 * @param needs the capabilities without which it is skipped
 * @param only the backends it is for; empty for all
 * @param regions memory, in order of declaration
 * @param words words and robust entries, in order of declaration
 * @param threads threads with a priority or a second process
 * @param steps what happens
 */
public record Scenario(
    String title,
    Set<Capability> needs,
    Set<String> only,
    List<RegionDecl> regions,
    List<WordDecl> words,
    List<ThreadDecl> threads,
    List<Step> steps) {
  /** Copies the lists. */
  public Scenario {
    regions = List.copyOf(regions);
    words = List.copyOf(words);
    threads = List.copyOf(threads);
    steps = List.copyOf(steps);
  }

  /**
   * {@code region NAME KIND [PROT] [size=BYTES]} or {@code alias NAME of REGION [PROT]}.
   *
   * @param line where it stands
   * @param name its name
   * @param backing what it is mapped from; null for an alias
   * @param aliasOf the region it is a second mapping of; null for a region
   * @param protection what the process may do with it
   * @param bytes its size; 0 for an alias
   */
  public record RegionDecl(
      int line,
      String name,
      @Nullable Backing backing,
      @Nullable String aliasOf,
      Protection protection,
      long bytes) {}

  /**
   * {@code word NAME [u8|u16|u32|u64] [= N] [in REGION] [at OFFSET]} or {@code robust NAME [in
   * REGION] [at OFFSET]}.
   *
   * @param line where it stands
   * @param name its name
   * @param bits its width
   * @param value what it holds at first
   * @param region where it lives
   * @param offset where in the region; -1 for the next free place
   * @param robust whether it is a robust list entry with a lock word
   */
  public record WordDecl(
      int line, String name, int bits, Num value, String region, long offset, boolean robust) {}

  /**
   * {@code thread NAME [fifo=N] [process=P]}.
   *
   * @param line where it stands
   * @param name its name
   * @param fifo its real-time priority; 0 for none
   * @param process the forked process it runs in; null for the first one
   */
  public record ThreadDecl(int line, String name, int fifo, @Nullable String process) {}

  /** What a call must give. */
  public sealed interface Expected {
    /** Nothing is stated; the backends must agree. */
    record Anything() implements Expected {}

    /** It sleeps. */
    record Blocks() implements Expected {}

    /**
     * It returns without sleeping for an event of the script.
     *
     * @param result what
     */
    record Returns(Result result) implements Expected {}
  }

  /**
   * A result: a number or an errno.
   *
   * @param value the raw result; a negative errno for an error
   * @param text how it is written: a number, {@code ok}, or an errno's name
   * @param number the number if it depends on a thread's id or an address, else null
   */
  public record Result(long value, String text, @Nullable Num number) {
    /** A result that depends on no name. */
    public Result(long value, String text) {
      this(value, text, null);
    }

    /**
     * The raw result.
     *
     * @param names what names stand for
     * @return 64 bits
     */
    public long value(Num.Names names) {
      return number == null ? value : number.value(names);
    }

    @Override
    public String toString() {
      return text;
    }
  }

  /**
   * An operation as it is written: its name and arguments, and {@code NAME=VALUE} options or bare
   * flags such as {@code shared}.
   *
   * @param name its name
   * @param words name and arguments and options, in the order they are written
   */
  public record Op(String name, List<String> words) {
    /** Copies the list. */
    public Op {
      words = List.copyOf(words);
    }

    @Override
    public String toString() {
      return words.isEmpty() ? name : name + " " + String.join(" ", words);
    }
  }

  /** One step. */
  public sealed interface Step {
    /**
     * Where it stands.
     *
     * @return the line, from 1
     */
    int line();
  }

  /** {@code T: OP ARGS [= R | blocks]}. */
  public record Call(int line, String thread, Op op, Expected expected) implements Step {
    @Override
    public String toString() {
      return thread
          + ": "
          + op
          + switch (expected) {
            case Expected.Anything _ -> "";
            case Expected.Blocks _ -> " blocks";
            case Expected.Returns returns -> " = " + returns.result();
          };
    }
  }

  /** {@code T returns R}. */
  public record Returns(int line, String thread, Result result) implements Step {
    @Override
    public String toString() {
      return thread + " returns " + result;
    }
  }

  /** {@code T sleeps}. */
  public record Sleeps(int line, String thread) implements Step {
    @Override
    public String toString() {
      return thread + " sleeps";
    }
  }

  /** {@code returned T1 T2 ... = N}. */
  public record Returned(int line, List<String> threads, int count) implements Step {
    @Override
    public String toString() {
      return "returned " + String.join(" ", threads) + " = " + count;
    }
  }

  /** {@code among T1 T2 ... N return R}. */
  public record Among(int line, List<String> threads, int count, Result result) implements Step {
    @Override
    public String toString() {
      return "among " + String.join(" ", threads) + " " + count + " return " + result;
    }
  }

  /** {@code set W = N}. */
  public record SetWord(int line, Place word, Num value) implements Step {
    @Override
    public String toString() {
      return "set " + word + " = " + value;
    }
  }

  /** {@code check W [& MASK] = N}. */
  public record CheckWord(int line, Place word, @Nullable Num mask, Num value) implements Step {
    @Override
    public String toString() {
      return "check " + word + (mask == null ? "" : " & " + mask) + " = " + value;
    }
  }

  /** {@code priority T = N}. */
  public record Priority(int line, String thread, int priority) implements Step {
    @Override
    public String toString() {
      return "priority " + thread + " = " + priority;
    }
  }

  /** {@code signal T [restart]}. */
  public record Signal(int line, String thread, boolean restart) implements Step {
    @Override
    public String toString() {
      return "signal " + thread + (restart ? " restart" : "");
    }
  }

  /** {@code stop T}, {@code continue T}, {@code exit T} or {@code kill P}. */
  public record Act(int line, Verb verb, String name) implements Step {
    /** What is done. */
    public enum Verb {
      /** Stops the process of a thread. */
      STOP("stop"),
      /** Continues the process of a thread. */
      CONTINUE("continue"),
      /** Ends a thread. */
      EXIT("exit"),
      /** Kills a process. */
      KILL("kill");

      private final String word;

      Verb(String word) {
        this.word = word;
      }

      @Override
      public String toString() {
        return word;
      }
    }

    @Override
    public String toString() {
      return verb + " " + name;
    }
  }

  /**
   * {@code protect REGION PROT}, {@code unmap REGION}, {@code remap REGION}, {@code truncate REGION
   * N}.
   */
  public record Memory(int line, String verb, String region, List<String> words) implements Step {
    @Override
    public String toString() {
      return verb
          + " "
          + region
          + words.stream().map(word -> " " + word).collect(Collectors.joining());
    }
  }

  /** {@code pause 30ms}. */
  public record Pause(int line, Duration duration) implements Step {
    @Override
    public String toString() {
      return "pause " + Literals.text(duration);
    }
  }

  /** {@code repeat N} ... {@code end}. */
  public record Repeat(int line, int times, List<Step> steps) implements Step {
    @Override
    public String toString() {
      return "repeat "
          + times
          + "\n"
          + steps.stream().map(step -> step + "\n").collect(Collectors.joining())
          + "end";
    }
  }

  /**
   * {@code race} ... {@code end}: the steps of different threads happen at the same moment, those
   * of one thread in order. Goes on once each has returned or sleeps.
   *
   * @param line where it stands
   * @param steps calls without a result, signals and exits
   */
  public record Race(int line, List<Step> steps) implements Step {
    /** Copies the list. */
    public Race {
      steps = List.copyOf(steps);
    }

    /**
     * Who races.
     *
     * @return the threads that make its calls, those that are signalled and those that end
     */
    public Set<String> threads() {
      return steps.stream()
          .map(
              step ->
                  switch (step) {
                    case Call call -> call.thread();
                    case Signal signal -> signal.thread();
                    case Act act -> act.name();
                    default -> throw new IllegalArgumentException(step + ": expected no such step");
                  })
          .collect(Collectors.toSet());
    }

    @Override
    public String toString() {
      return "race\n"
          + steps.stream().map(step -> step + "\n").collect(Collectors.joining())
          + "end";
    }
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    if (!title.isEmpty()) {
      text.append("title ").append(title).append('\n');
    }
    ScenarioText.declarations(this, text);
    steps.forEach(step -> text.append(step).append('\n'));
    return text.toString();
  }
}
