package org.jfutex.cli.fuzz;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.jfutex.cli.play.Scenario.WordDecl;

/** Draws the operands of calls: mostly ones that make sense now, sometimes others. */
final class Draw {
  private static final int PERCENT = 100;
  private static final List<String> ODD_COUNTS =
      List.of("0", "-1", "-2147483648", "0x100000001", "0xffffffff");
  private static final List<String> ODD_OFFSETS = List.of("+1", "+2", "+4", "+8", "-3");

  /** Not where the next entry's pointer is: half of an address might be anybody's id. */
  private static final List<String> LOCK_OFFSETS = List.of("+1", "+2", "+4", "-3");

  private static final List<String> ODD_PLACES =
      List.of(
          "null",
          "unmapped",
          "unmapped+1",
          "0x7ffffffff000",
          "0x800000000000",
          "0xffff800000000000",
          "0xfffffffffffffffc");
  private static final List<String> ODD_TIMES =
      List.of(
          "timespec=-1,0",
          "timespec=0,-1",
          "timespec=0,1000000000",
          "timespec=unmapped",
          "timespec=0xffff800000000000",
          "timespec=9223372036854775807,999999999");
  private static final List<String> MASKS = List.of("1", "2", "3", "0x80000000", "0xffffffff", "5");
  private static final List<String> FLAGS =
      List.of("u32|private", "u32", "u32|numa|private", "u32|mpol|private", "u32|numa");
  private static final List<String> ODD_FLAGS =
      List.of("u8|private", "u16", "u64|private", "0x10", "0x100", "0x80000002", "u32|numa|mpol");

  final SplittableRandom random;
  final Shape shape;
  final View view;

  /** Who will make the call. */
  String caller = Shape.MAIN;

  Draw(SplittableRandom random, Shape shape, View view) {
    this.random = random;
    this.shape = shape;
    this.view = view;
  }

  boolean percent(int share) {
    return random.nextInt(PERCENT) < share;
  }

  boolean odd() {
    return percent(shape.odd());
  }

  <T> T of(List<T> list) {
    return list.get(random.nextInt(list.size()));
  }

  String word() {
    return of(shape.words()).name();
  }

  /** A word, or when it is to be odd some other address. */
  String place() {
    if (!odd()) {
      return word();
    }
    if (random.nextInt(3) == 0) {
      return of(ODD_PLACES);
    }
    WordDecl word = of(shape.words());
    if (random.nextInt(3) == 0) {
      return of(shape.regions().isEmpty() ? List.of("mem") : names()) + "+" + Shape.offset(word);
    }
    String offset = of(shape.ownsLocks() ? LOCK_OFFSETS : ODD_OFFSETS);
    return offset.startsWith("-") && word.offset() == 0 ? word.name() : word.name() + offset;
  }

  private List<String> names() {
    return shape.regions().stream().map(region -> region.name()).toList();
  }

  /** The value at a place, or another. */
  String value(String place) {
    boolean known = shape.words().stream().anyMatch(word -> word.name().equals(place));
    if (known && !percent(12)) {
      int value = view.value(place);
      return shape.ownsLocks() ? view.named(value).toString() : Integer.toString(value);
    }
    return smallValue();
  }

  /** A value to store, or to compare with. */
  String smallValue() {
    if (shape.ownsLocks()) {
      return Shape.owner(random, shape).toString();
    }
    return switch (random.nextInt(8)) {
      case 0 -> "0x80000000";
      case 1 -> "-1";
      case 2 -> "2147483647";
      default -> Integer.toString(random.nextInt(3));
    };
  }

  /** A value of 64 bits in the futex2 calls. */
  String wideValue(String place) {
    String value = value(place);
    if (odd()) {
      return "0x100000000";
    }
    if (value.startsWith("tid(")) {
      return value;
    }
    long number = Long.decode(value);
    return Long.toString(number & 0xffff_ffffL);
  }

  String count() {
    if (percent(3) || odd()) {
      return of(ODD_COUNTS);
    }
    return switch (random.nextInt(6)) {
      case 0 -> "2";
      case 1 -> "2147483647";
      case 2 -> "0";
      default -> "1";
    };
  }

  String mask() {
    return odd() && random.nextBoolean() ? "0" : of(MASKS);
  }

  /** The flag that makes a call of futex(2) shared, or nothing. */
  List<String> scope() {
    return percent(shape.shared()) ? List.of("shared") : List.of();
  }

  /** A time of a call that names a length: mostly none, often over, never just about to end. */
  List<String> relative() {
    if (odd()) {
      return List.of(of(ODD_TIMES));
    }
    return switch (random.nextInt(12)) {
      case 0 -> List.of("timeout=100s");
      case 1 -> List.of("timespec=0,0");
      default -> List.of();
    };
  }

  /** The same of a call that names a moment. */
  List<String> absolute() {
    if (odd()) {
      return List.of(of(ODD_TIMES));
    }
    return switch (random.nextInt(16)) {
      case 0 -> List.of("deadline=+100s");
      case 1 -> List.of("deadline=0");
      case 2 -> List.of("deadline=-1s");
      default -> List.of();
    };
  }

  /** Flags of a futex2 word. */
  String flags() {
    if (odd()) {
      return of(ODD_FLAGS);
    }
    if (percent(10)) {
      return of(FLAGS);
    }
    return percent(shape.shared()) ? "u32" : "u32|private";
  }

  static List<String> words(List<?>... parts) {
    List<String> words = new ArrayList<>();
    for (List<?> part : parts) {
      part.forEach(word -> words.add(String.valueOf(word)));
    }
    return words;
  }
}
