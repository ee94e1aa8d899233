package org.jfutex.cli.play;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jfutex.cli.machine.Machine;
import org.jfutex.cli.machine.MachineProcess;
import org.jspecify.annotations.Nullable;

/** What a scenario is played with: memory, processes and threads of one machine. */
final class Stage implements Lowering.Names {
  /** A futex word's thread id, and the two flags above it. */
  private static final int TID_MASK = 0x3fffffff;

  private static final long SMALL = 10_000;

  private final MachineProcess first;
  private final Memory memory;
  private final Map<String, Scenario.ThreadDecl> declared;
  private final Map<String, MachineProcess> forks = new LinkedHashMap<>();
  private final Map<String, Actor> actors = new LinkedHashMap<>();

  /**
   * Maps memory, gives it its first values, forks, and protects.
   *
   * @param scenario what is declared
   * @param layout where its words lie
   * @param machine where to
   */
  Stage(Scenario scenario, Layout layout, Machine machine) {
    this.first = machine.process();
    this.memory = new Memory(layout, first);
    this.declared =
        scenario.threads().stream()
            .collect(Collectors.toMap(Scenario.ThreadDecl::name, thread -> thread));
    memory.map();
    List<Scenario.WordDecl> later = new ArrayList<>();
    for (Scenario.WordDecl word : scenario.words()) {
      if (word.value().hasNames()) {
        later.add(word);
      } else if (word.value().plain() != 0) {
        // zero is there already, and a page that nobody has touched is worth having
        memory.write(new Place(word.name(), 0), word.value().plain());
      }
    }
    for (Scenario.ThreadDecl thread : scenario.threads()) {
      if (thread.process() != null) {
        forks.computeIfAbsent(thread.process(), _ -> first.fork());
      }
    }
    later.forEach(this::writeNamed);
    memory.protect(processes());
  }

  /** Threads can be made only when all processes are there, so their ids come late. */
  private void writeNamed(Scenario.WordDecl word) {
    long value = word.value().value(this);
    List<MachineProcess> copies = memory.isCopied(word.region()) ? processes() : List.of(first);
    for (MachineProcess process : copies) {
      memory.write(process, new Place(word.name(), 0), value);
    }
  }

  private List<MachineProcess> processes() {
    return Stream.concat(Stream.of(first), forks.values().stream()).toList();
  }

  Memory memory() {
    return memory;
  }

  /** A process by its name; the first one for null. */
  MachineProcess process(@Nullable String name) {
    return name == null
        ? first
        : Objects.requireNonNull(forks.get(name), () -> "no process " + name);
  }

  /** A thread by its name; made when it is first named. */
  Actor actor(String name) {
    return actors.computeIfAbsent(name, this::newActor);
  }

  private Actor newActor(String name) {
    Scenario.ThreadDecl thread = declared.get(name);
    MachineProcess process = process(thread == null ? null : thread.process());
    return new Actor(name, process, process.thread(name, thread == null ? 0 : thread.fifo()));
  }

  Collection<Actor> actors() {
    return actors.values();
  }

  @Override
  public long address(Place place) {
    return memory.address(place);
  }

  @Override
  public int room(Place place) {
    return memory.room(place);
  }

  @Override
  public int tid(String thread) {
    return actor(thread).thread().tid();
  }

  /** What a word holds, for people and for comparison. */
  Played.Value value(long bits, int width) {
    String raw = number(bits);
    if (width == Long.SIZE) {
      String place = memory.name(bits);
      return place == null ? Played.Value.plain(raw) : new Played.Value(raw, "addr(" + place + ")");
    }
    if (width != Integer.SIZE) {
      return Played.Value.plain(raw);
    }
    int tid = (int) bits & TID_MASK;
    long flags = bits & ~(long) TID_MASK;
    return actors.values().stream()
        .filter(actor -> actor.thread().tid() == tid)
        .findFirst()
        .map(actor -> "tid(" + actor.name() + ")" + (flags == 0 ? "" : "|" + number(flags)))
        .map(named -> new Played.Value(raw, named))
        .orElse(Played.Value.plain(raw));
  }

  private static String number(long bits) {
    return bits >= 0 && bits < SMALL ? Long.toString(bits) : "0x" + Long.toHexString(bits);
  }
}
