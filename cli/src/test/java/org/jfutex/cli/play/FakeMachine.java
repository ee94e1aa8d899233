package org.jfutex.cli.play;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jfutex.cli.machine.Backing;
import org.jfutex.cli.machine.Capability;
import org.jfutex.cli.machine.Machine;
import org.jfutex.cli.machine.MachineProcess;
import org.jfutex.cli.machine.MachineThread;
import org.jfutex.cli.machine.Protection;
import org.jfutex.cli.machine.ThreadState;
import org.jspecify.annotations.Nullable;

/** A machine that does what a test tells it, and notes what it was asked for. */
final class FakeMachine implements Machine {
  private final String name;
  private final FakeProcess first = new FakeProcess("");
  private final Map<String, Deque<Reply>> replies = new HashMap<>();
  private final Map<String, FakeThread> threads = new HashMap<>();
  private final Map<Capability, String> lacking = new EnumMap<>(Capability.class);
  private final List<String> log = new ArrayList<>();
  private int nextTid = 100;
  private boolean closed;

  FakeMachine(String name) {
    this.name = name;
  }

  /** What a call leads to: a state, a result once it has one, and something beside it. */
  record Reply(ThreadState state, long result, Runnable effect) {}

  /** The next call of a thread returns. */
  FakeMachine returns(String thread, long result) {
    return returns(thread, result, () -> {});
  }

  /** The next call of a thread returns, and something else happens. */
  FakeMachine returns(String thread, long result, Runnable effect) {
    return reply(thread, new Reply(ThreadState.RETURNED, result, effect));
  }

  /** The next call of a thread sleeps. */
  FakeMachine sleeps(String thread) {
    return reply(thread, new Reply(ThreadState.SLEEPING, 0, () -> {}));
  }

  /** The next call of a thread never comes to rest. */
  FakeMachine runs(String thread) {
    return reply(thread, new Reply(ThreadState.RUNNING, 0, () -> {}));
  }

  /** Does something when the next call of a thread has begun, beside what was said of it. */
  void reactTo(String thread, Runnable effect) {
    Deque<Reply> queue = replies.computeIfAbsent(thread, _ -> new ArrayDeque<>());
    Reply reply = queue.removeLast();
    queue.addLast(new Reply(reply.state(), reply.result(), effect));
  }

  private FakeMachine reply(String thread, Reply reply) {
    replies.computeIfAbsent(thread, _ -> new ArrayDeque<>()).add(reply);
    return this;
  }

  /** Ends the call of a thread. */
  void wake(String thread, long result) {
    thread(thread).state = ThreadState.RETURNED;
    thread(thread).result = result;
  }

  /** Ends the call of a thread when somebody waits for it. */
  void wakeAtJoin(String thread, long result) {
    thread(thread).late = result;
  }

  FakeThread thread(String thread) {
    FakeThread found = threads.get(thread);
    if (found == null) {
      throw new AssertionError("no thread " + thread);
    }
    return found;
  }

  FakeMachine lacks(Capability capability, String reason) {
    lacking.put(capability, reason);
    return this;
  }

  List<String> log() {
    return log;
  }

  boolean isClosed() {
    return closed;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public @Nullable String lacks(Capability capability) {
    return lacking.get(capability);
  }

  @Override
  public FakeProcess process() {
    return first;
  }

  @Override
  public void close() {
    closed = true;
  }

  /** Memory is one array of bytes for each mapping. */
  final class FakeProcess implements MachineProcess {
    private final String prefix;
    private final NavigableMap<Long, byte[]> mappings = new TreeMap<>();
    private long next = 0x100000;

    FakeProcess(String prefix) {
      this.prefix = prefix;
    }

    private void note(String what) {
      log.add(prefix + what);
    }

    @Override
    public long map(Backing backing, long bytes) {
      long address = next;
      next += 0x100000;
      mappings.put(address, new byte[(int) bytes]);
      note("map " + backing + " " + bytes);
      return address;
    }

    @Override
    public long alias(long address) {
      long alias = next;
      next += 0x100000;
      mappings.put(alias, mappings.get(address));
      note("alias " + Long.toHexString(address));
      return alias;
    }

    @Override
    public void protect(long address, long bytes, Protection protection) {
      note("protect " + Long.toHexString(address) + " " + bytes + " " + protection);
    }

    @Override
    public void unmap(long address, long bytes) {
      note("unmap " + Long.toHexString(address) + " " + bytes);
      mappings.remove(address);
    }

    @Override
    public long remap(long address) {
      long moved = next;
      next += 0x100000;
      mappings.put(moved, mappings.remove(address));
      note("remap " + Long.toHexString(address));
      return moved;
    }

    @Override
    public void truncate(long address, long bytes) {
      note("truncate " + Long.toHexString(address) + " " + bytes);
    }

    @Override
    public byte[] read(long address, int bytes) {
      Map.Entry<Long, byte[]> mapping = mapping(address, bytes);
      int at = (int) (address - mapping.getKey());
      return Arrays.copyOfRange(mapping.getValue(), at, at + bytes);
    }

    @Override
    public void write(long address, byte[] bytes) {
      Map.Entry<Long, byte[]> mapping = mapping(address, bytes.length);
      System.arraycopy(
          bytes, 0, mapping.getValue(), (int) (address - mapping.getKey()), bytes.length);
    }

    private Map.Entry<Long, byte[]> mapping(long address, int bytes) {
      Map.Entry<Long, byte[]> mapping = mappings.floorEntry(address);
      if (mapping == null || address + bytes > mapping.getKey() + mapping.getValue().length) {
        throw new IllegalArgumentException("0x" + Long.toHexString(address) + ": not mapped");
      }
      return mapping;
    }

    @Override
    public MachineThread thread(String thread, int fifo) {
      note("thread " + thread + " " + fifo);
      long scratch = next;
      next += 0x100000;
      mappings.put(scratch, new byte[SCRATCH_BYTES]);
      FakeThread made = new FakeThread(this, thread, nextTid++, scratch);
      threads.put(thread, made);
      return made;
    }

    @Override
    public MachineProcess fork() {
      note("fork");
      FakeProcess child = new FakeProcess("child ");
      mappings.forEach((address, bytes) -> child.mappings.put(address, bytes.clone()));
      child.next = next;
      return child;
    }

    @Override
    public void stop() {
      note("stop");
    }

    @Override
    public void resume() {
      note("resume");
    }

    @Override
    public void kill() {
      note("kill");
      threads.values().stream()
          .filter(thread -> thread.process == this)
          .forEach(thread -> thread.state = ThreadState.GONE);
    }
  }

  /** A thread whose calls end as the test has said. */
  final class FakeThread implements MachineThread {
    private final FakeProcess process;
    private final String thread;
    private final int tid;
    private final long scratch;
    private ThreadState state = ThreadState.IDLE;
    private long result;
    private @Nullable Long late;
    private int priority;

    /** The last call: its number and its registers. */
    long nr;

    long[] args = {};

    FakeThread(FakeProcess process, String thread, int tid, long scratch) {
      this.process = process;
      this.thread = thread;
      this.tid = tid;
      this.scratch = scratch;
    }

    @Override
    public int tid() {
      return tid;
    }

    @Override
    public long scratch() {
      return scratch;
    }

    @Override
    public void call(long number, long... registers) {
      nr = number;
      args = registers;
      begin("call " + number);
    }

    @Override
    public void store(long address, int value) {
      begin("store " + Long.toHexString(address) + " " + value);
    }

    @Override
    public void compareAndSet(long address, int expected, int value) {
      begin("cas " + Long.toHexString(address) + " " + expected + " " + value);
    }

    private void begin(String what) {
      if (state != ThreadState.IDLE) {
        throw new IllegalStateException(thread + " is " + state);
      }
      log.add(thread + " " + what);
      Deque<Reply> next = replies.getOrDefault(thread, new ArrayDeque<>());
      Reply reply = next.isEmpty() ? new Reply(ThreadState.RETURNED, 0, () -> {}) : next.remove();
      state = reply.state();
      result = reply.result();
      reply.effect().run();
    }

    @Override
    public ThreadState state() {
      return state;
    }

    @Override
    public ThreadState settle(long nanos) {
      return state;
    }

    @Override
    public ThreadState join(long nanos) {
      Long value = late;
      if (value != null) {
        result = value;
        state = ThreadState.RETURNED;
        late = null;
      }
      return state;
    }

    @Override
    public long takeResult() {
      if (state != ThreadState.RETURNED) {
        throw new IllegalStateException(thread + " is " + state);
      }
      state = ThreadState.IDLE;
      return result;
    }

    @Override
    public void signal(boolean restart) {
      log.add(thread + " signal " + restart);
    }

    @Override
    public int priority() {
      return priority;
    }

    /** The thread runs at a priority. */
    void runsAt(int newPriority) {
      priority = newPriority;
    }

    @Override
    public void exit() {
      log.add(thread + " exit");
      state = ThreadState.GONE;
    }
  }
}
