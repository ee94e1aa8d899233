import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jfutex.LockStatus;
import org.jfutex.shm.Layout;
import org.jfutex.shm.SharedMutex;
import org.jfutex.shm.SharedRegion;

/**
 * A counter that several processes count up, in Java, in C ({@code native/counter.c}) and in Python
 * ({@code native/counter.py}), any of which may be killed at any moment. Two cells always agree,
 * but for what a dead owner has left.
 */
public class SharedCounter {
  private static final Layout LAYOUT =
      Layout.builder().mutex("lock").bytes("counter", 2 * Long.BYTES).build();

  public static void main(String[] args) throws Exception {
    if (args.length != 2) {
      System.err.println("usage: java SharedCounter.java NAME TIMES");
      System.exit(2);
    }
    try (SharedRegion region = SharedRegion.open(args[0], LAYOUT)) {
      SharedMutex lock = region.mutex("lock");
      MemorySegment cells = region.bytes("counter");
      int deaths = 0;
      for (long times = Long.parseLong(args[1]); times > 0; times--) {
        if (lock.lock() == LockStatus.OWNER_DIED) { // by the kernel's mark, never by a timeout
          long begun = cells.get(ValueLayout.JAVA_LONG, 0);
          long done = cells.get(ValueLayout.JAVA_LONG, 8);
          System.out.printf("told of a death: %d begun, %d done%n", begun, done);
          cells.set(ValueLayout.JAVA_LONG, 8, begun);
          deaths++;
        }
        long count = cells.get(ValueLayout.JAVA_LONG, 0) + 1;
        cells.set(ValueLayout.JAVA_LONG, 0, count);
        cells.set(ValueLayout.JAVA_LONG, 8, count);
        lock.unlock();
      }
      lock.lock();
      long count = cells.get(ValueLayout.JAVA_LONG, 0);
      boolean agree = count == cells.get(ValueLayout.JAVA_LONG, 8);
      lock.unlock();
      System.out.printf("%d, after %d deaths: %s%n", count, deaths, agree ? "ok" : "wrong");
    }
  }
}
