package org.jfutex.engine;

import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.jfutex.OwnerWord;
import org.jfutex.word.Key;
import org.jfutex.word.Word;
import org.jspecify.annotations.Nullable;

/**
 * Whoever can own a priority-inheritance lock: a thread of this JVM, or one of an emulated process.
 * The kernel's task_struct, as far as futexes know it.
 */
public final class Task {
  /*
   * State       life: LIVE -> EXITING -> GONE. held: the states this task owns. blockedOn: the
   *             waiter by which it waits for a lock. rank: its own; effective: the highest of its
   *             own and those of who waits for what it holds.
   * Guards      life, held, blockedOn, rank: the lock of PiChain. effective: written under it,
   *             volatile for those who look. gone: opened once, when GONE.
   *             enlisted, pending: the task's own thread; after its end its watcher.
   * Lock order  see PiChain.
   * Ordering    what the exiting task has written is written before gone is opened.
   * Progress    a locker that meets an EXITING owner waits for gone: the exit waits for nobody.
   * Callbacks   none.
   * Checked by  PiChainTest, PiExitTest, PiRaces (jcstress).
   */
  enum Life {
    LIVE,
    EXITING,
    GONE
  }

  private final int id;
  private final String name;
  private final @Nullable Thread thread;
  private final CountDownLatch gone = new CountDownLatch(1);
  private volatile int effective;

  Life life = Life.LIVE;
  final Set<PiState> held = new LinkedHashSet<>();
  @Nullable PiWaiter blockedOn;

  /** Words it has enlisted for {@link EngineRobust}: its own thread's, then its watcher's. */
  final Map<Key, Word> enlisted = new HashMap<>();

  /** What it waits on for such a word; likewise. */
  @Nullable Word pending;

  int rank;

  /**
   * A task that is not a thread of this JVM.
   *
   * @param id what words call it, from 1 to 2^30 - 1
   * @param name its name, for people
   * @param rank its own rank; see {@link org.jfutex.WaitOptions#rank()}
   * @throws IllegalArgumentException if the id is out of range
   */
  public Task(int id, String name, int rank) {
    this(id, name, rank, null);
  }

  Task(int id, String name, int rank, @Nullable Thread thread) {
    if (id < 1 || id > OwnerWord.OWNER_MASK) {
      throw new IllegalArgumentException(
          "id %d: expected 1 to %d".formatted(id, OwnerWord.OWNER_MASK));
    }
    this.id = id;
    this.name = name;
    this.rank = rank;
    this.effective = rank;
    this.thread = thread;
  }

  /**
   * What words call it.
   *
   * @return from 1 to 2^30 - 1
   */
  public int id() {
    return id;
  }

  /**
   * A name for people.
   *
   * @return the thread's, or what was given
   */
  public String name() {
    return thread == null ? name : thread.getName();
  }

  /** The thread of this JVM that it is; null if it is none. */
  @Nullable Thread thread() {
    return thread;
  }

  /**
   * The highest of its own rank and the ranks of all who wait for what it holds, directly or
   * through other owners.
   *
   * @return the rank it has just now
   */
  public int effectiveRank() {
    return effective;
  }

  void setEffective(int now) {
    effective = now;
  }

  void markGone() {
    life = Life.GONE;
    gone.countDown();
  }

  /** Waits until an exiting task has let go of what it held. */
  void awaitGone() {
    boolean interrupted = false;
    while (true) {
      try {
        gone.await();
        break;
      } catch (InterruptedException e) {
        interrupted = true; // short: the exit waits for nobody
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public String toString() {
    return "task " + id + " (" + name() + ")";
  }
}
