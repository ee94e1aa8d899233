package org.jfutex.kernel;

import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.spi.AbstractSelectableChannel;
import java.nio.channels.spi.AbstractSelector;
import java.util.Set;
import org.jfutex.time.Deadline;
import org.jfutex.word.NativePlace;
import org.jspecify.annotations.Nullable;

/** The sleep of a platform thread in its own wait, which {@link Thread#interrupt} ends. */
final class InterruptibleSleeper extends Sleeper {
  /*
   * State       RECENT: a sleeper by the low bits of its thread's id; any that has been there.
   *             parker: null until the thread asks for it.
   * Guards      parker: the thread. RECENT: none; its elements are written by whoever finds another
   *             there. An element tells by a final field whose it is, so who reads its own reads
   *             what it wrote.
   * Lock order  none.
   * Ordering    that of Sleeper. The hook is put in before each wait, as other blocking calls take
   *             it out, and is left in after it: who comes late finds the sleeper IDLE.
   * Progress    that of Sleeper.
   * Callbacks   none.
   * Checked by  SleeperTest, KernelFutexContractTest.
   */
  private static final ThreadLocal<InterruptibleSleeper> CURRENT =
      ThreadLocal.withInitial(InterruptibleSleeper::new);

  /** Spares most waits the four objects of a ThreadLocal's look-up. */
  private static final @Nullable InterruptibleSleeper[] RECENT = new InterruptibleSleeper[64];

  private final long owner = Thread.currentThread().threadId();
  private final Hook hook = new Hook();
  private @Nullable FutexParker parker;

  /** That of the calling thread, which is a platform thread. */
  static InterruptibleSleeper current() {
    long thread = Thread.currentThread().threadId();
    int slot = (int) thread & (RECENT.length - 1);
    InterruptibleSleeper recent = RECENT[slot];
    return recent != null && recent.owner == thread ? recent : find(slot);
  }

  private static InterruptibleSleeper find(int slot) {
    InterruptibleSleeper sleeper = CURRENT.get();
    RECENT[slot] = sleeper;
    return sleeper;
  }

  /** The thread as one that parks. */
  FutexParker parker() {
    FutexParker made = parker;
    if (made == null) {
      made = new FutexParker(this);
      parker = made;
    }
    return made;
  }

  @Override
  boolean isCancelRequested() {
    return Thread.currentThread().isInterrupted();
  }

  /** Sleeps, as {@link #sleepOnOne}; ECANCELED and EINTR mean interrupted. */
  int sleepInterruptibly(NativePlace place, int expected, int bitset, Deadline deadline) {
    hook.install();
    return sleepOnOne(place.address(), place.isShared(), expected, bitset, deadline);
  }

  /** Sleeps, as {@link #sleepOnAll}; ECANCELED and EINTR mean interrupted. */
  int sleepInterruptibly(int entries, Deadline deadline) {
    hook.install();
    return sleepOnAll(entries, deadline);
  }

  /**
   * What Thread.interrupt calls while the thread is in a wait: the JDK does so for whoever extends
   * AbstractSelector, and there is no other hook. No channel is ever registered here.
   *
   * <p>An interrupt sets the flag first and calls {@link #wakeup} afterwards, maybe when the wait
   * has ended; see the argument (G) in {@link Sleeper}.
   */
  private final class Hook extends AbstractSelector {
    @SuppressWarnings("NullAway") // AbstractSelector only stores the provider
    Hook() {
      super(null);
    }

    void install() {
      begin();
    }

    @Override
    public Selector wakeup() {
      cancel();
      return this;
    }

    @Override
    protected void implCloseSelector() {
      throw new UnsupportedOperationException();
    }

    @Override
    protected SelectionKey register(
        AbstractSelectableChannel channel, int ops, @Nullable Object attachment) {
      throw new UnsupportedOperationException(channel.toString());
    }

    @Override
    public Set<SelectionKey> keys() {
      return Set.of();
    }

    @Override
    public Set<SelectionKey> selectedKeys() {
      return Set.of();
    }

    @Override
    public int selectNow() {
      throw new UnsupportedOperationException();
    }

    @Override
    public int select(long timeout) {
      throw new UnsupportedOperationException();
    }

    @Override
    public int select() {
      throw new UnsupportedOperationException();
    }
  }
}
