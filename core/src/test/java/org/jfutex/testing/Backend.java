package org.jfutex.testing;

import org.jfutex.Futex;
import org.jfutex.word.Word;

/** What the contract needs of a backend besides its operations. */
public interface Backend {
  /** The backend. */
  Futex futex();

  /** How many waiters are queued on a word just now. */
  int queued(Word word);

  /** How many entries of one thread are queued on a word just now. */
  int queued(Word word, Thread thread);

  /** Whether a thread sleeps in an operation on locks that names this word first. */
  boolean isAsleep(Word word, Thread thread);

  /** Fails if anybody is queued, counted or locked anywhere. */
  void assertAtRest();
}
