package org.jfutex.testing;

/** What a waiter runs on. */
public enum ThreadKind {
  /** A thread of the operating system. */
  PLATFORM {
    @Override
    Thread.Builder builder() {
      return Thread.ofPlatform();
    }
  },
  /** A thread of the JVM. */
  VIRTUAL {
    @Override
    Thread.Builder builder() {
      return Thread.ofVirtual();
    }
  };

  abstract Thread.Builder builder();
}
