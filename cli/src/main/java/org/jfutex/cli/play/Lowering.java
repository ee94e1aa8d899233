package org.jfutex.cli.play;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jfutex.cli.play.Action.Arg;
import org.jfutex.cli.play.Action.Element;
import org.jfutex.cli.play.Action.SystemCall;
import org.jfutex.cli.play.Action.Timeout;
import org.jfutex.time.Ticker;

/**
 * Turns an operation that was read into a system call: names into addresses and thread ids, times
 * and arrays into bytes of the thread's scratch memory. Deadlines are counted from the moment of
 * the call to {@link #lower}.
 */
public final class Lowering {
  /** Where the robust list head stands in a thread's scratch memory. */
  public static final int HEAD_OFFSET = 0;

  /** struct robust_list_head: list.next, futex_offset, list_op_pending. */
  static final int HEAD_BYTES = 3 * Long.BYTES;

  private static final int TIME_OFFSET = 64;
  private static final int TIME_BYTES = 2 * Long.BYTES;
  private static final int BITS_OFFSET = 96;
  private static final int ARRAY_OFFSET = 128;

  /** struct futex_waitv: val, uaddr, flags, __reserved. */
  private static final int ELEMENT_BYTES = 24;

  private static final long NANOS_PER_SECOND = TimeUnit.SECONDS.toNanos(1);

  /** What names stand for. */
  public interface Names extends Num.Names {
    /**
     * How many bytes may be written from a place on.
     *
     * @param place the place
     * @return 0 if nothing is mapped there
     */
    int room(Place place);
  }

  private final Names names;
  private final Ticker ticker;

  /**
   * Makes a lowering.
   *
   * @param names what names stand for
   * @param ticker the clocks that deadlines are counted from
   */
  public Lowering(Names names, Ticker ticker) {
    this.names = names;
    this.ticker = ticker;
  }

  /**
   * Lowers a system call.
   *
   * @param call what to call
   * @param scratch the scratch memory of the thread that will
   * @return the registers, and what to write first
   */
  public RawCall lower(SystemCall call, long scratch) {
    List<RawCall.Write> writes = new ArrayList<>();
    long[] args = new long[call.args().size()];
    for (int i = 0; i < args.length; i++) {
      args[i] = lower(call.args().get(i), scratch, writes);
    }
    return new RawCall(call.nr(), args, writes);
  }

  private long lower(Arg arg, long scratch, List<RawCall.Write> writes) {
    return switch (arg) {
      case Arg.Value(Num number) -> value(number);
      case Arg.Address(Place place) -> names.address(place);
      case Arg.RobustHead() -> scratch + HEAD_OFFSET;
      case Arg.Bits(Num bits) -> {
        writes.add(new RawCall.Write(scratch + BITS_OFFSET, bytes(value(bits))));
        yield scratch + BITS_OFFSET;
      }
      case Arg.Time(Timeout.At(Place place)) -> names.address(place);
      case Arg.Time(Timeout timeout) -> {
        writes.add(new RawCall.Write(scratch + TIME_OFFSET, timespec(timeout)));
        yield scratch + TIME_OFFSET;
      }
      case Arg.Elements elements -> array(elements, scratch, writes);
    };
  }

  long value(Num number) {
    return number.value(names);
  }

  private long array(Arg.Elements array, long scratch, List<RawCall.Write> writes) {
    byte[] elements = new byte[ELEMENT_BYTES * array.elements().size()];
    ByteBuffer bytes = buffer(elements);
    for (Element element : array.elements()) {
      bytes
          .putLong(value(element.value()))
          .putLong(names.address(element.place()))
          .putInt((int) value(element.flags()))
          .putInt((int) value(element.reserved()));
    }
    Place at = array.at();
    if (at == null) {
      writes.add(new RawCall.Write(scratch + ARRAY_OFFSET, elements));
      return scratch + ARRAY_OFFSET;
    }
    long address = names.address(at);
    int length = Math.min(elements.length, names.room(at));
    if (length > 0) {
      writes.add(new RawCall.Write(address, Arrays.copyOf(elements, length)));
    }
    return address;
  }

  private byte[] timespec(Timeout timeout) {
    return switch (timeout) {
      case Timeout.Relative relative -> timespec(relative.duration().toNanos());
      case Timeout.FromNow now ->
          timespec(Math.max(0, ticker.nanos(now.clock()) + now.offset().toNanos()));
      case Timeout.Raw raw -> timespec(raw.seconds(), raw.nanos());
      case Timeout.At _ -> throw new AssertionError("a timespec that stands elsewhere");
    };
  }

  private static byte[] timespec(long nanos) {
    return timespec(nanos / NANOS_PER_SECOND, nanos % NANOS_PER_SECOND);
  }

  private static byte[] timespec(long seconds, long nanos) {
    byte[] bytes = new byte[TIME_BYTES];
    buffer(bytes).putLong(seconds).putLong(nanos);
    return bytes;
  }

  /** Eight bytes as the processor stores them. */
  static byte[] bytes(long value) {
    byte[] bytes = new byte[Long.BYTES];
    buffer(bytes).putLong(value);
    return bytes;
  }

  private static ByteBuffer buffer(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
