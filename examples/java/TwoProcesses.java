import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jfutex.Futex;
import org.jfutex.word.MappedFile;
import org.jfutex.word.Word;

/** One JVM sleeps until another stores to a word of a file that both have mapped. */
public class TwoProcesses {
  public static void main(String[] args) throws IOException, InterruptedException {
    if (args.length == 1) {
      tell(Path.of(args[0]));
      return;
    }
    Path path = Files.createTempFile("two-processes", ".words");
    try (MappedFile file = MappedFile.open(path, 0, 4096)) {
      Process other = new ProcessBuilder(sameCommand(path)).inheritIO().start();
      Word word = Word.of(file, 0);
      while (word.holds(0)) {
        Futex.kernel().await(word, 0); // sleeps only if the word still holds 0
      }
      System.out.println("told " + word.load());
      System.out.println(other.waitFor() == 0 && word.holds(42) ? "ok" : "wrong");
    } finally {
      Files.delete(path);
    }
  }

  /** The other process: stores, then wakes. */
  static void tell(Path path) throws IOException {
    try (MappedFile file = MappedFile.open(path, 0, 4096)) {
      Word word = Word.of(file, 0);
      word.compareAndSet(0, 42);
      Futex.kernel().wake(word, 1);
    }
  }

  static String[] sameCommand(Path path) {
    return new String[] {
      Path.of(System.getProperty("java.home"), "bin", "java").toString(),
      "--enable-native-access=ALL-UNNAMED",
      "-cp",
      System.getProperty("java.class.path"),
      System.getProperty("jdk.launcher.sourcefile", "examples/java/TwoProcesses.java"),
      path.toString()
    };
  }
}
