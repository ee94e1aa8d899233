package org.jfutex.bench.area;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import org.jfutex.Futex;
import org.jfutex.WaitStatus;
import org.jfutex.bench.frame.Jvm;
import org.jfutex.bench.frame.Processors;
import org.jfutex.shm.SharedRegion;
import org.jfutex.shm.Signal;
import org.jfutex.time.Deadline;
import org.jfutex.word.MappedFile;
import org.jfutex.word.Word;

/** The program of the process at the other end, until {@link CrossProcess} ends it. */
final class OtherEnd {
  static final String WORDS = "words";
  static final String SOCKET = "socket";
  static final String SIGNAL = "signal";
  static final String RIVAL = "rival";

  /** Of the file with the words; each is on cache lines of its own. */
  static final long FILE_BYTES = 512;

  static final long PING = 0;
  static final long PONG = 256;

  private OtherEnd() {}

  /**
   * Answers, or competes.
   *
   * @param args what, the path of what is shared, and the processor to stay on
   * @throws IOException if what is shared cannot be opened
   */
  public static void main(String[] args) throws IOException {
    Jvm.endWithParent();
    Path path = Path.of(args[1]);
    int processor = Integer.parseInt(args[2]);
    switch (args[0]) {
      case WORDS -> answerInWords(path, processor);
      case SOCKET -> answerInBytes(path, processor);
      case SIGNAL -> answerSignals(path, processor);
      case RIVAL -> compete(path, processor);
      default -> throw new IllegalArgumentException(args[0] + ": expected words, socket, ...");
    }
  }

  /**
   * Keeps to a processor from now on. Whether to spin is decided when the classes that might are
   * initialized, by how many processors that thread may use; so that comes first.
   */
  private static void ready(int processor) {
    Processors.allow(Processors.only(processor));
    System.out.println("ready");
  }

  private static void answerInWords(Path path, int processor) throws IOException {
    Futex futex = Futex.kernel();
    try (MappedFile file = MappedFile.open(path, 0, FILE_BYTES)) {
      Word ping = Word.of(file, PING);
      Word pong = Word.of(file, PONG);
      ready(processor);
      for (int i = 1; ; i++) {
        await(futex, ping, i);
        post(futex, pong, i);
      }
    }
  }

  /** The next number, which is one more than what the word holds. */
  static void post(Futex futex, Word word, int number) {
    if (!word.compareAndSet(number - 1, number)) {
      throw new IllegalStateException("%s: expected %d".formatted(word, number - 1));
    }
    int _ = futex.wake(word, 1);
  }

  /** Waits for the next number. */
  static void await(Futex futex, Word word, int number) {
    while ((int) word.load() != number) {
      WaitStatus _ = futex.await(word, number - 1);
    }
  }

  private static void answerInBytes(Path path, int processor) throws IOException {
    try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      channel.connect(UnixDomainSocketAddress.of(path));
      ready(processor);
      ByteBuffer buffer = ByteBuffer.allocateDirect(1);
      while (true) {
        receive(channel, buffer);
        send(channel, buffer);
      }
    }
  }

  static void send(SocketChannel channel, ByteBuffer buffer) throws IOException {
    buffer.clear();
    if (channel.write(buffer) != 1) {
      throw new IOException("a byte was not written");
    }
  }

  static void receive(SocketChannel channel, ByteBuffer buffer) throws IOException {
    buffer.clear();
    if (channel.read(buffer) != 1) {
      throw new IOException("the other end has closed");
    }
  }

  private static void answerSignals(Path path, int processor) throws IOException {
    try (SharedRegion region = SharedRegion.open(path, Rivalry.LAYOUT)) {
      Signal ping = region.signal(Rivalry.PING);
      Signal pong = region.signal(Rivalry.PONG);
      int seen = ping.stamp();
      ready(processor);
      while (true) {
        WaitStatus _ = ping.await(seen, Deadline.NEVER);
        seen = ping.stamp();
        pong.raise();
      }
    }
  }

  private static void compete(Path path, int processor) throws IOException {
    try (SharedRegion region = SharedRegion.open(path, Rivalry.LAYOUT)) {
      Rivalry rivalry = new Rivalry(region);
      ready(processor);
      rivalry.follow();
    }
  }
}
