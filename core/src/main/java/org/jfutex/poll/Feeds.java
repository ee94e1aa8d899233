package org.jfutex.poll;

import java.util.Arrays;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** The feeds of several pollees as one: each is drained and watched once. */
final class Feeds implements Feed {
  /*
   * State       feeds, uses: the distinct feeds and for how many pollees each. watchers: for how
   *             many who sleep each of them is watched, once.
   * Guards      uses, watchers: lock. feeds: written with it held, as a new array; read without.
   * Lock order  lock; inside of it the locks of the feeds: for an epoll in an epoll the same of the
   *             inner one, and there are no circles of those.
   * Ordering    who adds a feed while somebody sleeps watches it for the sleeper, and polls after.
   * Progress    as the feeds'.
   * Callbacks   watch and unwatch of the feeds, with the lock held; drain with none.
   * Checked by  EpollCallbackTest.
   */
  private static final Feed[] NONE = {};

  private final ReentrantLock lock = new ReentrantLock();
  private volatile Feed[] feeds = NONE;
  private int[] uses = {};
  private int watchers;

  /** Of the epoll whose they are, if they are one's. */
  final @Nullable Nesting nesting;

  Feeds(@Nullable Nesting nesting) {
    this.nesting = nesting;
  }

  void add(@Nullable Feed feed) {
    if (feed == null) {
      return;
    }
    lock.lock();
    try {
      int at = indexOf(feed);
      if (at >= 0) {
        uses[at]++;
        return;
      }
      if (watchers > 0) {
        feed.watch();
      }
      Feed[] more = Arrays.copyOf(feeds, feeds.length + 1);
      more[feeds.length] = feed;
      uses = Arrays.copyOf(uses, more.length);
      uses[more.length - 1] = 1;
      feeds = more;
    } finally {
      lock.unlock();
    }
  }

  void remove(@Nullable Feed feed) {
    if (feed == null) {
      return;
    }
    lock.lock();
    try {
      int at = indexOf(feed);
      if (at < 0 || --uses[at] > 0) { // it could not be watched, and so was not added
        return;
      }
      int last = feeds.length - 1;
      Feed[] fewer = Arrays.copyOf(feeds, last);
      if (at < last) {
        fewer[at] = feeds[last];
        uses[at] = uses[last];
      }
      uses = Arrays.copyOf(uses, last);
      feeds = fewer;
      if (watchers > 0) {
        feed.unwatch();
      }
    } finally {
      lock.unlock();
    }
  }

  private int indexOf(Feed feed) {
    for (int i = 0; i < feeds.length; i++) {
      if (feeds[i].equals(feed)) {
        return i;
      }
    }
    return -1;
  }

  @Override
  public void drain() {
    for (Feed feed : feeds) {
      feed.drain();
    }
  }

  @Override
  public void watch() {
    lock.lock();
    try {
      if (watchers++ == 0) {
        for (Feed feed : feeds) {
          feed.watch();
        }
      }
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void unwatch() {
    lock.lock();
    try {
      if (--watchers == 0) {
        for (Feed feed : feeds) {
          feed.unwatch();
        }
      }
    } finally {
      lock.unlock();
    }
  }
}
