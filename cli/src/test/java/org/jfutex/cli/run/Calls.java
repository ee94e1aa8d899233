package org.jfutex.cli.run;

import java.util.List;
import org.jfutex.cli.run.ServedCall.Disposition;
import org.jfutex.linux.Operation;
import org.jfutex.word.Key;

/** Made-up calls. */
final class Calls {
  static final int TGID = 1234;
  static final int TID = 1240;
  static final long START = 5_000_000_000L;
  static final long WORD = 0x7f0012345678L;
  static final int PRIVATE = Operation.PRIVATE_FLAG;

  private Calls() {}

  static ServedCall futex(int op, long... rest) {
    long[] args = new long[6];
    args[0] = WORD;
    args[1] = op;
    System.arraycopy(rest, 0, args, 2, rest.length);
    return call(Operation.NR_FUTEX, args);
  }

  static ServedCall call(long nr, long... args) {
    long[] six = java.util.Arrays.copyOf(args, 6);
    return new ServedCall(
        START + 1_234_000,
        1_300_000,
        TGID,
        TID,
        nr,
        six,
        Operation.of(nr, six[1]),
        List.of(Key.address(six[0])),
        0,
        Disposition.SERVED,
        0,
        List.of());
  }

  static ServedCall result(ServedCall c, long result) {
    return new ServedCall(
        c.atNanos(),
        c.tookNanos(),
        c.tgid(),
        c.tid(),
        c.nr(),
        c.args(),
        c.operation(),
        c.words(),
        result,
        c.disposition(),
        c.wakerTid(),
        c.stack());
  }

  static ServedCall by(ServedCall c, Disposition disposition, String... stack) {
    return new ServedCall(
        c.atNanos(),
        c.tookNanos(),
        c.tgid(),
        c.tid(),
        c.nr(),
        c.args(),
        c.operation(),
        c.words(),
        c.result(),
        disposition,
        c.wakerTid(),
        List.of(stack));
  }

  /** A wait that slept. */
  static ServedCall slept(long word, long nanos, int waker) {
    ServedCall c = futex(PRIVATE, 2);
    long[] args = c.args().clone();
    args[0] = word;
    return new ServedCall(
        c.atNanos(),
        nanos,
        c.tgid(),
        c.tid(),
        c.nr(),
        args,
        c.operation(),
        List.of(Key.address(word)),
        0,
        Disposition.SERVED,
        waker,
        List.of());
  }
}
