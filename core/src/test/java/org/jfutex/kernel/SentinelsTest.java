package org.jfutex.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** The lists as the kernel would walk them, after every step. */
class SentinelsTest {
  private static final int NO_ROOM_LEFT = Sentinels.MOST_LOCKS;

  private final Sentinels sentinels = new Sentinels();
  private final MemorySegment words = Arena.ofAuto().allocate(8L * 8192, 4096);

  private long word(int index) {
    return words.address() + 8L * index;
  }

  /** Walks the list of a thread, as exit_robust_list does. */
  private static Set<Long> walk(int id) {
    MemorySegment answer = Arena.ofAuto().allocate(16, 8);
    assertThat(
            Syscalls.call(
                FutexCalls.NR_GET_ROBUST_LIST, id, answer.address(), answer.address() + 8))
        .isZero();
    long head = answer.get(ValueLayout.JAVA_LONG, 0);
    long offset = at(head + 8);
    assertThat(at(head + 16)).as("nothing pending").isZero();
    Set<Long> found = new HashSet<>();
    for (long entry = at(head); entry != head; entry = at(entry)) {
      assertThat(found.add(entry + offset)).as("no cycle").isTrue();
    }
    return found;
  }

  private static long at(long address) {
    return MemorySegment.ofAddress(address).reinterpret(8).get(ValueLayout.JAVA_LONG, 0);
  }

  @Test
  void whatIsEnlistedIsInTheListAndNothingElse() {
    SplittableRandom random = new SplittableRandom(4);
    Map<Long, Integer> enlisted = new HashMap<>();
    int id = 0;
    for (int step = 0; step < 3_000; step++) {
      long word = word(random.nextInt(60) * 100);
      int count = enlisted.getOrDefault(word, 0);
      if (count == 0 || random.nextInt(3) == 0) {
        id = sentinels.enlist(word);
        enlisted.put(word, count + 1);
      } else {
        sentinels.delist(word);
        enlisted.put(word, count - 1);
      }
      enlisted.values().removeIf(left -> left == 0);
      assertThat(walk(id)).isEqualTo(enlisted.keySet());
    }
  }

  @Test
  void aFullListIsFollowedByAnother() {
    List<Integer> ids = new ArrayList<>();
    for (int i = 0; i < NO_ROOM_LEFT + 10; i++) {
      ids.add(sentinels.enlist(word(i)));
    }
    assertThat(new HashSet<>(ids)).hasSize(2);
    assertThat(walk(ids.getFirst())).hasSize(NO_ROOM_LEFT);
    assertThat(walk(ids.getLast())).hasSize(10).contains(word(NO_ROOM_LEFT));
    sentinels.delist(word(0));
    assertThat(sentinels.enlist(word(8000))).as("room again").isEqualTo(ids.getFirst());
    for (int i = 1; i < NO_ROOM_LEFT + 10; i++) {
      sentinels.delist(word(i));
    }
    sentinels.delist(word(8000));
    assertThat(walk(ids.getFirst())).isEmpty();
    assertThat(walk(ids.getLast())).isEmpty();
  }

  @Test
  void anInterruptIsKeptWhileASentinelStarts() {
    Thread.currentThread().interrupt();
    assertThat(sentinels.enlist(word(0))).isPositive();
    assertThat(Thread.interrupted()).isTrue();
    sentinels.delist(word(0));
  }

  @Test
  void whatIsNotEnlistedCannotBeTakenOut() {
    assertThatThrownBy(() -> sentinels.delist(word(0)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining(Long.toHexString(word(0)));
  }

  /** The pages that one keeps lie where another needs them. */
  @Test
  void othersMayEnlistTheSameWords() {
    long word = word(0);
    for (Sentinels each : List.of(sentinels, new Sentinels())) {
      int id = each.enlist(word);
      assertThat(walk(id)).containsExactly(word);
      each.delist(word);
    }
  }

  /** Entries far apart take a page each, and pages that nobody needs are given back. */
  @Test
  void pagesAreGivenBack() {
    MemorySegment wide = Arena.ofAuto().allocate(4096L * 2_000, 4096);
    for (int i = 0; i < 2_000; i++) {
      long word = wide.address() + 4096L * i;
      int id = sentinels.enlist(word);
      assertThat(walk(id)).containsExactly(word);
      sentinels.delist(word);
    }
    assertThat(Shadow.OF_PROCESS.pages()).isLessThanOrEqualTo(Shadow.MOST_PAGES);
  }
}
