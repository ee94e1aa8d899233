package org.jfutex.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jfutex.Futex;
import org.jfutex.testing.Backend;
import org.jfutex.testing.Crew;
import org.jfutex.word.NativePlace;
import org.jfutex.word.Word;

/** Looks at who waits in the kernel, for the contract and for tests. */
public final class KernelProbe implements Backend {
  private static final int ENTRY_BYTES = 24;
  private static final int THREAD_NAME_BYTES = 15;

  private final KernelFutex futex;

  private KernelProbe(KernelFutex futex) {
    this.futex = futex;
  }

  /** With waits served by io_uring. */
  public static Backend withRing() {
    return new KernelProbe(Ring.FUTEX);
  }

  /** With waits served by threads, as where io_uring is refused. */
  public static Backend withHelpers() {
    return new KernelProbe(Helpers.FUTEX);
  }

  @Override
  public Futex futex() {
    return futex;
  }

  @Override
  public int queued(Word word) {
    NativePlace place = word.nativePlace();
    int waiters = FutexCalls.waiters(place.address(), place.isShared());
    assertThat(waiters).as("waiters of %s", word).isNotNegative();
    return waiters;
  }

  /** Of a thread that sleeps itself, the call it is blocked in is read. */
  @Override
  public int queued(Word word, Thread thread) {
    NativePlace place = word.nativePlace();
    int served =
        futex.served().stream()
            .filter(wait -> wait.owner() == thread && futex.isQueued(wait))
            .mapToInt(wait -> entriesOn(place, wait))
            .sum();
    return served > 0 || thread.isVirtual() ? served : entriesOfSleeper(place, thread);
  }

  private static int entriesOn(NativePlace place, KernelWait wait) {
    return (int)
        Arrays.stream(wait.entries())
            .filter(entry -> entry.place().address() == place.address())
            .count();
  }

  private static int entriesOfSleeper(NativePlace place, Thread thread) {
    return callsOf(thread).stream().mapToInt(call -> entriesOn(place, call)).sum();
  }

  /** As for a vector: a thread that is not running has queued. */
  @Override
  public boolean isAsleep(Word word, Thread thread) {
    long address = word.nativePlace().address();
    return callsOf(thread).stream()
        .anyMatch(
            call ->
                call[0].equals(Integer.toString(FutexCalls.NR_FUTEX))
                    && Long.decode(call[1]) == address);
  }

  /** What procfs says of the threads of that name; the words of a system call, or "running". */
  private static List<String[]> callsOf(Thread thread) {
    byte[] name = thread.getName().getBytes(java.nio.charset.StandardCharsets.UTF_8);
    String comm = new String(name, 0, Math.min(name.length, THREAD_NAME_BYTES));
    List<String[]> calls = new ArrayList<>();
    try (DirectoryStream<Path> tasks = Files.newDirectoryStream(Path.of("/proc/self/task"))) {
      for (Path task : tasks) {
        if (read(task.resolve("comm")).strip().equals(comm)) {
          calls.add(read(task.resolve("syscall")).strip().split(" "));
        }
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return calls;
  }

  /** The kernel says "running" unless the thread is off its processor, so it has queued by now. */
  private static int entriesOn(NativePlace place, String[] call) {
    if (call[0].equals(Integer.toString(FutexCalls.NR_FUTEX))) {
      return Long.decode(call[1]) == place.address() ? 1 : 0;
    }
    if (!call[0].equals(Integer.toString(FutexCalls.NR_FUTEX_WAITV))) {
      return 0;
    }
    int count = Math.toIntExact(Long.decode(call[2]));
    MemorySegment vector =
        MemorySegment.ofAddress(Long.decode(call[1])).reinterpret(count * (long) ENTRY_BYTES);
    int entries = 0;
    for (int i = 0; i < count; i++) {
      long address = vector.get(ValueLayout.JAVA_LONG, i * (long) ENTRY_BYTES + Long.BYTES);
      entries += address == place.address() ? 1 : 0;
    }
    return entries;
  }

  /** Empty if the thread has gone. */
  private static String read(Path file) throws IOException {
    try {
      return Files.readString(file);
    } catch (NoSuchFileException e) {
      return "";
    } catch (IOException e) {
      if (String.valueOf(e.getMessage()).contains("No such process")) {
        return "";
      }
      throw e;
    }
  }

  /** A wait that a timer's thread has ended has left its queue, and is forgotten a moment later. */
  @Override
  public void assertAtRest() {
    Crew.until("no wait is served any more", () -> futex.served().isEmpty());
  }

  private static final class Ring {
    static final KernelFutex FUTEX = open();

    private static KernelFutex open() {
      try {
        return new KernelFutex(RingWaits.open(64, 256));
      } catch (Uring.Refused e) {
        throw new AssertionError("these tests need io_uring", e);
      }
    }
  }

  private static final class Helpers {
    static final KernelFutex FUTEX = new KernelFutex(new HelperWaits());
  }
}
