package org.jfutex.cli.play;

import java.math.BigInteger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads the smallest parts of the language. Every method gives null for a text that is none. */
final class Literals {
  private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");
  private static final Pattern PLACE =
      Pattern.compile("([A-Za-z_][A-Za-z0-9_]*(?:\\.(?:node|old)){0,2})(?:([+-])(\\w+))?");
  private static final Pattern DURATION = Pattern.compile("(\\d{1,9})(ns|us|ms|s)");
  private static final Pattern TID = Pattern.compile("tid\\(([A-Za-z_][A-Za-z0-9_]*)\\)");
  private static final Pattern ADDRESS = Pattern.compile("addr\\(([^()]+)\\)");
  private static final Pattern DECIMAL = Pattern.compile("-?\\d{1,20}");
  private static final Pattern HEXADECIMAL = Pattern.compile("0x[0-9a-fA-F]{1,16}");

  private static final int HEX_RADIX = 16;
  private static final BigInteger MIN = BigInteger.valueOf(Long.MIN_VALUE);
  private static final BigInteger END = BigInteger.ONE.shiftLeft(Long.SIZE);

  private Literals() {}

  static boolean isName(String text) {
    return NAME.matcher(text).matches();
  }

  /** From -2^63 to 2^64 - 1, as 64 bits. */
  static @Nullable Long integer(String text) {
    if (HEXADECIMAL.matcher(text).matches()) {
      return Long.parseUnsignedLong(text, 2, text.length(), HEX_RADIX);
    }
    if (!DECIMAL.matcher(text).matches()) {
      return null;
    }
    BigInteger value = new BigInteger(text);
    return value.compareTo(MIN) < 0 || value.compareTo(END) >= 0 ? null : value.longValue();
  }

  static @Nullable Num number(String text) {
    return number(text, Map.of());
  }

  /** A number, some of whose terms may be names. */
  static @Nullable Num number(String text, Map<String, Integer> names) {
    List<Num.Term> terms = new ArrayList<>();
    for (String part : text.split("\\|", -1)) {
      Num.Term term = term(part, names);
      if (term == null) {
        return null;
      }
      terms.add(term);
    }
    return new Num(terms);
  }

  private static Num.@Nullable Term term(String text, Map<String, Integer> names) {
    Integer named = names.get(text);
    if (named != null) {
      return new Num.Literal(named, text);
    }
    Matcher tid = TID.matcher(text);
    if (tid.matches()) {
      return new Num.TidOf(tid.group(1));
    }
    Matcher address = ADDRESS.matcher(text);
    if (address.matches()) {
      Place place = place(address.group(1));
      return place == null ? null : new Num.AddressOf(place);
    }
    Long value = integer(text);
    return value == null ? null : new Num.Literal(value, text);
  }

  static @Nullable Place place(String text) {
    Long address = integer(text);
    if (address != null) {
      return new Place(null, address);
    }
    Matcher matcher = PLACE.matcher(text);
    if (!matcher.matches()) {
      return null;
    }
    long offset = 0;
    if (matcher.group(2) != null) {
      Long written = integer(matcher.group(3));
      if (written == null) {
        return null;
      }
      offset = matcher.group(2).equals("+") ? written : -written;
    }
    String base = matcher.group(1);
    return new Place(base.equals("null") ? null : base, offset);
  }

  static @Nullable Duration duration(String text) {
    Matcher matcher = DURATION.matcher(text);
    if (!matcher.matches()) {
      return null;
    }
    long count = Long.parseLong(matcher.group(1));
    return switch (matcher.group(2)) {
      case "ns" -> Duration.ofNanos(count);
      case "us" -> Duration.ofNanos(count * 1_000);
      case "ms" -> Duration.ofMillis(count);
      default -> Duration.ofSeconds(count);
    };
  }

  /** The shortest way to write a duration that {@link #duration} reads back. */
  static String text(Duration duration) {
    long nanos = duration.toNanos();
    if (nanos % 1_000_000_000 == 0) {
      return nanos / 1_000_000_000 + "s";
    }
    if (nanos % 1_000_000 == 0) {
      return nanos / 1_000_000 + "ms";
    }
    return nanos % 1_000 == 0 ? nanos / 1_000 + "us" : nanos + "ns";
  }

  static Scenario.@Nullable Result result(String text) {
    if (text.equals("ok")) {
      return new Scenario.Result(0, text);
    }
    Integer errno = Errnos.number(text);
    if (errno != null) {
      return new Scenario.Result(-errno, text);
    }
    Num number = number(text);
    if (number == null) {
      return null;
    }
    return number.hasNames()
        ? new Scenario.Result(0, text, number)
        : new Scenario.Result(number.plain(), text);
  }
}
