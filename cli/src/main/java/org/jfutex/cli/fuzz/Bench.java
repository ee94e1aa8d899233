package org.jfutex.cli.fuzz;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jfutex.cli.machine.Backing;
import org.jfutex.cli.machine.Capability;
import org.jfutex.cli.machine.Machine;
import org.jfutex.cli.machine.MachineProcess;
import org.jfutex.cli.machine.MachineThread;
import org.jfutex.cli.machine.Protection;
import org.jfutex.cli.machine.ThreadState;
import org.jfutex.cli.machine.jvm.JvmMachine;
import org.jfutex.cli.play.Action;
import org.jfutex.cli.play.Action.Arg;
import org.jfutex.cli.play.Lowering;
import org.jfutex.cli.play.OpParser;
import org.jfutex.cli.play.Place;
import org.jfutex.cli.play.RawCall;
import org.jfutex.cli.play.Scenario;
import org.jfutex.cli.play.Scenario.Call;
import org.jfutex.cli.play.Scenario.Returned;
import org.jfutex.cli.play.Scenario.SetWord;
import org.jfutex.cli.play.Scenario.Signal;
import org.jfutex.cli.play.Scenario.Step;
import org.jfutex.time.Ticker;
import org.jspecify.annotations.Nullable;

/**
 * A machine on which program after program is run: threads and mappings stay, memory is set anew.
 * Used by one thread.
 */
final class Bench implements AutoCloseable, Lowering.Names {
  /** The beginning of each region, where all words of a program are. */
  static final int WORDS_BYTES = 256;

  /** Below every mapping (vm.mmap_min_addr), and above null. */
  private static final long UNMAPPED = 0x2000;

  private static final String DEFAULT_REGION = "mem";

  /** The id of no thread, and no value of any program. */
  private static final int NOBODY = 0x3eee_eeee;

  private final Machine machine;
  private final MachineProcess process;
  private final Lowering lowering = new Lowering(this, Ticker.system());
  private final long limitNanos;
  private final @Nullable Consumer<String> beforeNew;
  private final Map<String, MachineThread> threads = new LinkedHashMap<>();
  private final Map<String, Scenario.ThreadDecl> declared = new LinkedHashMap<>();
  private final Map<String, MachineThread> gone = new LinkedHashMap<>();
  private final Map<String, Long> ready = new HashMap<>();
  private final RobustLists robust;
  private @Nullable MachineProcess other;
  private boolean ownsLocks;
  private final Map<String, Long> kept = new HashMap<>();
  private final Map<String, Long> regions = new LinkedHashMap<>();
  private final Map<String, Long> fresh = new LinkedHashMap<>();
  private final Map<String, Long> words = new LinkedHashMap<>();
  private final Set<String> calling = new TreeSet<>();
  private final Set<String> held = new HashSet<>();

  /**
   * A bench.
   *
   * @param machine closed with the bench
   * @param limitNanos how long a call may take to return or sleep
   */
  Bench(Machine machine, long limitNanos) {
    this(machine, limitNanos, null);
  }

  /** A bench whose threads have the ids of the threads of another, so that words are equal. */
  Bench(JvmMachine machine, long limitNanos, Bench other) {
    this(machine, limitNanos, name -> machine.nextTid(other.tid(name)));
  }

  private Bench(Machine machine, long limitNanos, @Nullable Consumer<String> beforeNew) {
    this.machine = machine;
    this.process = machine.process();
    this.limitNanos = limitNanos;
    this.beforeNew = beforeNew;
    this.robust = new RobustLists(process, this::callAndWait);
  }

  private long callAndWait(MachineThread thread, long nr, long... args) {
    thread.call(nr, args);
    if (thread.join(limitNanos) != ThreadState.RETURNED) {
      throw new Hang(name(), thread + " does not return");
    }
    return thread.takeResult();
  }

  String name() {
    return machine.name();
  }

  @Override
  public void close() {
    machine.close();
  }

  /** Maps what is missing, and sets the words to their first values. */
  void prepare(Scenario program) {
    regions.clear();
    words.clear();
    declared.clear();
    gone.clear();
    ready.clear();
    ownsLocks = program.needs().contains(Capability.PI);
    program.threads().forEach(thread -> declared.put(thread.name(), thread));
    List<Scenario.RegionDecl> declared = new ArrayList<>(program.regions());
    if (declared.stream().noneMatch(region -> region.name().equals(DEFAULT_REGION))) {
      declared.addFirst(
          new Scenario.RegionDecl(
              0,
              DEFAULT_REGION,
              Backing.PRIVATE,
              null,
              Protection.READ_WRITE,
              4L * Machine.PAGE_BYTES));
    }
    declared.forEach(this::map);
    byte[] zeros = new byte[WORDS_BYTES];
    regions.values().forEach(address -> process.write(address, zeros));
    for (Scenario.WordDecl word : program.words()) {
      long region = Objects.requireNonNull(regions.get(word.region()), word.region());
      long address = region + Shape.offset(word);
      words.put(word.name(), address);
      int value = (int) word.value().value(this);
      if (value != 0) {
        process.write(address, bytes(value));
      }
    }
  }

  private void map(Scenario.RegionDecl region) {
    boolean keeps = region.backing() != Backing.FILE_PRIVATE;
    Long address = keeps ? kept.get(region.toString()) : null;
    if (address == null) {
      String of = region.aliasOf();
      address =
          of == null
              ? process.map(Objects.requireNonNull(region.backing()), region.bytes())
              : process.alias(Objects.requireNonNull(regions.get(of), of));
      if (region.protection() != Protection.READ_WRITE) {
        process.protect(address, Math.max(region.bytes(), 1), region.protection());
      }
      if (keeps) {
        kept.put(region.toString(), address);
      } else {
        fresh.put(region.name(), address);
      }
    }
    regions.put(region.name(), address);
  }

  private static byte[] bytes(int value) {
    return ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.nativeOrder()).putInt(value).array();
  }

  @Override
  public int tid(String thread) {
    MachineThread before = gone.get(thread);
    return (before == null ? thread(thread) : before).tid();
  }

  /** The thread of the program that has or had an id. */
  @Nullable String thread(int id) {
    for (Map.Entry<String, MachineThread> entry : gone.entrySet()) {
      if (entry.getValue().tid() == id) {
        return entry.getKey();
      }
    }
    for (Map.Entry<String, MachineThread> entry : threads.entrySet()) {
      if (entry.getValue().tid() == id) {
        return entry.getKey().substring(0, entry.getKey().indexOf('/'));
      }
    }
    return null;
  }

  /** Arrays are placed only where none can be. */
  @Override
  public int room(Place place) {
    return 0;
  }

  @Override
  public long address(Place place) {
    String base = place.base();
    if (base == null) {
      return place.offset();
    }
    if (base.equals(Place.UNMAPPED)) {
      return UNMAPPED + place.offset();
    }
    boolean isNode = base.endsWith(".node");
    String name = isNode ? base.substring(0, base.length() - ".node".length()) : base;
    Long address = words.containsKey(name) ? words.get(name) : regions.get(name);
    if (address == null) {
      throw new IllegalArgumentException("'" + base + "': expected a word or a region");
    }
    return address + place.offset() + (isNode ? Integer.BYTES : 0);
  }

  MachineThread thread(String name) {
    if (gone.containsKey(name)) {
      throw new IllegalArgumentException(name + " has gone: expected a thread that exists");
    }
    String kind = kind(name);
    MachineThread thread = threads.get(kind);
    if (thread == null) {
      if (beforeNew != null) {
        beforeNew.accept(name);
      }
      Scenario.ThreadDecl decl = declared.get(name);
      boolean isForeign = decl != null && decl.process() != null;
      MachineProcess home = isForeign ? otherProcess() : process;
      thread = home.thread(name, decl == null ? 0 : decl.fifo());
      threads.put(kind, thread);
    }
    return thread;
  }

  /** A thread of another priority or process is another thread. */
  private String kind(String name) {
    Scenario.ThreadDecl decl = declared.get(name);
    return decl == null ? name + "/" : name + "/" + decl.fifo() + "/" + decl.process();
  }

  /** Nobody there makes a call, so it does not matter what is mapped. */
  private MachineProcess otherProcess() {
    MachineProcess forked = other;
    if (forked == null) {
      forked = process.fork();
      other = forked;
    }
    return forked;
  }

  boolean isIdle(String thread) {
    return !calling.contains(thread) && !gone.containsKey(thread);
  }

  boolean isHeld(String thread) {
    return held.contains(thread);
  }

  Set<String> calling() {
    return calling;
  }

  /** Starts a step. What it does may go on when this returns; {@link #finish} waits for it. */
  void start(Step step) {
    switch (step) {
      case Call call -> call(call.thread(), OpParser.parse(call.op()));
      case SetWord set -> process.write(address(set.word()), bytes((int) set.value().value(this)));
      case Signal signal -> thread(signal.thread()).signal(signal.restart());
      case Scenario.Act act when act.verb() == Scenario.Act.Verb.EXIT -> exit(act.name());
      case Returned _ -> {
        // awaited by finish
      }
      default -> throw new IllegalArgumentException(step + ": expected a step of the fuzzer");
    }
  }

  private void exit(String name) {
    MachineThread thread = thread(name);
    thread.exit();
    robust.forget(thread);
    threads.remove(kind(name));
    gone.put(name, thread);
  }

  private void call(String name, Action action) {
    MachineThread thread = thread(name);
    switch (action) {
      case Action.SystemCall call -> {
        if (call.args().getFirst() instanceof Arg.RobustHead) {
          robust.prepareHead(thread);
        } else if (call.nr() == RobustLists.NR_SET_ROBUST_LIST) {
          robust.note(thread);
        }
        RawCall raw = lowering.lower(call, thread.scratch());
        raw.writes().forEach(write -> process.write(write.address(), write.bytes()));
        thread.call(raw.nr(), raw.args());
      }
      case Action.Store store ->
          thread.store(address(store.place()), (int) store.value().value(this));
      case Action.CompareAndSet cas ->
          thread.compareAndSet(
              address(cas.place()),
              (int) cas.expected().value(this),
              (int) cas.value().value(this));
      case Action.RobustLink link -> {
        robust.link(thread, address(new Place(link.entry(), 0)), link.pi());
        ready.put(name, 0L);
      }
      case Action.RobustPending pending -> {
        robust.pend(thread, address(new Place(pending.entry(), 0)), pending.pi());
        ready.put(name, 0L);
      }
    }
    calling.add(name);
  }

  /**
   * The threads of a call that ends by the clock: nobody looks at them until {@link Returned} asks.
   */
  void hold(String thread) {
    held.add(thread);
    if (ownsLocks) {
      ThreadState _ = thread(thread).settle(limitNanos); // it changes the word before it sleeps
    }
  }

  /**
   * Waits until every thread that the step may concern sleeps or has returned, and looks. A {@link
   * Returned} of nobody concerns all.
   */
  Moment finish(Step step, List<Scenario.WordDecl> cells) {
    String caller = step instanceof Call call ? call.thread() : null;
    if (step instanceof Scenario.Race race) {
      awaitOver(race);
    }
    TreeMap<String, Long> ended = new TreeMap<>();
    if (step instanceof Returned returned) {
      returned.threads().forEach(held::remove);
      for (String name : returned.threads()) {
        if (calling.contains(name)) {
          ended.put(name, joined(name, step));
        }
      }
    }
    long result = Moment.NONE;
    TreeMap<String, Long> returned = new TreeMap<>(ended);
    TreeSet<String> asleep = new TreeSet<>();
    if (caller != null && !held.contains(caller)) {
      // first: what becomes of the others is up to it
      if (Generator.isOver(step)) {
        result = joined(caller, step);
      } else {
        Long end = settled(caller, step);
        result = end == null ? Moment.SLEEPS : end;
      }
    }
    // a call that has served nobody has changed nothing for those who sleep; to look costs more
    // than the call, and who has returned all the same is seen at a later step
    boolean looks = !(step instanceof Call call) || result > 0 || mayHaveServed(call, result);
    for (String name : List.copyOf(calling)) {
      if (!held.contains(name)) {
        Long end = looks ? settled(name, step) : null;
        if (end == null) {
          asleep.add(name);
        } else {
          returned.put(name, end);
        }
      }
    }
    return new Moment(result, returned, asleep, cells(cells));
  }

  /** An unlock hands over and returns 0; an error may come behind waiters of another kind. */
  private boolean mayHaveServed(Call call, long result) {
    return ownsLocks
        && result != Moment.SLEEPS
        && result != Moment.NONE
        && RaceMaker.role(call) == OpTable.Role.WAKE
        && (call.op().name().equals("unlock_pi") ? result == 0 : result < 0);
  }

  /** A call whose time is over may sleep for an instant, and is not to be met there. */
  private void awaitOver(Scenario.Race race) {
    for (Step step : race.steps()) {
      if (step instanceof Call call && Generator.isOver(call) && calling.contains(call.thread())) {
        ThreadState _ = thread(call.thread()).join(limitNanos);
      }
    }
  }

  /** The result of a call, null if it sleeps. */
  private @Nullable Long settled(String name, Object step) {
    Long known = ready.remove(name);
    if (known != null) {
      calling.remove(name);
      return known;
    }
    MachineThread thread = thread(name);
    ThreadState state = thread.settle(limitNanos);
    return switch (state) {
      case SLEEPING -> null;
      case RETURNED -> {
        calling.remove(name);
        yield thread.takeResult();
      }
      default -> throw new Hang(name(), name + " is " + state + " after " + step);
    };
  }

  /** The result of a call that is sure to return. */
  private long joined(String name, Object step) {
    MachineThread thread = thread(name);
    if (thread.join(limitNanos) != ThreadState.RETURNED) {
      throw new Hang(name(), name + " does not return in " + step);
    }
    calling.remove(name);
    return thread.takeResult();
  }

  private List<Integer> cells(List<Scenario.WordDecl> declared) {
    List<Integer> values = new ArrayList<>(2 * declared.size());
    Map<String, ByteBuffer> read = new HashMap<>();
    for (Scenario.WordDecl word : declared) {
      ByteBuffer content =
          read.computeIfAbsent(
              word.region(),
              name ->
                  ByteBuffer.wrap(
                          process.read(
                              Objects.requireNonNull(regions.get(name), name), WORDS_BYTES))
                      .order(ByteOrder.nativeOrder()));
      int offset = (int) Shape.offset(word);
      values.add(content.getInt(offset));
      values.add(content.getInt(offset + Integer.BYTES));
      if (word.bits() == Long.SIZE) {
        nameAddress(content.getLong(offset), values);
      }
    }
    if (this.declared.values().stream().anyMatch(thread -> thread.fifo() > 0)) {
      this.declared.keySet().forEach(name -> values.add(priority(name)));
    }
    return values;
  }

  private int priority(String thread) {
    return gone.containsKey(thread) ? -1 : thread(thread).priority();
  }

  /** Where the two cells hold an address, which differs between machines, what stands there. */
  private void nameAddress(long bits, List<Integer> values) {
    regions.forEach((name, base) -> nameAddress(bits, name, base, values));
    // one name for all threads: who has gone may leave its memory to a later one
    threads.values().forEach(t -> nameAddress(bits, "thread", t.scratch(), values));
    gone.values().forEach(t -> nameAddress(bits, "thread", t.scratch(), values));
  }

  private static void nameAddress(long bits, String name, long base, List<Integer> values) {
    if (bits - base >= 0 && bits - base < WORDS_BYTES) {
      values.set(values.size() - 2, (int) (bits - base));
      values.set(values.size() - 1, Moment.ADDRESS | (char) name.hashCode());
    }
  }

  /**
   * Runs a race: starts the first step of each side, and their next ones as they return.
   *
   * @return what each step gave, in the order of the sides; {@link Moment#NONE} for one that waits,
   *     which {@link #finish} tells of
   */
  List<Long> race(RaceProgram program) {
    List<List<Step>> sides = List.of(program.side(0), program.side(1));
    List<List<Long>> results = List.of(new ArrayList<>(), new ArrayList<>());
    int left = sides.getFirst().size() + sides.getLast().size();
    boolean[] started = new boolean[sides.size()];
    while (left > 0) {
      for (int side = 0; side < sides.size(); side++) {
        int at = results.get(side).size();
        if (!started[side] && at < sides.get(side).size()) {
          start(sides.get(side).get(at));
          started[side] = true;
        }
      }
      for (int side = 0; side < sides.size(); side++) {
        if (started[side]) {
          results.get(side).add(raced(sides.get(side).get(results.get(side).size())));
          started[side] = false;
          left--;
        }
      }
    }
    List<Long> all = new ArrayList<>(results.getFirst());
    all.addAll(results.getLast());
    return all;
  }

  private long raced(Step step) {
    if (!(step instanceof Call call) || RaceMaker.role(call) == OpTable.Role.WAIT) {
      return Moment.NONE;
    }
    long result = joined(call.thread(), step);
    return call.op().name().equals("store") ? Moment.NONE : result;
  }

  /** Ends what is still going on, so that the next program finds every thread idle. */
  void clean() {
    held.clear();
    ready.keySet().forEach(calling::remove);
    if (ownsLocks && !calling.isEmpty()) {
      poison();
    }
    for (String name : List.copyOf(calling)) {
      MachineThread thread = thread(name);
      if (thread.settle(limitNanos) == ThreadState.SLEEPING) {
        thread.signal(false);
      }
      long _ = joined(name, "a signal");
    }
    robust.clear();
    fresh.forEach((_, address) -> process.unmap(address, Machine.PAGE_BYTES));
    fresh.clear();
  }

  /**
   * Whoever waits for a lock does so again behind every signal, and judges its word anew: here it
   * finds one that nobody can wait for.
   */
  private void poison() {
    ByteBuffer words = ByteBuffer.allocate(WORDS_BYTES).order(ByteOrder.nativeOrder());
    while (words.hasRemaining()) {
      words.putInt(NOBODY);
    }
    regions.values().forEach(address -> process.write(address, words.array()));
  }
}
