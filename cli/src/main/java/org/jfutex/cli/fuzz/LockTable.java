package org.jfutex.cli.fuzz;

import static org.jfutex.cli.fuzz.Draw.words;

import java.util.List;
import org.jfutex.OwnerWord;
import org.jfutex.cli.fuzz.OpTable.Role;
import org.jfutex.cli.fuzz.OpTable.Row;
import org.jfutex.cli.play.Scenario.WordDecl;

/**
 * The operations on locks that name their owners, on robust lists and on the hash table: of
 * programs with such words, which make those of {@link OpTable} too.
 */
final class LockTable {
  /** All of them. */
  static final List<Row> ROWS =
      List.of(
          new Row("lock_pi", Role.WAIT, 10, true, draw -> lock(draw, 0)),
          new Row("lock_pi2", Role.WAIT, 4, true, draw -> lock(draw, 30)),
          new Row("wait_requeue_pi", Role.WAIT, 7, true, LockTable::waitRequeue),
          new Row("trylock_pi", Role.WAKE, 4, true, LockTable::tryLock),
          new Row("unlock_pi", Role.WAKE, 8, true, LockTable::unlock),
          new Row("cmp_requeue_pi", Role.WAKE, 7, true, LockTable::compareRequeue),
          new Row("cas", Role.STORE, 4, true, LockTable::compareAndSet),
          new Row("store", Role.STORE, 1, true, draw -> List.of(draw.word(), draw.smallValue())),
          new Row("robust_link", Role.STORE, 4, false, LockTable::robust),
          new Row("robust_pending", Role.STORE, 2, false, LockTable::robust),
          new Row("set_robust_list", Role.SETTING, 12, false, LockTable::setRobustList),
          new Row("get_robust_list", Role.SETTING, 12, false, LockTable::getRobustList),
          new Row("hash", Role.SETTING, 1, false, LockTable::hash));

  private static final List<String> SLOTS = List.of("2", "4", "8", "16", "32", "64", "1", "3");

  private static final List<String> HEADS =
      List.of("null", "unmapped", "unmapped+1", "0xffff800000000000", "0x7ffffffff000");

  private LockTable() {}

  private static List<String> lock(Draw draw, int realtime) {
    List<String> clock = draw.percent(realtime) || draw.odd() ? List.of("realtime") : List.of();
    return words(List.of(draw.place()), draw.scope(), clock, draw.absolute());
  }

  private static List<String> tryLock(Draw draw) {
    List<String> time = draw.odd() ? List.of("timespec=unmapped") : List.of();
    return words(List.of(draw.place()), draw.scope(), time);
  }

  /** Mostly what the caller owns, if there is any. */
  private static List<String> unlock(Draw draw) {
    List<String> owned =
        draw.shape.words().stream()
            .map(WordDecl::name)
            .filter(word -> draw.caller.equals(owner(draw.view, word)))
            .toList();
    String place = owned.isEmpty() || draw.percent(15) ? draw.place() : draw.of(owned);
    return words(List.of(place), draw.scope());
  }

  /** The thread that a word names; empty if it names none of the program. */
  static String owner(View view, String word) {
    int id = OwnerWord.owner(view.value(word));
    String thread = id == 0 ? null : view.thread(id);
    return thread == null ? "" : thread;
  }

  /** Mostly from the last word to the first, so that waiters and movers agree. */
  private static List<String> pair(Draw draw) {
    boolean agreed = draw.percent(70);
    String last = draw.shape.words().getLast().name();
    return List.of(
        agreed ? last : draw.place(), agreed ? draw.shape.words().getFirst().name() : draw.place());
  }

  private static List<String> waitRequeue(Draw draw) {
    List<String> pair = pair(draw);
    List<String> clock = draw.percent(10) ? List.of("realtime") : List.of();
    return words(
        List.of(pair.getFirst(), draw.value(pair.getFirst()), pair.getLast()),
        draw.scope(),
        clock,
        draw.absolute());
  }

  private static List<String> compareRequeue(Draw draw) {
    List<String> pair = pair(draw);
    String wake = draw.percent(5) || draw.odd() ? draw.count() : "1";
    return words(
        pair,
        List.of("wake=" + wake, "move=" + draw.count(), "val=" + draw.value(pair.getFirst())),
        draw.scope());
  }

  /** A lock or an unlock without a call, or some other change. */
  private static List<String> compareAndSet(Draw draw) {
    String word = draw.word();
    String own = "tid(" + draw.caller + ")";
    return switch (draw.random.nextInt(5)) {
      case 0, 1 -> List.of(word, "0", own);
      case 2, 3 -> List.of(word, own, "0");
      default -> List.of(word, draw.value(word), draw.smallValue());
    };
  }

  private static List<String> robust(Draw draw) {
    List<String> entries =
        draw.shape.words().stream().filter(WordDecl::robust).map(WordDecl::name).toList();
    return words(List.of(draw.of(entries)), draw.percent(50) ? List.of("pi") : List.of());
  }

  private static List<String> setRobustList(Draw draw) {
    String size = draw.percent(15) ? draw.of(List.of("0", "12", "23", "32")) : "24";
    List<String> head =
        switch (draw.random.nextInt(4)) {
          case 0 -> List.of("head=" + draw.of(HEADS));
          case 1 -> List.of("head=" + draw.word());
          default -> List.of();
        };
    return words(List.of("size=" + size), head);
  }

  private static List<String> getRobustList(Draw draw) {
    String id = draw.percent(30) ? "0" : "tid(" + draw.of(draw.shape.threads()) + ")";
    return List.of(
        draw.percent(5) ? "0x2aaaaaaa" : id,
        "head=" + (draw.odd() ? draw.of(HEADS) : Shape.HEAD),
        "size=" + (draw.odd() ? draw.of(HEADS) : Shape.SIZE));
  }

  private static List<String> hash(Draw draw) {
    return switch (draw.random.nextInt(4)) {
      case 0 -> List.of("get");
      case 1 -> List.of("op=" + draw.of(List.of("0", "3", "4")), "arg=" + draw.of(SLOTS));
      default ->
          words(
              List.of("set=" + draw.of(SLOTS)), draw.percent(10) ? List.of("flags=1") : List.of());
    };
  }
}
