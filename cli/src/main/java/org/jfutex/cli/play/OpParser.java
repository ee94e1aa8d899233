package org.jfutex.cli.play;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jfutex.cli.machine.Machine;
import org.jfutex.cli.play.Action.Arg;
import org.jfutex.cli.play.Action.Element;
import org.jfutex.cli.play.Action.SystemCall;
import org.jfutex.cli.play.Action.Timeout;
import org.jfutex.linux.Operation;
import org.jfutex.time.ClockId;
import org.jspecify.annotations.Nullable;

/** Reads an operation: the one place that knows which arguments and options each of them has. */
public final class OpParser {
  /** The names of all operations. */
  static final Set<String> NAMES =
      Set.copyOf(
          List.of(
              ("wait wake wait_bitset wake_bitset requeue cmp_requeue wake_op lock_pi lock_pi2"
                      + " trylock_pi unlock_pi wait_requeue_pi cmp_requeue_pi futex futex_wait"
                      + " futex_wake futex_requeue futex_waitv robust_link robust_pending"
                      + " set_robust_list get_robust_list hash mbind store cas")
                  .split(" ")));

  /** More than the kernel walks of a robust list. */
  static final int MAX_ENTRIES = 4096;

  /** What fits into a thread's scratch memory, and is more than the kernel takes. */
  static final int MAX_ELEMENTS = 160;

  static final int NR_SET_ROBUST_LIST = 273;
  private static final int NR_GET_ROBUST_LIST = 274;
  private static final int NR_PRCTL = 157;
  private static final int NR_MBIND = 237;

  /** linux/prctl.h. */
  private static final int PR_FUTEX_HASH = 78;

  private static final int PR_FUTEX_HASH_SET_SLOTS = 1;
  private static final int PR_FUTEX_HASH_GET_SLOTS = 2;

  /** linux/mempolicy.h, in their order. */
  private static final List<String> POLICIES =
      List.of("default", "preferred", "bind", "interleave", "local", "preferred_many");

  private static final int MAX_NODES = 64;

  private static final Num NONE = Num.of(0);
  private static final Num ANY = Num.of(0xffffffffL);
  private static final Num U32_PRIVATE = Num.of(Arguments.U32 | Arguments.PRIVATE);
  private static final Num U32_SHARED = Num.of(Arguments.U32);

  private static final List<String> TIMES = List.of("timeout", "deadline", "timespec");
  private static final Set<String> FUTEX_FLAGS = Set.of("shared", "realtime");

  private static final List<String> WAKE_OPS = List.of("set", "add", "or", "andn", "xor");
  private static final List<String> COMPARISONS = List.of("eq", "ne", "lt", "le", "gt", "ge");

  private final Arguments arguments;
  private final Tokens tokens;

  private OpParser(Tokens tokens, Scope scope) {
    this.tokens = tokens;
    this.arguments = new Arguments(tokens, scope);
  }

  /**
   * Reads an operation; which names exist is not looked at.
   *
   * @param op as it is written
   * @return what it asks for
   * @throws ScenarioSyntaxException if it is none
   */
  public static Action parse(Scenario.Op op) {
    return parse(Tokens.of(op), Scope.open());
  }

  static Action parse(Tokens tokens, Scope scope) {
    return new OpParser(tokens, scope).parse();
  }

  private Action parse() {
    Tokens.Token name = tokens.next("an operation such as 'wait'");
    return switch (name.text()) {
      case "wait" -> waitFor();
      case "wait_bitset" -> waitBitset();
      case "wake" -> wake();
      case "wake_bitset" -> wakeBitset();
      case "requeue" -> requeue(3, false);
      case "cmp_requeue" -> requeue(4, true);
      case "cmp_requeue_pi" -> requeue(12, true);
      case "wake_op" -> wakeOp();
      case "lock_pi" -> lock(6);
      case "lock_pi2" -> lock(13);
      case "unlock_pi" -> unlock(7);
      case "trylock_pi" -> unlock(8);
      case "wait_requeue_pi" -> waitRequeuePi();
      case "futex" -> raw();
      case "futex_wait" -> futexWait();
      case "futex_wake" -> futexWake();
      case "futex_requeue" -> futexRequeue();
      case "futex_waitv" -> futexWaitv();
      case "robust_link" -> robustLink();
      case "robust_pending" -> new Action.RobustPending(arguments.robust(), pi());
      case "set_robust_list" -> setRobustList();
      case "get_robust_list" -> getRobustList();
      case "hash" -> hash();
      case "mbind" -> mbind();
      case "store" -> store();
      case "cas" -> compareAndSet();
      default -> throw tokens.unexpected(name, "an operation such as 'wait'", NAMES);
    };
  }

  // futex(2)

  private Action waitFor() {
    Place word = arguments.place();
    Num value = arguments.number();
    Options options = options(Set.of("timeout", "timespec"), FUTEX_FLAGS);
    return futex(0, options, word, value(value), time(options, ClockId.MONOTONIC), 0, null);
  }

  private Action waitBitset() {
    Place word = arguments.place();
    Num value = arguments.number();
    Options options = options(Set.of("deadline", "timespec", "mask"), FUTEX_FLAGS);
    Num mask = options.number("mask", ANY);
    return futex(9, options, word, value(value), time(options, clockOf(options)), mask, null);
  }

  private Action wake() {
    Place word = arguments.place();
    Num count = arguments.number();
    Options options = options(Set.of("timespec"), FUTEX_FLAGS);
    return futex(1, options, word, value(count), unusedTime(options), 0, null);
  }

  private Action wakeBitset() {
    Place word = arguments.place();
    Num count = arguments.number();
    Options options = options(Set.of("timespec", "mask"), FUTEX_FLAGS);
    return futex(
        10, options, word, value(count), unusedTime(options), options.number("mask", ANY), null);
  }

  private Action requeue(int command, boolean compares) {
    Place from = arguments.place();
    Place to = arguments.place();
    Set<String> valued = compares ? Set.of("wake", "move", "val") : Set.of("wake", "move");
    Options options = options(valued, FUTEX_FLAGS);
    Num expected = compares ? options.number("val") : NONE;
    return futex(
        command,
        options,
        from,
        value(options.number("wake")),
        value(options.number("move")),
        expected,
        to);
  }

  private Action wakeOp() {
    Place first = arguments.place();
    Place second = arguments.place();
    Options options = options(Set.of("wake", "wake2", "op", "cmp", "enc"), FUTEX_FLAGS);
    options.exclusive(List.of("enc", "op"));
    options.exclusive(List.of("enc", "cmp"));
    Num code =
        options.has("enc")
            ? options.number("enc")
            : Num.of(Integer.toUnsignedLong(encoded(options)));
    return futex(
        5,
        options,
        first,
        value(options.number("wake")),
        value(options.number("wake2")),
        code,
        second);
  }

  /** FUTEX_OP of linux/futex.h. */
  private int encoded(Options options) {
    Tokens.Token op = options.require("op");
    List<String> opParts = List.of(op.text().split(":", -1));
    boolean isShift = opParts.getFirst().endsWith("<<");
    String opName = opParts.getFirst().replaceFirst("<<$", "");
    Tokens.Token cmp = options.require("cmp");
    List<String> cmpParts = List.of(cmp.text().split(":", -1));
    int operation = WAKE_OPS.indexOf(opName);
    if (operation < 0 || opParts.size() != 2) {
      throw tokens.unexpected(op, "OP:NUMBER with OP one of set add or andn xor, maybe with <<");
    }
    int comparison = COMPARISONS.indexOf(cmpParts.getFirst());
    if (comparison < 0 || cmpParts.size() != 2) {
      throw tokens.unexpected(cmp, "CMP:NUMBER with CMP one of eq ne lt le gt ge");
    }
    int argument = twelveBits(Arguments.part(op, opParts, 1));
    int against = twelveBits(Arguments.part(cmp, cmpParts, 1));
    return (isShift ? 1 << 31 : 0) | operation << 28 | comparison << 24 | argument << 12 | against;
  }

  private int twelveBits(Tokens.Token token) {
    return (int) arguments.plain(token, "a number", -2048, 4095) & 0xfff;
  }

  private Action lock(int command) {
    Place word = arguments.place();
    Options options = options(Set.of("deadline", "timespec"), FUTEX_FLAGS);
    ClockId clock = command == 6 ? ClockId.REALTIME : clockOf(options);
    return futex(command, options, word, value(NONE), time(options, clock), 0, null);
  }

  private Action unlock(int command) {
    Place word = arguments.place();
    Options options = options(Set.of("timespec"), FUTEX_FLAGS);
    return futex(command, options, word, value(NONE), unusedTime(options), 0, null);
  }

  private Action waitRequeuePi() {
    Place from = arguments.place();
    Num value = arguments.number();
    Place to = arguments.place();
    Options options = options(Set.of("deadline", "timespec"), FUTEX_FLAGS);
    return futex(11, options, from, value(value), time(options, clockOf(options)), 0, to);
  }

  private static Action futex(
      int command, Options options, Place word, Arg val, Arg time, int val3, @Nullable Place to) {
    return futex(command, options, word, val, time, Num.of(val3), to);
  }

  private static Action futex(
      int command, Options options, Place word, Arg val, Arg time, Num val3, @Nullable Place to) {
    int op =
        command
            | (options.has("shared") ? 0 : Operation.PRIVATE_FLAG)
            | (options.has("realtime") ? Operation.CLOCK_REALTIME_FLAG : 0);
    Arg second = to == null ? value(NONE) : new Arg.Address(to);
    return new SystemCall(
        Operation.NR_FUTEX,
        List.of(new Arg.Address(word), value(Num.of(op)), val, time, second, value(val3)),
        time instanceof Arg.Time);
  }

  /** {@code futex OP W VAL TIMEOUT W2 VAL3}. */
  private Action raw() {
    Num op = arguments.number();
    Place word = arguments.place();
    Num value = arguments.number();
    Arg timeout = numberOrPlace();
    Place second = arguments.place();
    Num value3 = arguments.number();
    tokens.expectEnd();
    boolean timed =
        !timeout.equals(value(NONE)) && !timeout.equals(new Arg.Address(new Place(null, 0)));
    return new SystemCall(
        Operation.NR_FUTEX,
        List.of(
            new Arg.Address(word),
            value(op),
            value(value),
            timeout,
            new Arg.Address(second),
            value(value3)),
        timed);
  }

  private Arg numberOrPlace() {
    String text = tokens.peek();
    Num number = text == null ? null : Literals.number(text);
    return number == null ? new Arg.Address(arguments.place()) : value(arguments.number());
  }

  // futex2

  private Action futexWait() {
    Place word = arguments.place();
    Num value = arguments.number();
    Options options =
        options(Set.of("mask", "flags", "clock", "deadline", "timespec"), FUTEX_FLAGS);
    return new SystemCall(
        Operation.NR_FUTEX_WAIT,
        List.of(
            new Arg.Address(word),
            value(value),
            value(options.number("mask", ANY)),
            value(wordFlags(options, "flags")),
            time(options, clockOf(options)),
            value(clockNumber(options))),
        hasTime(options));
  }

  private Action futexWake() {
    Place word = arguments.place();
    Num count = arguments.number();
    Options options = options(Set.of("mask", "flags"), Set.of("shared"));
    return new SystemCall(
        Operation.NR_FUTEX_WAKE,
        List.of(
            new Arg.Address(word),
            value(options.number("mask", ANY)),
            value(count),
            value(wordFlags(options, "flags"))),
        false);
  }

  private Action futexRequeue() {
    Place from = arguments.place();
    Num value = arguments.number();
    Place to = arguments.place();
    Options options =
        options(
            Set.of("wake", "move", "flags", "flags1", "flags2", "n2", "array", "reserved"),
            Set.of("shared"));
    Num reserved = options.number("reserved", NONE);
    List<Element> elements =
        List.of(
            new Element(value, from, wordFlags(options, "flags1"), reserved),
            new Element(options.number("n2", NONE), to, wordFlags(options, "flags2"), reserved));
    return new SystemCall(
        Operation.NR_FUTEX_REQUEUE,
        List.of(
            new Arg.Elements(elements, arrayPlace(options)),
            value(options.flags("flags", NONE)),
            value(options.number("wake")),
            value(options.number("move"))),
        false);
  }

  private Action futexWaitv() {
    List<Tokens.Token> written = new ArrayList<>();
    for (String text = tokens.peek();
        text != null && text.indexOf(':') >= 0 && text.indexOf('=') < 0;
        text = tokens.peek()) {
      written.add(tokens.next("an element"));
    }
    if (written.size() > MAX_ELEMENTS) {
      throw tokens.problem(
          written.get(MAX_ELEMENTS),
          written.size() + " elements: expected at most " + MAX_ELEMENTS);
    }
    Options options =
        options(
            Set.of("flags", "clock", "nr", "deadline", "timespec", "array", "reserved"),
            FUTEX_FLAGS);
    Num reserved = options.number("reserved", NONE);
    Num flags = options.has("shared") ? U32_SHARED : U32_PRIVATE;
    List<Element> elements =
        written.stream().map(token -> arguments.element(token, flags, reserved)).toList();
    return new SystemCall(
        Operation.NR_FUTEX_WAITV,
        List.of(
            new Arg.Elements(elements, arrayPlace(options)),
            value(options.number("nr", Num.of(elements.size()))),
            value(options.flags("flags", NONE)),
            time(options, clockOf(options)),
            value(clockNumber(options))),
        hasTime(options));
  }

  private @Nullable Place arrayPlace(Options options) {
    Tokens.Token token = options.get("array");
    return token == null ? null : arguments.place(token);
  }

  private static Num wordFlags(Options options, String name) {
    options.exclusive(List.of("shared", name));
    return options.flags(name, options.has("shared") ? U32_SHARED : U32_PRIVATE);
  }

  private Num clockNumber(Options options) {
    options.exclusive(List.of("realtime", "clock"));
    Tokens.Token token = options.get("clock");
    if (token == null) {
      return Num.of((options.has("realtime") ? ClockId.REALTIME : ClockId.MONOTONIC).linuxId());
    }
    Map<String, Integer> names = new HashMap<>();
    names.put("monotonic", ClockId.MONOTONIC.linuxId());
    names.put("realtime", ClockId.REALTIME.linuxId());
    Num number = Literals.number(token.text(), names);
    if (number == null || number.hasNames()) {
      throw tokens.unexpected(token, "monotonic, realtime or a number", names.keySet());
    }
    return number;
  }

  // the others

  private boolean pi() {
    return options(Set.of(), Set.of("pi")).has("pi");
  }

  private Action robustLink() {
    String entry = arguments.robust();
    Options options = options(Set.of("count"), Set.of("pi"));
    Tokens.Token count = options.get("count");
    return new Action.RobustLink(
        entry,
        options.has("pi"),
        count == null ? 1 : (int) arguments.plain(count, "a number", 1, MAX_ENTRIES));
  }

  private Action setRobustList() {
    Options options = options(Set.of("size", "head"), Set.of());
    Tokens.Token head = options.get("head");
    return new SystemCall(
        NR_SET_ROBUST_LIST,
        List.of(
            head == null ? new Arg.RobustHead() : new Arg.Address(arguments.place(head)),
            value(options.number("size"))),
        false);
  }

  private Action getRobustList() {
    Num tid = arguments.number();
    Options options = options(Set.of("head", "size"), Set.of());
    return new SystemCall(
        NR_GET_ROBUST_LIST,
        List.of(
            value(tid),
            new Arg.Address(arguments.place(options.require("head"))),
            new Arg.Address(arguments.place(options.require("size")))),
        false);
  }

  private Action hash() {
    Options options = options(Set.of("set", "op", "arg", "flags"), Set.of("get"));
    options.exclusive(List.of("get", "set"));
    options.exclusive(List.of("get", "op"));
    options.exclusive(List.of("set", "op"));
    options.exclusive(List.of("set", "arg"));
    Num op;
    Num arg = options.number("arg", NONE);
    if (options.has("get")) {
      op = Num.of(PR_FUTEX_HASH_GET_SLOTS);
    } else if (options.has("set")) {
      op = Num.of(PR_FUTEX_HASH_SET_SLOTS);
      arg = options.number("set");
    } else if (options.has("op")) {
      op = options.number("op");
    } else {
      throw tokens.missing("'set=' or 'get'");
    }
    return new SystemCall(
        NR_PRCTL,
        List.of(
            value(Num.of(PR_FUTEX_HASH)),
            value(op),
            value(arg),
            value(options.number("flags", NONE))),
        false);
  }

  private Action mbind() {
    Place place = arguments.place();
    Tokens.Token name = tokens.next("a policy");
    int policy = POLICIES.indexOf(name.text());
    if (policy < 0) {
      throw tokens.unexpected(name, "a policy: " + String.join(" ", POLICIES), POLICIES);
    }
    Options options = options(Set.of("node", "size"), Set.of());
    Tokens.Token node = options.get("node");
    Num mask =
        node == null ? NONE : Num.of(1L << arguments.plain(node, "a node", 0, MAX_NODES - 1));
    return new SystemCall(
        NR_MBIND,
        List.of(
            new Arg.Address(place),
            value(options.number("size", Num.of(Machine.PAGE_BYTES))),
            value(Num.of(policy)),
            node == null ? value(NONE) : new Arg.Bits(mask),
            value(node == null ? NONE : Num.of(MAX_NODES))),
        false);
  }

  private Action store() {
    Place word = arguments.wordOf32Bits();
    Num value = arguments.number();
    tokens.expectEnd();
    return new Action.Store(word, value);
  }

  private Action compareAndSet() {
    Place word = arguments.wordOf32Bits();
    Num expected = arguments.number();
    Num value = arguments.number();
    tokens.expectEnd();
    return new Action.CompareAndSet(word, expected, value);
  }

  // options

  private Options options(Set<String> valued, Set<String> bare) {
    return new Options(arguments, new TreeSet<>(valued), new TreeSet<>(bare));
  }

  private static Arg value(Num number) {
    return new Arg.Value(number);
  }

  private static boolean hasTime(Options options) {
    return TIMES.stream().anyMatch(options::has);
  }

  private static ClockId clockOf(Options options) {
    Tokens.Token clock = options.get("clock");
    boolean real =
        options.has("realtime")
            || (clock != null && (clock.text().equals("realtime") || clock.text().equals("0")));
    return real ? ClockId.REALTIME : ClockId.MONOTONIC;
  }

  /** The time a call is given; a plain 0 if it has none. */
  private Arg time(Options options, ClockId clock) {
    options.exclusive(List.of("timeout", "timespec"));
    options.exclusive(List.of("deadline", "timespec"));
    Tokens.Token timeout = options.get("timeout");
    Tokens.Token deadline = options.get("deadline");
    Tokens.Token timespec = options.get("timespec");
    if (timeout != null) {
      return new Arg.Time(new Timeout.Relative(arguments.duration(timeout)));
    }
    if (deadline != null) {
      return new Arg.Time(arguments.deadline(deadline, clock));
    }
    return timespec == null ? value(NONE) : new Arg.Time(arguments.timespec(timespec));
  }

  /** A pointer in the place of the timeout, which the call does not look at. */
  private Arg unusedTime(Options options) {
    return time(options, ClockId.MONOTONIC);
  }
}
