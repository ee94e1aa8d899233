package org.jfutex.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The threads that own, to the kernel, all robust locks of this process: one for each so many locks
 * that are held at once. They do nothing; when the process ends, the kernel walks the robust list
 * of each, and marks the words that name it.
 *
 * <p>The kernel looks only for the id of the thread whose list it walks. A list of each thread
 * would be the C library's, whose entries have their fixed place next to the word, where other
 * processes can write; and a virtual thread has none.
 */
final class Sentinels {
  /*
   * State       a list of each sentinel: head -> entry -> ... -> head, in native memory, of the
   *             words that are enlisted; the same in nodes.
   * Guards      lock: all but the id of a sentinel, which its thread writes before it is used.
   * Lock order  the lock of Shadow is taken inside.
   * Ordering    the kernel walks a list as it was when the process was killed, maybe between any
   *             two stores made here: an entry's next is stored before the entry is linked (J), and
   *             an entry is taken out by one store. Stores reach the kernel in their order, as the
   *             processor keeps it (x86-64), and (J) keeps the compiler from changing it. A word
   *             is linked before it names the sentinel, which the compare-and-set orders.
   * Progress    the lock is held for a few stores, for a system call when an entry is the first in
   *             its page, and until another sentinel has started when the others are full.
   * Callbacks   none.
   * Checked by  SentinelsTest, RobustKillTest.
   */

  /** How many locks one list takes: a walk of the kernel ends after 2,048 (ROBUST_LIST_LIMIT). */
  static final int MOST_LOCKS = 2000;

  private static final long HEAD_BYTES = 24;
  private static final long OFFSET = 8;
  private static final long STACK_BYTES = 64 * 1024;

  private static final VarHandle POINTER = ValueLayout.JAVA_LONG.varHandle();

  /** A word has one entry, whoever enlists it. */
  static final Sentinels OF_PROCESS = new Sentinels();

  private final ReentrantLock lock = new ReentrantLock();
  private final Shadow shadow = Shadow.OF_PROCESS;
  private final List<Sentinel> sentinels = new ArrayList<>();
  private final Map<Long, Node> nodes = new HashMap<>();

  /** An enlisted word. */
  private static final class Node {
    final Sentinel sentinel;
    final long entry;
    final Shadow.Page page;
    int count = 1;
    @Nullable Node before;
    @Nullable Node behind;

    Node(Sentinel sentinel, long entry, Shadow.Page page) {
      this.sentinel = sentinel;
      this.entry = entry;
      this.page = page;
    }
  }

  /** Links a word, unless it is; returns the id by which the word names its owner. */
  int enlist(long word) {
    lock.lock();
    try {
      Node node = nodes.get(word);
      if (node != null) {
        node.count++;
        return node.sentinel.id;
      }
      Sentinel sentinel = withRoom();
      long entry = Shadow.entryOf(word);
      node = new Node(sentinel, entry, shadow.acquire(entry));
      nodes.put(word, node);
      sentinel.link(node);
      return sentinel.id;
    } finally {
      lock.unlock();
    }
  }

  /** Takes an {@link #enlist} back, and the word out if it was the last. */
  void delist(long word) {
    lock.lock();
    try {
      Node node = nodes.get(word);
      if (node == null) {
        throw new IllegalStateException(
            "word at 0x%x: expected one that is enlisted".formatted(word));
      }
      if (--node.count == 0) {
        node.sentinel.unlink(node);
        nodes.remove(word);
        shadow.release(node.page);
      }
    } finally {
      lock.unlock();
    }
  }

  private Sentinel withRoom() {
    for (Sentinel sentinel : sentinels) {
      if (sentinel.size < MOST_LOCKS) {
        return sentinel;
      }
    }
    Sentinel another = Sentinel.start();
    sentinels.add(another);
    return another;
  }

  /** One of the threads, with its list. */
  private static final class Sentinel {
    private final MemorySegment head = Arena.global().allocate(HEAD_BYTES, Long.BYTES);
    private int id;
    private int size;
    private @Nullable Node first;

    static Sentinel start() {
      Sentinel sentinel = new Sentinel();
      CountDownLatch ready = new CountDownLatch(1);
      Thread.ofPlatform()
          .daemon()
          .stackSize(STACK_BYTES)
          .name("jfutex-robust-owner")
          .start(() -> sentinel.run(ready));
      KernelWait.await(ready);
      if (sentinel.id <= 0) {
        throw new IllegalStateException("set_robust_list failed with errno " + -sentinel.id);
      }
      return sentinel;
    }

    private void run(CountDownLatch ready) {
      head.set(ValueLayout.JAVA_LONG, 0, head.address()); // an empty list, and nothing pending
      head.set(ValueLayout.JAVA_LONG, OFFSET, Shadow.DISTANCE);
      long result = Syscalls.call(FutexCalls.NR_SET_ROBUST_LIST, head.address(), HEAD_BYTES, 0);
      id = (int) (result == 0 ? FutexCalls.currentThread() : result);
      ready.countDown();
      if (result == 0) {
        KernelWait.await(new CountDownLatch(1)); // as long as the process lives
      }
    }

    void link(Node node) {
      Node behind = first;
      node.behind = behind;
      store(Shadow.at(node.entry), behind == null ? head.address() : behind.entry);
      store(head, node.entry); // (J) after the entry's own, see the kernel's walk
      if (behind != null) {
        behind.before = node;
      }
      first = node;
      size++;
    }

    void unlink(Node node) {
      Node before = node.before;
      Node behind = node.behind;
      store(
          before == null ? head : Shadow.at(before.entry),
          behind == null ? head.address() : behind.entry); // (J) the one store that takes it out
      if (before == null) {
        first = behind;
      } else {
        before.behind = behind;
      }
      if (behind != null) {
        behind.before = before;
      }
      size--;
    }

    private static void store(MemorySegment at, long pointer) {
      POINTER.setRelease(at, 0L, pointer); // (J) pairs with the kernel's walk
    }
  }
}
