package org.jfutex.cli.run;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jfutex.linux.Operation;
import org.jfutex.word.Key;
import org.jspecify.annotations.Nullable;

/** Who slept on which word for how long. Used under the lock of {@link RunReport}. */
final class WordTable {
  /** How many words are told apart. */
  static final int MAX_WORDS = 10_000;

  /** How many wakers of one word are told apart: those that came first. */
  static final int MAX_WAKERS = 16;

  private static final Comparator<Row> LONGEST_FIRST =
      Comparator.comparingLong((Row row) -> row.totalNanos)
          .reversed()
          .thenComparing(row -> row.word);

  private final Map<Key, Row> rows = new HashMap<>();
  private final Rest dropped = new Rest();

  /** Takes a wait that slept. */
  void add(ServedCall call) {
    for (Key key : call.words()) {
      Row row = rows.get(key);
      if (row == null) {
        if (rows.size() == MAX_WORDS) {
          dropHalf();
        }
        row = new Row(label(call, key), call.tgid());
        rows.put(key, row);
      }
      row.add(call);
    }
  }

  /**
   * Makes room. Dropping half at a time costs each new word a constant share of the sort, and a
   * word that comes up late can still reach the top.
   */
  private void dropHalf() {
    List<Map.Entry<Key, Row>> order = new ArrayList<>(rows.entrySet());
    order.sort(Map.Entry.comparingByValue(LONGEST_FIRST));
    for (Map.Entry<Key, Row> entry : order.subList(MAX_WORDS / 2, order.size())) {
      dropped.add(entry.getValue());
      rows.remove(entry.getKey());
    }
  }

  /** The address as the program knows it; a vector names addresses that a call does not carry. */
  private static String label(ServedCall call, Key key) {
    return call.operation() == Operation.FUTEX_WAITV
        ? key.toString()
        : "0x" + Long.toHexString(call.args()[0]);
  }

  /**
   * The words by the time slept on them.
   *
   * @param top how many
   * @return the first ones singly, all others together
   */
  Ranking ranking(int top) {
    List<Row> order = rows.values().stream().sorted(LONGEST_FIRST).toList();
    int split = Math.min(top, order.size());
    Rest rest = new Rest();
    rest.add(dropped);
    order.subList(split, order.size()).forEach(rest::add);
    return new Ranking(order.subList(0, split).stream().map(Row::line).toList(), rest.line());
  }

  /**
   * The words of a run, ordered.
   *
   * @param top those slept on longest in total, longest first
   * @param others all others, null where there is none
   */
  record Ranking(List<RunSummary.WordLine> top, RunSummary.@Nullable OtherWords others) {}

  private static final class Row {
    private final String word;
    private final int tgid;
    private final Map<Integer, Long> wakers = new HashMap<>();
    private long waits;
    private long totalNanos;
    private long longestNanos;
    private long woken;

    Row(String word, int tgid) {
      this.word = word;
      this.tgid = tgid;
    }

    void add(ServedCall call) {
      waits++;
      totalNanos += call.tookNanos();
      longestNanos = Math.max(longestNanos, call.tookNanos());
      int waker = call.wakerTid();
      if (waker != 0) {
        woken++;
        if (wakers.size() < MAX_WAKERS || wakers.containsKey(waker)) {
          wakers.merge(waker, 1L, Long::sum);
        }
      }
    }

    RunSummary.WordLine line() {
      int waker = 0;
      long most = 0;
      for (Map.Entry<Integer, Long> entry : wakers.entrySet()) {
        long wakes = entry.getValue();
        // the smaller id where two woke alike, so that a report does not depend on hashing
        if (wakes > most || (wakes == most && entry.getKey() < waker)) {
          waker = entry.getKey();
          most = wakes;
        }
      }
      return new RunSummary.WordLine(
          word, tgid, waits, totalNanos, longestNanos, woken, waker, most);
    }
  }

  /** What is left of words that are not told apart. */
  private static final class Rest {
    private long words;
    private long waits;
    private long totalNanos;
    private long longestNanos;

    void add(Row row) {
      words++;
      waits += row.waits;
      totalNanos += row.totalNanos;
      longestNanos = Math.max(longestNanos, row.longestNanos);
    }

    void add(Rest rest) {
      words += rest.words;
      waits += rest.waits;
      totalNanos += rest.totalNanos;
      longestNanos = Math.max(longestNanos, rest.longestNanos);
    }

    RunSummary.@Nullable OtherWords line() {
      return words == 0 ? null : new RunSummary.OtherWords(words, waits, totalNanos, longestNanos);
    }
  }
}
