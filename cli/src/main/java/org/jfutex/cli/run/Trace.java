package org.jfutex.cli.run;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Prints every finished call as a line in the manner of strace(1):
 *
 * <pre>
 * 0.001234 [1234/1240] FUTEX_WAIT_PRIVATE(0x7f.., 2, NULL) = 0 &lt;woken by 1241 after 1.30 ms&gt;
 * </pre>
 *
 * <p>The time is when the call was made, in seconds from the start of the run; a line appears when
 * the call ends. A line is written whole, in one write, as soon as it is there: whatever happens to
 * the program or to jfutex, no line is lost in a buffer, and a trace of a program that hangs is
 * complete.
 *
 * <p>Where the output breaks, as on a full disk, the first error is reported and the trace ends;
 * the program runs on.
 */
final class Trace implements CallSink, AutoCloseable {
  /*
   * State       broken: false -> true at the first error of the output, or when closed; never back.
   * Guards      out, broken: lock.
   * Lock order  the supervisor's lock, then this one; nothing is taken inside but the output's own.
   * Ordering    only the lock's: lines of calls that end in order stand in that order.
   * Progress    the holder of the lock may wait for a slow output, as strace does.
   * Callbacks   complaint, after unlock.
   * Checked by  TraceTest.
   */
  private static final double SECOND_NANOS = 1e9;

  private final ReentrantLock lock = new ReentrantLock();

  @GuardedBy("lock")
  private final OutputStream out;

  private final long startNanos;
  private final Consumer<String> complaint;

  @GuardedBy("lock")
  private boolean broken;

  /**
   * A trace.
   *
   * @param out where lines go; best unbuffered; closed by {@link #close}
   * @param startNanos the start of the run on the monotonic clock, from which times are counted
   * @param complaint takes the one message about an output that breaks
   */
  Trace(OutputStream out, long startNanos, Consumer<String> complaint) {
    this.out = out;
    this.startNanos = startNanos;
    this.complaint = complaint;
  }

  @Override
  public void served(ServedCall call) {
    byte[] line = (line(call) + "\n").getBytes(StandardCharsets.UTF_8);
    IOException error = null;
    lock.lock();
    try {
      if (!broken) {
        out.write(line);
        out.flush();
      }
    } catch (IOException e) {
      broken = true;
      error = e;
    } finally {
      lock.unlock();
    }
    if (error != null) {
      complain(error);
    }
  }

  /** Nothing: a process shows in the lines of its calls. */
  @Override
  public void processSeen(int tgid, String name, boolean unserved32) {}

  /** Nothing: a thread shows in the lines of its calls. */
  @Override
  public void threadSeen(int tgid, int tid) {}

  /** Ends the trace and closes its output. Later calls leave no line. */
  @Override
  public void close() {
    IOException error;
    lock.lock();
    try {
      boolean first = !broken;
      broken = true;
      error = closeLocked(first);
    } finally {
      lock.unlock();
    }
    if (error != null) {
      complain(error);
    }
  }

  /** Closes the output; its error matters only where it is the first. */
  @GuardedBy("lock")
  private @Nullable IOException closeLocked(boolean first) {
    try {
      out.close();
      return null;
    } catch (IOException e) {
      return first ? e : null;
    }
  }

  private void complain(IOException error) {
    complaint.accept("the trace ends here, it cannot be written: " + error.getMessage());
  }

  private String line(ServedCall call) {
    double seconds = (call.atNanos() - startNanos) / SECOND_NANOS;
    return String.format(
        Locale.ROOT,
        "%10.6f [%d/%d] %s = %s%s",
        seconds,
        call.tgid(),
        call.tid(),
        CallText.call(call),
        CallText.result(call),
        ending(call));
  }

  /** How long a sleeper slept and who ended it; nothing for a call that did not sleep. */
  private static String ending(ServedCall call) {
    if (!CallText.slept(call)) {
      return "";
    }
    String after = "after " + HumanText.duration(call.tookNanos()) + ">";
    return call.wakerTid() == 0 ? " <" + after : " <woken by " + call.wakerTid() + " " + after;
  }
}
