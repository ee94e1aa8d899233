import org.jfutex.Futex;
import org.jfutex.word.Word;

/** A lock in 4 bytes: 0 free, 1 held, 2 held and somebody waits. A million of them fit an int[]. */
public class TinyLock {
  static final Futex FUTEX = Futex.jvm();
  static final int[] CELLS = new int[1_000_000];

  static void lock(Word lock) {
    if (lock.compareAndSet(0, 1)) {
      return; // free: the futex is not even asked
    }
    while (!lock.compareAndSet(0, 2)) {
      if (lock.holds(2) || lock.compareAndSet(1, 2)) {
        FUTEX.await(lock, 2); // sleeps only if the word still holds 2
      }
    }
  }

  static void unlock(Word lock) {
    boolean quiet = lock.compareAndSet(1, 0);
    if (!quiet && lock.compareAndSet(2, 0)) {
      FUTEX.wake(lock, 1);
    }
  }

  static int counter;

  public static void main(String[] args) throws InterruptedException {
    Word lock = Word.of(CELLS, 7);
    Runnable work =
        () -> {
          for (int i = 0; i < 10_000; i++) {
            lock(lock);
            counter++;
            unlock(lock);
          }
        };
    Thread platform = Thread.ofPlatform().start(work);
    Thread virtual = Thread.ofVirtual().start(work);
    platform.join();
    virtual.join();
    System.out.println(counter == 20_000 ? "ok" : "lost " + (20_000 - counter));
  }
}
