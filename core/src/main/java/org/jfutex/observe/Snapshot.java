package org.jfutex.observe;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jfutex.engine.JvmFutex;
import org.jfutex.engine.SleepingWaiter;
import org.jfutex.engine.TableUse;
import org.jfutex.word.Key;
import org.jfutex.word.Word;

/**
 * Who slept in an engine when it was taken: consistent for each word, and of about the same time
 * for all. When a waiter came is usually told to 0.13 s, see {@link SleepingWaiter}.
 *
 * @param words the words somebody waits on, the most crowded first
 * @param tables how large the engine's tables are
 */
public record Snapshot(List<WaitedWord> words, List<TableUse> tables) {
  /**
   * One word and who waits on it.
   *
   * @param key the word's key
   * @param waiters its waiters, in the order they will be woken
   */
  public record WaitedWord(Key key, List<SleepingWaiter> waiters) {
    /** Copies the list. */
    public WaitedWord {
      waiters = List.copyOf(waiters);
    }
  }

  /** Copies the lists. */
  public Snapshot {
    words = List.copyOf(words);
    tables = List.copyOf(tables);
  }

  /**
   * Looks at an engine.
   *
   * @param engine the engine
   * @return who sleeps in it
   */
  public static Snapshot of(JvmFutex engine) {
    Map<Key, List<SleepingWaiter>> byKey = new LinkedHashMap<>();
    for (SleepingWaiter waiter : engine.waiters()) {
      byKey.computeIfAbsent(waiter.key(), _ -> new ArrayList<>()).add(waiter);
    }
    return new Snapshot(
        byKey.entrySet().stream()
            .map(entry -> new WaitedWord(entry.getKey(), entry.getValue()))
            .sorted(Comparator.comparingInt((WaitedWord word) -> -word.waiters().size()))
            .toList(),
        engine.tables());
  }

  /**
   * Whether nobody sleeps.
   *
   * @return true if there is no waiter
   */
  public boolean isEmpty() {
    return words.isEmpty();
  }

  /**
   * How many entries are queued; a vector wait has several.
   *
   * @return the number of waiters on all words
   */
  public int size() {
    return words.stream().mapToInt(word -> word.waiters().size()).sum();
  }

  /**
   * Who waits on a word.
   *
   * @param word the word
   * @return its waiters, in the order they will be woken; empty if there are none
   */
  public List<SleepingWaiter> waitersOf(Word word) {
    Key key = word.key();
    return words.stream()
        .filter(waited -> waited.key().equals(key))
        .findFirst()
        .map(WaitedWord::waiters)
        .orElse(List.of());
  }
}
