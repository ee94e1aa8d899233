package org.jfutex.poll;

/**
 * Where events come from that no thread of this JVM brings about, such as those of the kernel's
 * sockets. Somebody has to fetch them: who polls, before it looks, and while others sleep a thread
 * of the feed's own. It brings events; they go by calls on their objects, which invalidate what is
 * known. (The one that can go otherwise is PRI: what a check finds with it should not be kept.) One
 * feed serves many {@link Pollee}s.
 */
public interface Feed {
  /**
   * Fetches what has happened until now, and tells the pollees. Called before a poll looks, once
   * for all objects of the same feed; does not block.
   */
  void drain();

  /** Somebody is about to sleep: what happens from now on must reach the pollees by itself. */
  void watch();

  /** Takes one {@link #watch} back. */
  void unwatch();
}
