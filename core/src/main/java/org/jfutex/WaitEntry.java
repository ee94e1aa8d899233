package org.jfutex;

import org.jfutex.word.Word;

/**
 * One word of a vector wait and the value it must hold for the wait to sleep (struct futex_waitv).
 *
 * @param word the word
 * @param expected the value, of which the low {@link Word#bits()} count
 */
public record WaitEntry(Word word, long expected) {}
