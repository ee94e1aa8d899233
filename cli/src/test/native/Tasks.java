import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Exchanger;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Phaser;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A HotSpot program of its own: platform and virtual threads over java.util.concurrent, with a
 * checkable answer.
 */
final class Tasks {
  private static final int ITEMS = 2000;

  private Tasks() {}

  public static void main(String[] args) throws Exception {
    Thread.ofPlatform().daemon().start(Tasks::endIfStuck);
    long queue = throughQueue(Executors.newFixedThreadPool(4));
    long virtual = throughQueue(Executors.newVirtualThreadPerTaskExecutor());
    long monitors = throughMonitors();
    long meetings = meet();
    boolean timedOut = !new Semaphore(0).tryAcquire(30, TimeUnit.MILLISECONDS);
    boolean interrupted = interruptSleeper();
    System.gc();
    System.out.printf(
        "queue %d virtual %d monitors %d meetings %d timed out %b interrupted %b%n",
        queue, virtual, monitors, meetings, timedOut, interrupted);
    long sum = (long) ITEMS * (ITEMS + 1) / 2;
    boolean right =
        queue == sum
            && virtual == sum
            && monitors == 4000
            && meetings == 50
            && timedOut
            && interrupted;
    System.out.println(right ? "ok" : "failed");
    System.exit(right ? 0 : 1);
  }

  private static void endIfStuck() {
    LockSupport.parkNanos(Duration.ofSeconds(60).toNanos());
    System.out.println("stuck");
    Runtime.getRuntime().halt(3);
  }

  private static long throughQueue(ExecutorService executor) throws Exception {
    BlockingQueue<Integer> queue = new ArrayBlockingQueue<>(3);
    AtomicLong sum = new AtomicLong();
    CountDownLatch left = new CountDownLatch(ITEMS);
    try (executor) {
      List<Future<?>> tasks = new ArrayList<>();
      for (int t = 0; t < 2; t++) {
        int first = t + 1;
        tasks.add(
            executor.submit(
                () -> {
                  for (int i = first; i <= ITEMS; i += 2) queue.put(i);
                  return null;
                }));
        tasks.add(
            executor.submit(
                () -> {
                  for (int i = 0; i < ITEMS / 2; i++) {
                    sum.addAndGet(queue.take());
                    left.countDown();
                  }
                  return null;
                }));
      }
      left.await();
      for (Future<?> task : tasks) task.get();
    }
    return sum.get();
  }

  private static long throughMonitors() throws InterruptedException {
    Object monitor = new Object();
    ReentrantLock lock = new ReentrantLock();
    long[] count = new long[2];
    List<Thread> threads = new ArrayList<>();
    for (int t = 0; t < 4; t++) {
      Runnable work =
          () -> {
            for (int i = 0; i < 500; i++) {
              synchronized (monitor) {
                count[0]++;
              }
              lock.lock();
              try {
                count[1]++;
              } finally {
                lock.unlock();
              }
            }
          };
      threads.add(t % 2 == 0 ? Thread.ofPlatform().start(work) : Thread.startVirtualThread(work));
    }
    for (Thread thread : threads) thread.join();
    return count[0] + count[1];
  }

  private static long meet() throws Exception {
    AtomicLong tripped = new AtomicLong();
    CyclicBarrier barrier = new CyclicBarrier(3, tripped::incrementAndGet);
    Phaser phaser = new Phaser(3);
    Exchanger<Integer> exchanger = new Exchanger<>();
    try (ExecutorService executor = Executors.newCachedThreadPool()) {
      List<Future<?>> tasks = new ArrayList<>();
      for (int t = 0; t < 3; t++) {
        int me = t;
        tasks.add(
            executor.submit(
                () -> {
                  for (int i = 0; i < 50; i++) {
                    barrier.await();
                    phaser.arriveAndAwaitAdvance();
                    if (me < 2 && exchanger.exchange(me) != 1 - me)
                      throw new AssertionError("exchanged with itself");
                  }
                  return null;
                }));
      }
      for (Future<?> task : tasks) task.get();
    }
    return tripped.get();
  }

  private static boolean interruptSleeper() throws InterruptedException {
    boolean[] seen = new boolean[1];
    Thread sleeper =
        Thread.ofVirtual()
            .start(
                () -> {
                  LockSupport.park(seen);
                  seen[0] = Thread.currentThread().isInterrupted();
                });
    while (sleeper.getState() != Thread.State.WAITING) Thread.onSpinWait();
    sleeper.interrupt();
    sleeper.join();
    return seen[0];
  }
}
