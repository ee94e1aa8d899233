package org.jfutex;

import java.util.function.Supplier;
import org.jfutex.word.Word;

/**
 * What a backend does for locks whose next owner is told that the last one ended without unlocking.
 * The locks themselves are in {@code org.jfutex.sync}; their words are laid out as {@link
 * OwnerWord} says.
 *
 * <p>The end of an owner replaces its id in the word by {@link OwnerWord#OWNER_DIED}, keeps {@link
 * OwnerWord#WAITERS}, and wakes one waiter. On the Java engine the owner is a thread. On the kernel
 * it is a thread of this process too as long as the process lives; when the process ends, however
 * it ends, the kernel does this for every word that one of its threads owned.
 */
public interface Robust {
  /**
   * Announces that the calling thread is about to own a word. To be called before the word names
   * it, and taken back by {@link #delist} once the word does not name it any more: so the word is
   * found at every moment in which the thread may own it.
   *
   * @param word a 32-bit word; on the kernel one in a {@link org.jfutex.word.MappedFile}, at a
   *     place that is a multiple of 8
   * @return the id by which the word is to name its owner. Threads of one process may share it on
   *     the kernel, so it does not tell one of them from another
   * @throws FutexException with EINVAL if the word is another
   * @throws org.jfutex.word.WordFault on the kernel if the word's file is closed; it cannot be
   *     closed until {@link #delist}, or until the word of a thread that has ended has been marked
   */
  int enlist(Word word);

  /**
   * Takes one {@link #enlist} of the calling thread back. The word does not name it as the owner.
   *
   * @param word the word
   * @throws IllegalStateException if the thread has not enlisted the word
   */
  void delist(Word word);

  /**
   * Runs an attempt to take a lock that may sleep on its word. If the caller ends in it after a
   * wake was given to it, and nobody owns the word, the wake is given to the next waiter. An
   * attempt made inside of an attempt takes its place meanwhile.
   *
   * @param <T> the type of the outcome
   * @param word the word that the attempt waits on
   * @param attempt what to run; on the kernel another thread may run it for a virtual one, which
   *     waits for it and hands interrupts on
   * @return what the attempt returned
   */
  <T> T attempt(Word word, Supplier<T> attempt);

  /**
   * Frees a word and wakes one waiter, in one step that no end of the caller can divide.
   *
   * @param word the word
   */
  void free(Word word);

  /**
   * Frees a word as the end of its owner would: it says {@link OwnerWord#OWNER_DIED} afterwards,
   * and one waiter is woken, in one step that no end of the caller can divide.
   *
   * @param word the word
   */
  void abandon(Word word);
}
