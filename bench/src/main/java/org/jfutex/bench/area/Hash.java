package org.jfutex.bench.area;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.jfutex.Futex;
import org.jfutex.WaitStatus;
import org.jfutex.bench.frame.Area;
import org.jfutex.bench.frame.Case;
import org.jfutex.bench.frame.Contender;
import org.jfutex.bench.frame.SkippedException;
import org.jfutex.bench.frame.Target;
import org.jfutex.word.Word;

/** The shape of {@code perf bench futex hash}: waits on many words, all of which have changed. */
final class Hash implements Area {
  private static final int THREADS = 2;

  /** As perf gives each thread. */
  private static final int WORDS = 1_024;

  private static final int CHANGED = 1_234;

  @Override
  public String name() {
    return "hash";
  }

  @Override
  public List<Case> cases() {
    return List.of(
        Case.nanos("wait, value changed, 2 threads", "engine", _ -> crowd(Futex.jvm()))
            .inEvents(0.4)
            .against(
                "perf bench futex hash",
                Target.timesFaster(100),
                _ -> Perf.perOperation(Perf.Shape.HASH, THREADS))
            .against("kernel backend", Target.none(), _ -> kernel()));
  }

  private static Contender kernel() throws SkippedException {
    return crowd(KernelCall.kernel());
  }

  /** Threads with words of their own; the figure is nanoseconds for an operation of one of them. */
  private static Contender crowd(Futex futex) {
    List<Word[]> words = new ArrayList<>();
    for (int i = 0; i < THREADS; i++) {
      MemorySegment cells = Arena.ofAuto().allocate((long) Integer.BYTES * WORDS, 64);
      words.add(
          IntStream.range(0, WORDS)
              .mapToObj(j -> Word.of(cells, (long) Integer.BYTES * j))
              .toArray(Word[]::new));
    }
    return slice -> {
      AtomicBoolean isOver = new AtomicBoolean();
      AtomicLong operations = new AtomicLong();
      AtomicLong nanos = new AtomicLong();
      List<Thread> threads = new ArrayList<>();
      for (int i = 0; i < THREADS; i++) {
        Word[] own = words.get(i);
        Runnable body =
            () -> {
              long start = System.nanoTime();
              operations.addAndGet(repeat(futex, own, isOver));
              nanos.addAndGet(System.nanoTime() - start);
            };
        threads.add(LockPi.start(i, body));
      }
      LockPi.sleep(slice);
      isOver.set(true);
      Sleepers.join(threads);
      return (double) nanos.get() / operations.get();
    };
  }

  private static long repeat(Futex futex, Word[] words, AtomicBoolean isOver) {
    long count = 0;
    do {
      count += pass(futex, words);
    } while (!isOver.get());
    return count;
  }

  private static long pass(Futex futex, Word[] words) {
    for (Word word : words) {
      if (futex.await(word, CHANGED) != WaitStatus.CHANGED) {
        throw new IllegalStateException("the word holds 0: expected CHANGED");
      }
    }
    return words.length;
  }
}
