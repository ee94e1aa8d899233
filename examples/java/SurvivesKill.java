import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jfutex.Futex;
import org.jfutex.LockStatus;
import org.jfutex.sync.RobustMutex;
import org.jfutex.word.MappedFile;
import org.jfutex.word.Word;

/** One JVM is killed in the middle of a critical section; the next owner of the lock is told. */
public class SurvivesKill {
  public static void main(String[] args) throws IOException, InterruptedException {
    if (args.length == 1) {
      dieWithTheLock(Path.of(args[0]));
      return;
    }
    Path path = Files.createTempFile("survives-kill", ".words");
    try (MappedFile file = MappedFile.open(path, 0, 4096)) {
      RobustMutex mutex = RobustMutex.of(Futex.kernel(), Word.of(file, 0));
      Word balance = Word.of(file, 64);
      Word copy = Word.of(file, 128);
      Process other = new ProcessBuilder(sameCommand(path)).inheritIO().start();
      while (balance.holds(0)) {
        Futex.kernel().await(balance, 0); // until it is in the middle of it
      }
      other.destroyForcibly(); // kill -9
      LockStatus status = mutex.lock(); // waits for the end of the other, by no timeout
      if (status == LockStatus.OWNER_DIED) {
        copy.compareAndSet(copy.load(), balance.load()); // make whole what was left half done
      }
      System.out.println(status + ", balance " + balance.load() + ", copy " + copy.load());
      mutex.unlock();
      LockStatus next = mutex.lock(); // whole again
      mutex.unlock();
      boolean isRight = status == LockStatus.OWNER_DIED && next == LockStatus.LOCKED;
      System.out.println(isRight ? "ok" : "wrong");
    } finally {
      Files.delete(path);
    }
  }

  /** The other process: never comes to its second store. */
  static void dieWithTheLock(Path path) throws IOException, InterruptedException {
    try (MappedFile file = MappedFile.open(path, 0, 4096)) {
      RobustMutex mutex = RobustMutex.of(Futex.kernel(), Word.of(file, 0));
      Word balance = Word.of(file, 64);
      mutex.lock();
      balance.compareAndSet(0, 42);
      Futex.kernel().wake(balance, 1);
      Thread.sleep(60_000);
    }
  }

  static String[] sameCommand(Path path) {
    return new String[] {
      Path.of(System.getProperty("java.home"), "bin", "java").toString(),
      "--enable-native-access=ALL-UNNAMED",
      "-cp",
      System.getProperty("java.class.path"),
      System.getProperty("jdk.launcher.sourcefile", "examples/java/SurvivesKill.java"),
      path.toString()
    };
  }
}
