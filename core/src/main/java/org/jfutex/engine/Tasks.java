package org.jfutex.engine;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jfutex.OwnerWord;
import org.jfutex.park.ThreadEnd;
import org.jspecify.annotations.Nullable;

/** The threads of this JVM as tasks of one engine: each gets an id when it first needs one. */
final class Tasks implements TaskFinder {
  /*
   * State       live: the tasks whose threads have not ended, or whose end has not been noticed.
   *             last: the id that was given last; ids are given round and round.
   * Guards      live: concurrent. last: atomic. current: each thread its own.
   * Lock order  none.
   * Ordering    a task is in live before its id is known to anybody; a watcher that has joined the
   *             thread sees all that it did.
   * Progress    one virtual thread for each task waits for the end of its thread, so the end is
   *             noticed however the thread ends, a little after Thread.join returns.
   * Callbacks   onExit, on the watcher, with no lock held.
   * Checked by  TasksTest.
   */
  private final ConcurrentMap<Integer, Task> live = new ConcurrentHashMap<>();
  private final AtomicInteger last = new AtomicInteger();
  private final ThreadLocal<Task> current = ThreadLocal.withInitial(this::register);
  private final Consumer<Task> onExit;

  Tasks(Consumer<Task> onExit) {
    this.onExit = onExit;
  }

  /** The calling thread's task. */
  Task current() {
    return current.get();
  }

  private Task register() {
    Thread thread = Thread.currentThread();
    Task task;
    do {
      int id = last.updateAndGet(Tasks::following);
      task = new Task(id, thread.getName(), 0, thread);
    } while (live.putIfAbsent(task.id(), task) != null); // one that still lives has the id
    startWatcher(thread, task);
    return task;
  }

  private void startWatcher(Thread thread, Task task) {
    boolean started = false;
    try {
      ThreadEnd.watch(thread, () -> end(task));
      started = true;
    } finally {
      if (!started) {
        live.remove(task.id()); // nobody knows the id yet, and nobody would take it back
      }
    }
  }

  private static int following(int id) {
    return id == OwnerWord.OWNER_MASK ? 1 : id + 1;
  }

  private void end(Task task) {
    try {
      onExit.accept(task);
    } finally {
      live.remove(task.id());
    }
  }

  @Override
  public @Nullable Task find(int id) {
    return live.get(id);
  }

  /** As if an id had been given last: tests come to the end of the ids this way. */
  void continueAfter(int id) {
    last.set(id);
  }

  /** How many tasks are known. */
  int size() {
    return live.size();
  }
}
