package org.jfutex.cli.fuzz;

import static org.jfutex.cli.fuzz.Draw.words;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.jfutex.cli.play.Scenario.Op;

/** The operations that programs are made of: a row for each, and nothing else knows their names. */
final class OpTable {
  /** What an operation is to a program. */
  enum Role {
    /** It may sleep. */
    WAIT,
    /** It takes or moves waiters. */
    WAKE,
    /** It only changes memory. */
    STORE,
    /** It is about robust lists, or the hash table. */
    SETTING,
    /** It is nonsense most of the time. */
    ODD
  }

  /**
   * One operation.
   *
   * @param name its name in the language
   * @param role what it is to a program
   * @param weight how often it is taken, among those of its role
   * @param races whether it can be part of a race
   * @param arguments makes its arguments and options
   */
  record Row(
      String name, Role role, int weight, boolean races, Function<Draw, List<String>> arguments) {
    Op draw(Draw draw) {
      return new Op(name, arguments.apply(draw));
    }
  }

  /** All operations. */
  static final List<Row> ROWS =
      List.of(
          new Row("wait", Role.WAIT, 8, true, OpTable::waitFor),
          new Row("wait_bitset", Role.WAIT, 8, true, OpTable::waitBitset),
          new Row("futex_wait", Role.WAIT, 5, true, OpTable::futexWait),
          new Row("futex_waitv", Role.WAIT, 6, true, OpTable::futexWaitv),
          new Row("wake", Role.WAKE, 8, true, OpTable::wake),
          new Row("wake_bitset", Role.WAKE, 6, true, OpTable::wakeBitset),
          new Row("futex_wake", Role.WAKE, 5, true, OpTable::futexWake),
          new Row("requeue", Role.WAKE, 5, true, OpTable::requeue),
          new Row("cmp_requeue", Role.WAKE, 6, true, OpTable::compareRequeue),
          new Row("futex_requeue", Role.WAKE, 5, true, OpTable::futexRequeue),
          new Row("wake_op", Role.WAKE, 7, true, OpTable::wakeOp),
          new Row("store", Role.STORE, 6, true, draw -> List.of(draw.word(), draw.smallValue())),
          new Row("cas", Role.STORE, 2, true, OpTable::compareAndSet),
          new Row("futex", Role.ODD, 1, false, OpTable::raw));

  private static final List<String> WAKE_OPS = List.of("set", "add", "or", "andn", "xor");

  /** What makes no id out of another that somebody might have. */
  private static final List<String> LOCK_OPS =
      List.of(
          "op=set:0",
          "op=set:-1",
          "op=or:0",
          "op=or<<:30",
          "op=or<<:31",
          "op=andn<<:30",
          "op=andn<<:31",
          "op=xor<<:31",
          "op=xor:-1");

  private static final List<String> COMPARISONS = List.of("eq", "ne", "lt", "le", "gt", "ge");

  /** FUTEX_FD, commands that never were, and those that programs also give by name. */
  private static final int[] COMMANDS = {0, 1, 2, 3, 4, 5, 9, 10, 14, 15, 31, 64};

  /** The private and the clock flag, and bits that mean nothing or will. */
  private static final int[] OP_BITS = {0, 128, 256, 384, 0x200, 0x400, 0x80, 0x8000_0000};

  private OpTable() {}

  private static List<String> waitFor(Draw draw) {
    String place = draw.place();
    List<String> clock = draw.odd() ? List.of("realtime") : List.of();
    return words(List.of(place, draw.value(place)), draw.scope(), clock, draw.relative());
  }

  private static List<String> waitBitset(Draw draw) {
    String place = draw.place();
    List<String> clock = draw.percent(10) ? List.of("realtime") : List.of();
    return words(
        List.of(place, draw.value(place), "mask=" + draw.mask()),
        draw.scope(),
        clock,
        draw.absolute());
  }

  private static List<String> futexWait(Draw draw) {
    String place = draw.place();
    List<String> mask = draw.percent(40) ? List.of("mask=" + wideMask(draw)) : List.of();
    return words(
        List.of(place, draw.wideValue(place)),
        mask,
        List.of("flags=" + draw.flags()),
        draw.absolute(),
        clock(draw));
  }

  private static String wideMask(Draw draw) {
    return draw.odd() ? "0x100000001" : draw.mask();
  }

  private static List<String> clock(Draw draw) {
    if (draw.odd()) {
      return List.of("clock=" + draw.random.nextInt(2, 8));
    }
    return draw.percent(10) ? List.of("clock=realtime") : List.of();
  }

  private static List<String> futexWaitv(Draw draw) {
    int many = draw.percent(1) ? draw.random.nextInt(100, 130) : 1 + draw.random.nextInt(3);
    List<String> elements =
        IntStream.range(0, many)
            .mapToObj(
                _ -> {
                  String place = draw.place();
                  return place + ":" + draw.wideValue(place) + ":" + draw.flags();
                })
            .toList();
    List<String> extra = new ArrayList<>();
    if (draw.odd()) {
      extra.add(draw.of(List.of("flags=1", "nr=0", "nr=129", "nr=-1", "reserved=1", "nr=2")));
    }
    if (draw.odd()) {
      extra.add("array=" + draw.of(List.of("null", "unmapped", "0xffff800000000000")));
    }
    return words(elements, extra, draw.absolute(), clock(draw));
  }

  private static List<String> wake(Draw draw) {
    return words(List.of(draw.place(), draw.count()), draw.scope());
  }

  private static List<String> wakeBitset(Draw draw) {
    return words(List.of(draw.place(), draw.count(), "mask=" + draw.mask()), draw.scope());
  }

  private static List<String> futexWake(Draw draw) {
    List<String> mask = draw.percent(40) ? List.of("mask=" + wideMask(draw)) : List.of();
    return words(List.of(draw.place(), draw.count()), mask, List.of("flags=" + draw.flags()));
  }

  private static List<String> counts(Draw draw) {
    return List.of("wake=" + draw.count(), "move=" + draw.count());
  }

  private static List<String> requeue(Draw draw) {
    return words(List.of(draw.place(), draw.place()), counts(draw), draw.scope());
  }

  private static List<String> compareRequeue(Draw draw) {
    String place = draw.place();
    return words(
        List.of(place, draw.place()),
        counts(draw),
        List.of("val=" + draw.value(place)),
        draw.scope());
  }

  private static List<String> futexRequeue(Draw draw) {
    String place = draw.place();
    String flags = draw.flags();
    List<String> second =
        draw.odd()
            ? List.of("flags1=" + flags, "flags2=" + draw.flags())
            : List.of("flags1=" + flags, "flags2=" + flags);
    List<String> extra =
        draw.odd()
            ? List.of(draw.of(List.of("flags=1", "n2=0x100000000", "reserved=1", "array=null")))
            : List.of();
    return words(List.of(place, draw.wideValue(place), draw.place()), counts(draw), second, extra);
  }

  private static List<String> wakeOp(Draw draw) {
    List<String> what;
    if (draw.shape.ownsLocks()) {
      what = List.of(draw.of(LOCK_OPS), "cmp=" + draw.of(COMPARISONS) + ":0");
    } else if (draw.percent(15) || draw.odd()) {
      what = List.of("enc=0x" + Integer.toHexString(draw.random.nextInt()));
    } else {
      String shift = draw.percent(15) ? "<<" : "";
      int argument = draw.percent(30) ? draw.random.nextInt(-2048, 2048) : draw.random.nextInt(3);
      int against = draw.percent(30) ? draw.random.nextInt(-2048, 2048) : draw.random.nextInt(3);
      what =
          List.of(
              "op=" + draw.of(WAKE_OPS) + shift + ":" + argument,
              "cmp=" + draw.of(COMPARISONS) + ":" + against);
    }
    return words(
        List.of(draw.place(), draw.place(), "wake=" + draw.count(), "wake2=" + draw.count()),
        what,
        draw.scope());
  }

  private static List<String> compareAndSet(Draw draw) {
    String word = draw.word();
    return List.of(word, draw.value(word), draw.smallValue());
  }

  /** Registers with next to no sense; nothing that could sleep until somebody knows of it. */
  private static List<String> raw(Draw draw) {
    int op =
        COMMANDS[draw.random.nextInt(COMMANDS.length)]
            | OP_BITS[draw.random.nextInt(OP_BITS.length)];
    String place = draw.place();
    boolean mayWait = (op & 0xff7f) % 0x100 == 0 || (op & 0xf) == 9;
    // a count would be a pointer there, and what it happens to point at differs
    String timeout = mayWait ? draw.of(List.of("0", "unmapped")) : draw.count();
    return List.of(
        Integer.toString(op),
        place,
        draw.value(place),
        timeout,
        draw.place(),
        draw.percent(50) ? draw.value(place) : draw.smallValue());
  }
}
