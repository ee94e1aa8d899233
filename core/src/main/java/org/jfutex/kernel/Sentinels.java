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
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import org.jfutex.word.NativePlace;
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
   *             words that are enlisted, and of some that were and are kept for the next time; the
   *             same in nodes.
   *             Node.enlisted: how often      n -> n + 1    enlisted; the list stays as it is
   *                                           n -> n - 1    delisted; likewise
   *                                           0 -> UNLINKED about to be taken out; for ever, a
   *                                                         word that is enlisted again gets a new
   *                                                         node
   * Guards      lock: all but Node.enlisted, which is atomic and leaves 0 for UNLINKED under the
   *             lock only, and the id of a sentinel, which its thread writes before it is used.
   * Lock order  the lock of Shadow is taken inside.
   * Ordering    the kernel walks a list as it was when the process was killed, maybe between any
   *             two stores made here: an entry's next is stored before the entry is linked (J), and
   *             an entry is taken out by one store. Stores reach the kernel in their order, as the
   *             processor keeps it (x86-64), and (J) keeps the compiler from changing it.
   *             A word names the sentinel only while its node is enlisted: it is linked, then
   *             enlisted, then names it; then it does not, then it is delisted, then maybe taken
   *             out. Each of these steps is a compare-and-set or under the lock, so none overtakes
   *             another. A linked word that does not name the sentinel is nothing to the kernel: it
   *             goes on to the next (handle_futex_death), whatever the word holds.
   *             But it reads the word, and ends its walk at one that it cannot read: the memory of
   *             a word is pinned before it is linked and unpinned after it is taken out. Who
   *             unmaps asks first (unlinkIdle), and may not as long as a word is pinned.
   * Progress    the lock is held for a few stores, for a look at all words when MOST_IDLE have
   *             been linked since the last one, for a system call when an entry is the first in
   *             its page, and until another sentinel has started when the others are full. A word
   *             that is linked already takes no lock.
   * Callbacks   none.
   * Checked by  SentinelsTest, RobustKillTest.
   */

  /** How many locks one list takes: a walk of the kernel ends after 2,048 (ROBUST_LIST_LIMIT). */
  static final int MOST_LOCKS = 2000;

  /** How many words are linked between two looks for those that nobody has enlisted any more. */
  static final int MOST_IDLE = 128;

  private static final int UNLINKED = -1;
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
  private final Runnable release = this::unlinkIdle;
  private int mostNodes = MOST_IDLE;

  /** A linked word. */
  static final class Node {
    private final NativePlace word;
    private final Sentinel sentinel;
    private final long entry;
    private final Shadow.Page page;
    private final AtomicInteger enlisted = new AtomicInteger(1);
    private @Nullable Node before;
    private @Nullable Node behind;

    private Node(NativePlace word, Sentinel sentinel, Shadow.Page page) {
      this.word = word;
      this.sentinel = sentinel;
      this.entry = Shadow.entryOf(word.address());
      this.page = page;
    }

    /** The id by which the word names its owner. */
    int id() {
      return sentinel.id;
    }

    /** Enlists the word once more; false if it is not linked any more. */
    boolean enlist() {
      int count;
      do {
        count = enlisted.get();
        if (count == UNLINKED) {
          return false;
        }
      } while (!enlisted.compareAndSet(count, count + 1));
      return true;
    }

    /** Takes one enlisting back. The word stays linked for the next. */
    void delist() {
      int left = enlisted.decrementAndGet();
      assert left >= 0 : "delisted more often than enlisted";
    }

    /** Whether it can be enlisted no more. */
    boolean isUnlinked() {
      return enlisted.get() == UNLINKED;
    }
  }

  /** Enlists a word, and links it unless it is. */
  Node enlist(NativePlace word) {
    lock.lock();
    try {
      Node node = nodes.get(word.address());
      if (node != null && node.enlist()) {
        return node;
      }
      if (nodes.size() >= mostNodes) {
        unlinkIdle();
        mostNodes = nodes.size() + MOST_IDLE;
      }
      word.pin(release);
      boolean linked = false;
      try {
        node = link(word);
        linked = true;
      } finally {
        if (!linked) {
          word.unpin();
        }
      }
      return node;
    } finally {
      lock.unlock();
    }
  }

  private Node link(NativePlace word) {
    Sentinel sentinel = withRoom();
    Node node = new Node(word, sentinel, shadow.acquire(Shadow.entryOf(word.address())));
    nodes.put(word.address(), node);
    sentinel.link(node);
    return node;
  }

  /** Takes the words out that nobody has enlisted. */
  void unlinkIdle() {
    lock.lock();
    try {
      nodes.values().removeIf(this::isTakenOut);
    } finally {
      lock.unlock();
    }
  }

  private boolean isTakenOut(Node node) {
    if (!node.enlisted.compareAndSet(0, UNLINKED)) {
      return false;
    }
    node.sentinel.unlink(node);
    shadow.release(node.page);
    node.word.unpin();
    return true;
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
