import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jfutex.io.TcpStream;
import org.jfutex.io.TimerSource;
import org.jfutex.poll.Epoll;
import org.jfutex.poll.Events;
import org.jfutex.time.Deadline;

/**
 * Many clients of {@link ChatServer} in one thread, two to a room, each of which sends so many
 * numbered lines to the other, and checks that it gets those of the other, each once and in order.
 *
 * <p>{@code java ChatLoad.java [CONNECTIONS [MESSAGES [one | virtual [DISCIPLINE]]]]} starts a
 * server, and prints {@code ok} if every message has arrived.
 */
public class ChatLoad {
  private static final int EVENTS_AT_ONCE = 256;
  private static final int CONNECTING_AT_ONCE = 256;
  private static final int WINDOW = 8;
  private static final Duration LIMIT = Duration.ofSeconds(120);

  private final Epoll<Client> epoll = new Epoll<>();
  private final List<Client> clients = new ArrayList<>();
  private final int messages;
  private int joined;
  private int answered;
  private int finished;
  private long received;

  ChatLoad(int messages) {
    this.messages = messages;
  }

  public static void main(String[] args) throws Exception {
    int connections = args.length > 0 ? Integer.parseInt(args[0]) : 1_000;
    int messages = args.length > 1 ? Integer.parseInt(args[1]) : 100;
    String threads = args.length > 2 ? args[2] : "one";
    String discipline = args.length > 3 ? args[3] : "HYBRID";
    Process server = startServer(threads, discipline);
    try (BufferedReader out =
        new BufferedReader(
            new InputStreamReader(server.getInputStream(), StandardCharsets.UTF_8))) {
      String greeting = out.readLine(); // "listening on PORT"
      int port = Integer.parseInt(greeting.substring(greeting.lastIndexOf(' ') + 1));
      ChatLoad load = new ChatLoad(messages);
      long start = System.nanoTime();
      load.run(new InetSocketAddress("127.0.0.1", port), connections + connections % 2);
      System.out.printf(
          "%d connections, %d messages each way per connection, %.1f s%n",
          load.clients.size(), messages, (System.nanoTime() - start) / 1e9);
      server.getOutputStream().close(); // the server ends with its input
      String last = "";
      for (String line = out.readLine(); line != null; line = out.readLine()) {
        last = line;
      }
      System.out.println("the server " + last);
    }
    System.out.println(server.waitFor() == 0 ? "ok" : "the server has failed");
    System.exit(server.exitValue());
  }

  private static Process startServer(String threads, String discipline) throws IOException {
    Path self =
        Path.of(System.getProperty("jdk.launcher.sourcefile", "examples/chat/ChatLoad.java"));
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            self.resolveSibling("ChatServer.java").toString(),
            "0",
            threads,
            discipline)
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
  }

  private void run(InetSocketAddress address, int connections) throws Exception {
    TimerSource clock = new TimerSource();
    clock.arm(Deadline.after(Duration.ofSeconds(1)), Duration.ofSeconds(1));
    epoll.add(clock, Events.IN, null);
    Deadline limit = Deadline.after(LIMIT);
    while (finished < connections) {
      while (clients.size() < connections && clients.size() - joined < CONNECTING_AT_ONCE) {
        clients.add(new Client(clients.size(), address));
      }
      List<Epoll.Ready<Client>> ready = epoll.awaitEvents(EVENTS_AT_ONCE, limit);
      if (ready.isEmpty()) {
        throw new IllegalStateException(
            "after %s only %d of %d clients had all; %d joined, %d messages received"
                .formatted(LIMIT, finished, connections, joined, received));
      }
      for (Epoll.Ready<Client> each : ready) {
        if (each.data() == null) {
          report(clock, connections);
        } else {
          each.data().ready(each.events());
        }
      }
    }
    if (answered != connections) {
      throw new IllegalStateException(answered + " answers of the workers, not " + connections);
    }
  }

  private void report(TimerSource clock, int connections) {
    if (clock.tryTake() > 0 && System.console() != null) {
      System.out.printf("\r%d of %d joined, %d messages ", joined, connections, received);
    }
  }

  /** One connection. */
  private final class Client {
    private final int number;
    private final TcpStream stream;
    private final ByteBuffer in = ByteBuffer.allocate(8192);
    private ByteBuffer out = ByteBuffer.allocate(0);
    private boolean isConnected;
    private boolean hasJoined;
    private boolean hasAnswer;
    private int sent;
    private int got;

    Client(int number, InetSocketAddress address) throws IOException {
      this.number = number;
      stream = TcpStream.open();
      boolean _ = stream.tryConnect(address);
      epoll.add(stream, Events.OUT, this);
    }

    void ready(int events) throws IOException {
      if (!isConnected) {
        if (!stream.finishConnect()) {
          return;
        }
        isConnected = true;
        say("room-" + number / 2 + "\n");
      }
      if ((events & Events.IN) != 0) {
        read();
      }
      flush();
    }

    private void read() throws IOException {
      if (stream.tryRead(in) < 0) {
        throw new IllegalStateException("client " + number + " was hung up on after " + got);
      }
      in.flip();
      int start = 0;
      for (int i = 0; i < in.limit(); i++) {
        if (in.get(i) == '\n') {
          line(new String(in.array(), start, i - start, StandardCharsets.UTF_8));
          start = i + 1;
        }
      }
      in.position(start);
      in.compact();
    }

    private void line(String line) throws IOException {
      if (!hasJoined) {
        check(line, line.startsWith("joined "));
        hasJoined = true;
        joined++;
        if (line.equals("joined 2")) { // the other one is there too, and both begin
          Client other = clients.get(number ^ 1);
          fill();
          other.fill();
          other.flush();
        }
      } else if (!line.startsWith("m ")) { // what the workers have found
        check(line, line.equals(String.valueOf(number + 1)) && !hasAnswer);
        hasAnswer = true;
        answered++;
        finishIfDone();
      } else {
        check(line, line.equals("m " + (number ^ 1) + " " + got));
        got++;
        received++;
        fill();
        finishIfDone();
      }
    }

    private void check(String line, boolean isRight) {
      if (!isRight) {
        throw new IllegalStateException(
            "client %d, after %d messages: not expected: %s".formatted(number, got, line));
      }
    }

    private void finishIfDone() {
      if (got == messages && hasAnswer) {
        finished++;
      }
    }

    /** Sends as long as no more than some are on their way that the other has not answered. */
    private void fill() throws IOException {
      StringBuilder text = new StringBuilder();
      while (sent < messages && sent - got < WINDOW) {
        if (sent == messages / 2) {
          text.append("/sum ").append(number).append(" 1\n"); // something for the workers
        }
        text.append("m ").append(number).append(' ').append(sent++).append('\n');
      }
      if (!text.isEmpty()) {
        say(text.toString());
      }
    }

    private void say(String text) {
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      ByteBuffer both = ByteBuffer.allocate(out.remaining() + bytes.length);
      out = both.put(out).put(bytes).flip();
    }

    private void flush() throws IOException {
      if (out.hasRemaining()) {
        int _ = stream.tryWrite(out);
      }
      epoll.modify(stream, out.hasRemaining() ? Events.IN | Events.OUT : Events.IN, this);
    }
  }
}
