package org.jfutex.io;

import java.io.IOException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** The thread that waits for channels, and tells their sources. */
final class ChannelWatch {
  /*
   * State       only: the one of this process. selector: with a key per source, see there.
   * Guards      only: MAKING, and read without. The selected keys: the thread.
   * Lock order  MAKING.
   * Ordering    see ChannelSource.
   * Progress    the thread blocks in select, and is woken for each interest that is new.
   * Callbacks   observers, by the sources, with no lock held.
   * Checked by  ChannelSourceTest.
   */
  private static final ReentrantLock MAKING = new ReentrantLock();
  private static volatile @Nullable ChannelWatch only;

  private final Selector selector;

  private ChannelWatch(Selector selector) {
    this.selector = selector;
  }

  /** The one of this process; made when it is first used. */
  static ChannelWatch get() throws IOException {
    ChannelWatch watch = only;
    if (watch == null) {
      MAKING.lock();
      try {
        watch = only;
        if (watch == null) {
          watch = new ChannelWatch(Selector.open());
          Thread.ofPlatform()
              .daemon()
              .name("jfutex-channels")
              .inheritInheritableThreadLocals(false)
              .start(watch::run);
          only = watch;
        }
      } finally {
        MAKING.unlock();
      }
    }
    return watch;
  }

  SelectionKey register(SelectableChannel channel, ChannelSource source) throws IOException {
    return channel.register(selector, 0, source);
  }

  private void run() {
    Thread self = Thread.currentThread();
    while (true) {
      try {
        int _ = selector.select();
        List<SelectionKey> ready = new ArrayList<>(selector.selectedKeys());
        selector.selectedKeys().clear();
        for (SelectionKey key : ready) {
          if (key.attachment() instanceof ChannelSource source) {
            source.tell();
          }
        }
      } catch (IOException | RuntimeException | Error e) { // which must not end all others
        self.getUncaughtExceptionHandler().uncaughtException(self, e);
      }
    }
  }
}
