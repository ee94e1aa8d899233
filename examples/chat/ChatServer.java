import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.jfutex.Futex;
import org.jfutex.io.BoundedQueue;
import org.jfutex.io.TcpListener;
import org.jfutex.io.TcpStream;
import org.jfutex.io.TimerSource;
import org.jfutex.io.Transport;
import org.jfutex.io.WordSource;
import org.jfutex.poll.Discipline;
import org.jfutex.poll.Epoll;
import org.jfutex.poll.Events;
import org.jfutex.time.Deadline;
import org.jfutex.word.Word;

/**
 * A chat server over TCP. A client's first line names a room; every later line goes to the others
 * in it. Lines that begin with a slash are work for other threads: {@code /time}, {@code /who},
 * {@code /sum 1 2 3}.
 *
 * <p>Sockets, a timer, a queue of finished work and the word that ends it all are in one Epoll,
 * served by one platform thread, or by as many virtual threads as you like.
 *
 * <p>{@code java ChatServer.java PORT [one | virtual [HYBRID | STATELESS | STATEFUL]]}; ends when
 * its standard input does.
 */
public class ChatServer {
  private static final int EVENTS_AT_ONCE = 256;
  private static final int VIRTUAL_THREADS = 16;
  private static final int BACKLOG = 4096;
  private static final int LONGEST_LINE = 8192;
  private static final int MOST_UNSENT = 1 << 20;

  /** What is done when something is ready. */
  private interface Handler {
    void ready(int events) throws IOException;
  }

  private record Job(Client client, String command) {}

  private record Answer(Client client, String text) {}

  private final Epoll<Handler> epoll = new Epoll<>();
  private final TcpListener listener;
  private final int flags;
  private final Map<String, Set<Client>> rooms = new ConcurrentHashMap<>();
  private final AtomicLong clients = new AtomicLong();
  private final AtomicLong lines = new AtomicLong();

  // other threads work on jobs, and their answers are one more thing to wait for
  private final BoundedQueue<Job> jobs = new BoundedQueue<>(1024);
  private final BoundedQueue<Answer> answers = new BoundedQueue<>(1024);

  // 0 while the server runs; whoever stores 1 and wakes ends it
  private final int[] shutdown = new int[1];
  private final Word word = Word.of(shutdown, 0);

  ChatServer(boolean isVirtual, Discipline discipline) throws IOException {
    listener = TcpListener.open(Transport.best(), discipline);
    // several threads must not serve one object at the same time
    flags = isVirtual ? Epoll.ONESHOT : 0;
  }

  public static void main(String[] args) throws Exception {
    boolean isVirtual = args.length > 1 && args[1].equals("virtual");
    Discipline discipline = args.length > 2 ? Discipline.valueOf(args[2]) : Discipline.HYBRID;
    new ChatServer(isVirtual, discipline).run(Integer.parseInt(args[0]), isVirtual);
  }

  void run(int port, boolean isVirtual) throws Exception {
    listener.bind(new InetSocketAddress("127.0.0.1", port), BACKLOG);
    TimerSource timer = new TimerSource();
    timer.arm(Deadline.after(Duration.ofSeconds(1)), Duration.ofSeconds(1));
    epoll.add(listener, Events.IN | flags, _ -> accept());
    epoll.add(timer, Events.IN | flags, _ -> report(timer));
    epoll.add(answers, Events.IN | flags, _ -> answer());
    WordSource end = new WordSource(Futex.jvm(), word, 0);
    epoll.add(end, Events.IN, _ -> {}); // stays ready, so that every thread sees it
    Thread.ofPlatform().daemon().start(this::endWithInput);
    for (int i = 0; i < 2; i++) {
      Thread.ofVirtual().start(this::work);
    }
    System.out.println("listening on " + listener.localAddress().getPort());

    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < (isVirtual ? VIRTUAL_THREADS : 1); i++) {
      Thread.Builder kind = isVirtual ? Thread.ofVirtual() : Thread.ofPlatform();
      threads.add(kind.start(this::serve));
    }
    for (Thread each : threads) {
      each.join();
    }
    System.out.println("served " + lines + " lines");
    System.exit(0);
  }

  private void serve() {
    try {
      while (word.holds(0)) {
        for (Epoll.Ready<Handler> each : epoll.awaitEvents(EVENTS_AT_ONCE, Deadline.NEVER)) {
          try {
            each.data().ready(each.events());
          } catch (IOException e) {
            System.err.println(e);
          }
          if (flags != 0 && !(each.data() instanceof Client)) {
            epoll.modify(each.object(), Events.IN | flags, each.data());
          }
        }
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException("nobody interrupts", e);
    }
  }

  private void endWithInput() {
    try {
      while (System.in.read() >= 0) {
        // goes on until there is no more
      }
    } catch (IOException e) {
      System.err.println(e);
    }
    word.compareAndSet(0, 1);
    Futex.jvm().wakeAll(word);
  }

  private void accept() throws IOException {
    for (TcpStream stream = listener.tryAccept(); stream != null; stream = listener.tryAccept()) {
      Client client = new Client(stream);
      clients.incrementAndGet();
      epoll.add(stream, Events.IN | flags, client);
    }
  }

  private void report(TimerSource timer) {
    if (timer.tryTake() > 0 && System.console() != null) {
      System.out.printf(
          "\r%d clients, %d rooms, %d lines ", clients.get(), rooms.size(), lines.get());
    }
  }

  private void work() {
    try {
      for (Job job = jobs.take(); job != null; job = jobs.take()) {
        answers.put(new Answer(job.client, perform(job.command)));
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException("nobody interrupts", e);
    }
  }

  private String perform(String command) {
    String[] words = command.split(" ");
    return switch (words[0]) {
      case "/time" -> Instant.now().toString();
      case "/who" -> clients + " clients in " + rooms.size() + " rooms";
      case "/sum" -> {
        long sum = 0;
        for (int i = 1; i < words.length; i++) {
          sum += Long.parseLong(words[i]);
        }
        yield String.valueOf(sum);
      }
      default -> "no such command: " + words[0];
    };
  }

  private void answer() throws IOException {
    for (Answer each = answers.tryTake(); each != null; each = answers.tryTake()) {
      each.client.send(ByteBuffer.wrap((each.text + "\n").getBytes(StandardCharsets.UTF_8)));
    }
  }

  /** One connection. */
  private final class Client implements Handler {
    private final TcpStream stream;
    private final ByteBuffer in = ByteBuffer.allocate(LONGEST_LINE);
    private final ReentrantLock lock = new ReentrantLock(); // for all that follows
    private final Queue<ByteBuffer> unsent = new ArrayDeque<>();
    private int unsentBytes;
    private boolean isGone;
    private boolean isServed;
    private int interest = Events.IN;
    private volatile Set<Client> room;

    Client(TcpStream stream) {
      this.stream = stream;
    }

    @Override
    public void ready(int events) {
      try {
        if (!begin()) {
          return;
        }
        if ((events & Events.OUT) != 0) {
          flush();
        }
        if ((events & ~Events.OUT) != 0 && read() < 0) {
          leave();
          return;
        }
        end();
      } catch (IOException e) {
        leave();
      }
    }

    /** False if another thread serves it: a message armed it again before that one was here. */
    private boolean begin() {
      lock.lock();
      try {
        boolean isFirst = !isServed;
        isServed = true;
        return isFirst;
      } finally {
        lock.unlock();
      }
    }

    private void end() {
      lock.lock();
      try {
        isServed = false;
        await(); // which reports what came meanwhile
      } finally {
        lock.unlock();
      }
    }

    /** Says what to wait for, if that has changed or must be said again; with the lock held. */
    private void await() {
      int now = unsent.isEmpty() ? Events.IN : Events.IN | Events.OUT;
      if (!isGone && !isServed && (flags != 0 || now != interest)) { // one thread serves it
        interest = now;
        epoll.modify(stream, now | flags, this);
      }
    }

    private int read() throws IOException {
      int count = stream.tryRead(in);
      in.flip();
      int start = 0;
      for (int i = 0; i < in.limit(); i++) {
        if (in.get(i) == '\n') {
          line(in.slice(start, i + 1 - start));
          start = i + 1;
        }
      }
      in.position(start);
      in.compact();
      if (!in.hasRemaining()) {
        throw new IOException("a line of more than " + LONGEST_LINE + " bytes");
      }
      return count;
    }

    private void line(ByteBuffer line) throws IOException {
      lines.incrementAndGet();
      if (room == null) {
        room = rooms.computeIfAbsent(text(line), _ -> ConcurrentHashMap.newKeySet());
        room.add(this);
        send(ByteBuffer.wrap(("joined " + room.size() + "\n").getBytes(StandardCharsets.UTF_8)));
      } else if (line.get(0) == '/') {
        if (!jobs.tryPut(new Job(this, text(line)))) {
          send(ByteBuffer.wrap("too busy\n".getBytes(StandardCharsets.UTF_8)));
        }
      } else {
        ByteBuffer copy = ByteBuffer.allocate(line.remaining()).put(line).flip();
        for (Client each : room) {
          if (each != this) {
            each.send(copy.duplicate());
          }
        }
      }
    }

    private static String text(ByteBuffer line) {
      return StandardCharsets.UTF_8.decode(line.duplicate()).toString().strip();
    }

    /** Called by whoever has something for this client. */
    void send(ByteBuffer message) {
      lock.lock();
      try {
        if (isGone) {
          return;
        }
        if (unsent.isEmpty()) {
          int _ = stream.tryWrite(message);
        }
        if (message.hasRemaining()) {
          boolean isFirst = unsent.isEmpty();
          unsent.add(message);
          unsentBytes += message.remaining();
          if (unsentBytes > MOST_UNSENT) {
            throw new IOException("a client that does not read");
          }
          if (isFirst) {
            await();
          }
        }
      } catch (IOException e) {
        leave();
      } finally {
        lock.unlock();
      }
    }

    private void flush() throws IOException {
      lock.lock();
      try {
        ByteBuffer next = unsent.peek();
        while (next != null) {
          unsentBytes -= stream.tryWrite(next);
          if (next.hasRemaining()) {
            return;
          }
          unsent.remove();
          next = unsent.peek();
        }
      } finally {
        lock.unlock();
      }
    }

    private void leave() {
      lock.lock();
      try {
        if (isGone) {
          return;
        }
        isGone = true;
        stream.close(); // which takes it out of the epoll
      } catch (IOException e) {
        System.err.println(e);
      } finally {
        lock.unlock();
      }
      clients.decrementAndGet();
      Set<Client> left = room;
      if (left != null) {
        left.remove(this);
      }
    }
  }
}
