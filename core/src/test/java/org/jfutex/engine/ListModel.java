package org.jfutex.engine;

import java.util.ArrayList;
import java.util.List;

/**
 * What the engine does, as plainly as it can be said: a list of entries for each word, for one
 * thread. The reference of {@link EngineFuzzTest}.
 */
final class ListModel {
  /** One asynchronous wait. */
  static final class Wait {
    final String name;
    final boolean refuses;
    final List<Entry> entries = new ArrayList<>();

    /** What its listener was told, or its immediate outcome; null before. */
    String outcome;

    private boolean ended;

    Wait(String name, boolean refuses) {
      this.name = name;
      this.refuses = refuses;
    }

    private int highestTaken() {
      int highest = -1;
      for (Entry entry : entries) {
        highest = entry.taken ? entry.index : highest;
      }
      return highest;
    }
  }

  /** One of its entries. */
  static final class Entry {
    final Wait wait;
    final int index;
    final int bitset;
    final int rank;
    private boolean taken;

    Entry(Wait wait, int index, int bitset, int rank) {
      this.wait = wait;
      this.index = index;
      this.bitset = bitset;
      this.rank = rank;
    }
  }

  final List<List<Entry>> queues = new ArrayList<>();

  ListModel(int words) {
    for (int i = 0; i < words; i++) {
      queues.add(new ArrayList<>());
    }
  }

  void add(int word, Entry entry) {
    List<Entry> queue = queues.get(word);
    int place = queue.size();
    while (place > 0 && queue.get(place - 1).rank < entry.rank) {
      place--;
    }
    queue.add(place, entry);
  }

  /** Leaves without having been woken; false if it had been. */
  boolean leave(Wait wait, String outcome) {
    if (wait.ended) {
      return false;
    }
    end(wait, outcome);
    return true;
  }

  int wake(int word, int count, int bitset) {
    return tell(take(word, count, bitset), word, bitset);
  }

  int requeue(int from, int wake, int to, int move) {
    List<Entry> taken = take(from, wake, -1);
    List<Entry> source = queues.get(from);
    int moved = Math.min(move, source.size());
    for (int i = 0; i < moved && from != to; i++) {
      add(to, source.removeFirst());
    }
    int owed = taken.size();
    int told = tell(taken, from, -1);
    if (told < owed) {
      wake(to, Math.min(owed - told, moved), -1);
    }
    return told + moved;
  }

  int wakeBoth(int word, int wake, int target, int wakeTarget) {
    List<Entry> first = take(word, wake, -1);
    List<Entry> second = take(target, wakeTarget, -1);
    return tell(first, word, -1) + tell(second, target, -1);
  }

  private List<Entry> take(int word, int count, int bitset) {
    List<Entry> taken = new ArrayList<>();
    for (Entry entry : List.copyOf(queues.get(word))) {
      if (taken.size() < count && (entry.bitset & bitset) != 0) {
        entry.taken = true;
        queues.get(word).remove(entry);
        taken.add(entry);
      }
    }
    return taken;
  }

  /** Those who refuse are not counted, and their wakes go to the next. */
  private int tell(List<Entry> taken, int word, int bitset) {
    int told = 0;
    List<Entry> batch = taken;
    int wanted = taken.size();
    while (!batch.isEmpty()) {
      for (Entry entry : batch) {
        if (!entry.wait.ended) {
          end(entry.wait, "WOKEN " + entry.wait.highestTaken());
        }
        told += entry.wait.refuses ? 0 : 1;
      }
      batch = take(word, wanted - told, bitset);
    }
    return told;
  }

  private void end(Wait wait, String outcome) {
    wait.ended = true;
    wait.outcome = outcome;
    queues.forEach(queue -> queue.removeIf(entry -> entry.wait == wait));
  }
}
