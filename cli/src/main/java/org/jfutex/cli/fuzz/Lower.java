package org.jfutex.cli.fuzz;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.ToLongFunction;
import org.jfutex.cli.play.Action;
import org.jfutex.cli.play.Action.Arg;
import org.jfutex.cli.play.Action.Timeout;
import org.jfutex.cli.play.Num;
import org.jfutex.cli.play.Place;
import org.jfutex.time.Ticker;

/** Turns calls of a program into registers and what they point at. */
final class Lower {
  private static final int TIMESPEC = 0;
  private static final int BITS = 2 * Long.BYTES;
  private static final int ELEMENTS = 4 * Long.BYTES;
  private static final int ELEMENT_BYTES = 24;
  private static final int REGISTERS = 6;
  private static final long NANOS = TimeUnit.SECONDS.toNanos(1);

  private Lower() {}

  /**
   * The registers of a call.
   *
   * @param call the call
   * @param addresses where places are
   * @param scratch where the calling thread's scratch memory is
   */
  static RawCall call(Action.SystemCall call, ToLongFunction<Place> addresses, long scratch) {
    ByteBuffer memory = ByteBuffer.allocate(size(call.args())).order(ByteOrder.nativeOrder());
    long[] registers = new long[REGISTERS];
    for (int i = 0; i < call.args().size(); i++) {
      registers[i] = argument(call.args().get(i), addresses, scratch, memory);
    }
    return new RawCall(call.nr(), registers, memory.array());
  }

  /** The value of a number in which no thread is named. */
  static long value(Num number) {
    return number.value(
        thread -> {
          throw new IllegalArgumentException("tid(" + thread + "): expected a plain number");
        });
  }

  private static int size(List<Arg> args) {
    int size = 0;
    for (Arg arg : args) {
      size =
          Math.max(
              size,
              switch (arg) {
                case Arg.Time(Timeout.At _) -> 0;
                case Arg.Time _ -> BITS;
                case Arg.Bits _ -> ELEMENTS;
                case Arg.Elements e when e.at() == null ->
                    ELEMENTS + e.elements().size() * ELEMENT_BYTES;
                default -> 0;
              });
    }
    return size;
  }

  private static long argument(
      Arg arg, ToLongFunction<Place> addresses, long scratch, ByteBuffer memory) {
    return switch (arg) {
      case Arg.Value value -> value(value.number());
      case Arg.Address address -> addresses.applyAsLong(address.place());
      case Arg.Time(Timeout.At at) -> addresses.applyAsLong(at.place());
      case Arg.Time(Timeout.Raw raw) -> time(raw.seconds(), raw.nanos(), scratch, memory);
      case Arg.Time(Timeout.Relative relative) ->
          time(relative.duration().toNanos(), scratch, memory);
      case Arg.Time(Timeout.FromNow fromNow) ->
          time(
              Ticker.system().nanos(fromNow.clock()) + fromNow.offset().toNanos(), scratch, memory);
      case Arg.Bits bits -> {
        memory.putLong(BITS, value(bits.bits()));
        yield scratch + BITS;
      }
      case Arg.Elements elements -> elements(elements, addresses, scratch, memory);
      case Arg.RobustHead _ ->
          throw new IllegalArgumentException("a robust list: expected a call without one");
    };
  }

  private static long time(long nanos, long scratch, ByteBuffer memory) {
    long positive = Math.max(nanos, 0);
    return time(positive / NANOS, positive % NANOS, scratch, memory);
  }

  private static long time(long seconds, long nanos, long scratch, ByteBuffer memory) {
    memory.putLong(TIMESPEC, seconds).putLong(TIMESPEC + Long.BYTES, nanos);
    return scratch + TIMESPEC;
  }

  private static long elements(
      Arg.Elements elements, ToLongFunction<Place> addresses, long scratch, ByteBuffer memory) {
    Place at = elements.at();
    if (at != null) {
      return addresses.applyAsLong(at);
    }
    int offset = ELEMENTS;
    for (Action.Element element : elements.elements()) {
      memory.putLong(offset, value(element.value()));
      memory.putLong(offset + 8, addresses.applyAsLong(element.place()));
      memory.putInt(offset + 16, (int) value(element.flags()));
      memory.putInt(offset + 20, (int) value(element.reserved()));
      offset += ELEMENT_BYTES;
    }
    return scratch + ELEMENTS;
  }
}
