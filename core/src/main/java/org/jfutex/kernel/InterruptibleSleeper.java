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
  private static final ThreadLocal<InterruptibleSleeper> CURRENT =
      ThreadLocal.withInitial(InterruptibleSleeper::new);

  private final Hook hook = new Hook();

  /** That of the calling thread, which is a platform thread. */
  static InterruptibleSleeper current() {
    return CURRENT.get();
  }

  @Override
  boolean isCancelRequested() {
    return Thread.currentThread().isInterrupted();
  }

  /** Sleeps, as {@link #sleepOnOne}; ECANCELED and EINTR mean interrupted. */
  int sleepInterruptibly(NativePlace place, int expected, int bitset, Deadline deadline) {
    hook.install();
    try {
      return sleepOnOne(place.address(), place.isShared(), expected, bitset, deadline);
    } finally {
      hook.remove();
    }
  }

  /** Sleeps, as {@link #sleepOnAll}; ECANCELED and EINTR mean interrupted. */
  int sleepInterruptibly(int entries, Deadline deadline) {
    hook.install();
    try {
      return sleepOnAll(entries, deadline);
    } finally {
      hook.remove();
    }
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

    void remove() {
      end();
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
