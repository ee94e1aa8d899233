package org.jfutex.bench;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jfutex.Futex;
import org.jfutex.word.Word;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** What a wake costs where nobody waits, beside an unpark of a thread that does not sleep. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class WakeNobody {
  private final Futex futex = Futex.jvm();
  private final Word word = Word.of(new int[1], 0);
  private final Thread self = Thread.currentThread();

  @Benchmark
  public int wake() {
    return futex.wake(word, 1);
  }

  @Benchmark
  public void unparkOfARunningThread() {
    LockSupport.unpark(self);
  }
}
