package org.jfutex.engine;

import static org.assertj.core.api.Assertions.assertThat;

import org.jfutex.Futex;
import org.jfutex.observe.Snapshot;
import org.jfutex.testing.Backend;
import org.jfutex.testing.Crew;
import org.jfutex.word.Key;
import org.jfutex.word.Word;

/** Looks into an engine from the tests of every package. */
public final class EngineProbe implements Backend {
  private final JvmFutex engine;

  /** A probe of an engine. */
  public EngineProbe(JvmFutex engine) {
    this.engine = engine;
  }

  @Override
  public Futex futex() {
    return engine;
  }

  @Override
  public int queued(Word word) {
    return Snapshot.of(engine).waitersOf(word).size();
  }

  /** Told apart by name, which the threads of a {@link Crew} have of their own. */
  @Override
  public int queued(Word word, Thread thread) {
    return (int)
        Snapshot.of(engine).waitersOf(word).stream()
            .filter(waiter -> waiter.name().equals(thread.getName()))
            .count();
  }

  @Override
  public boolean isAsleep(Word word, Thread thread) {
    return queued(word, thread) == 1;
  }

  /**
   * Nobody is queued, no bucket seems occupied, and every bucket can be locked by a thread that
   * comes.
   */
  @Override
  public void assertAtRest() {
    assertThat(engine.waiters()).isEmpty();
    try (Crew crew = new Crew()) {
      crew.start(
              () -> {
                for (int i = 0; i < engine.table().size(); i++) {
                  assertAtRest(engine.table().bucket(i));
                }
                engine.chain().lock(); // a thread that had left it locked would keep us here
                engine.chain().unlock();
                return null;
              })
          .join();
    }
  }

  private static void assertAtRest(Bucket bucket) {
    assertThat(bucket.tryLock()).as("bucket %s can be locked", bucket.index).isTrue();
    try {
      assertThat(bucket.queueLocked().size()).as("queued in bucket %s", bucket.index).isZero();
      assertThat(bucket.hasWaiters()).as("bucket %s is occupied", bucket.index).isFalse();
    } finally {
      bucket.unlock();
    }
  }

  /** Runs an action while the bucket of a key is locked by the calling thread. */
  public void whileLocked(Key key, Runnable action) {
    Bucket bucket = engine.table().bucketFor(key);
    bucket.lock();
    try {
      action.run();
    } finally {
      bucket.unlock();
    }
  }
}
