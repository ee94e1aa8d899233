package org.jfutex.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.jfutex.WaitOptions;
import org.jfutex.word.Key;
import org.junit.jupiter.api.Test;

class WaitQueueTest {
  private static final int ANY = WaitOptions.MATCH_ANY;

  private final int[] base = new int[1];
  private final WaitQueue queue = new WaitQueue();

  @Test
  void takesInOrderOfArrival() {
    List<Waiter> all = addMany(key(0), 5);
    assertThat(queue.first(key(0))).isSameAs(all.get(0));
    assertTakes(key(0), 2, ANY, all.subList(0, 2));
    assertTakes(key(0), 9, ANY, all.subList(2, 5));
    assertTakes(key(0), 1, ANY, List.of());
    assertThat(queue.size()).isZero();
    assertThat(queue.first(key(0))).isNull();
  }

  @Test
  void higherRanksGoFirstAndEqualOnesByArrival() {
    Waiter a0 = add(key(0), ANY, 0);
    Waiter b5 = add(key(0), ANY, 5);
    Waiter c0 = add(key(0), ANY, 0);
    Waiter d5 = add(key(0), ANY, 5);
    Waiter e3 = add(key(0), ANY, 3);
    Waiter f9 = add(key(0), ANY, Integer.MAX_VALUE);
    Waiter g1 = add(key(0), ANY, Integer.MIN_VALUE);
    assertOrder(key(0), List.of(f9, b5, d5, e3, a0, c0, g1));
    queue.remove(b5);
    queue.remove(f9);
    assertOrder(key(0), List.of(d5, e3, a0, c0, g1));
  }

  @Test
  void takesOnlyBitsetsThatMeet() {
    Waiter a = add(key(0), 1, 0);
    Waiter b = add(key(0), 2, 0);
    Waiter c = add(key(0), 3, 0);
    assertTakes(key(0), 1, 4, List.of());
    assertTakes(key(0), 1, 2, List.of(b));
    assertTakes(key(0), 9, 1, List.of(a, c));
  }

  @Test
  void aCountOfZeroTakesNobody() {
    addMany(key(0), 2);
    assertTakes(key(0), 0, ANY, List.of());
    assertThat(queue.size()).isEqualTo(2);
  }

  @Test
  void removesFromEveryPlaceAndKeepsTheOrder() {
    for (int place = 0; place < 4; place++) {
      List<Waiter> all = addMany(key(7), 4);
      Waiter removed = all.remove(place);
      queue.remove(removed);
      assertThat(removed.next).isNull();
      assertThat(removed.prev).isNull();
      assertThat(removed.chain).isNull();
      assertOrder(key(7), all);
      assertTakes(key(7), 9, ANY, all);
    }
  }

  @Test
  void countsUpToALimit() {
    addMany(key(0), 3);
    assertThat(queue.count(key(0), 0, new WakeList())).isZero();
    assertThat(queue.count(key(0), 2, new WakeList())).isEqualTo(2);
    assertThat(queue.count(key(0), 3, new WakeList())).isEqualTo(3);
    assertThat(queue.count(key(0), Integer.MAX_VALUE, new WakeList())).isEqualTo(3);
    assertThat(queue.count(key(1), 5, new WakeList())).isZero();
  }

  /** go 17953, 38420: many keys in one table, in and out in any order, none in another's way. */
  @Test
  void manyKeysStayApartThroughGrowthAndRemoval() {
    int keys = 1000;
    Random random = new Random(42);
    for (int round = 0; round < 3; round++) {
      List<List<Waiter>> expected = new ArrayList<>();
      for (int i = 0; i < keys; i++) {
        expected.add(addMany(key(i), 1 + i % 3));
      }
      assertThat(queue.size()).isEqualTo(expected.stream().mapToInt(List::size).sum());
      for (int i = 0; i < keys; i++) {
        List<Waiter> mine = expected.get(i);
        queue.remove(mine.remove(random.nextInt(mine.size())));
      }
      for (int i = 0; i < keys; i++) {
        assertOrder(key(i), expected.get(i));
      }
      List<Integer> order = new ArrayList<>(IntStream.range(0, keys).boxed().toList());
      java.util.Collections.shuffle(order, random);
      for (int i : order) {
        assertTakes(key(i), 9, ANY, expected.get(i));
      }
      assertThat(queue.size()).isZero();
      queue.forEach(waiter -> assertThat(waiter).as("left behind").isNull());
    }
  }

  @Test
  void reserveTwiceOrForAKeyThatIsThereDoesNoHarm() {
    for (int i = 0; i < 100; i++) {
      queue.reserve();
      queue.reserve();
      queue.add(waiter(key(i % 5), ANY, 0));
    }
    assertThat(queue.size()).isEqualTo(100);
    for (int i = 0; i < 5; i++) {
      assertThat(queue.count(key(i), 100, new WakeList())).isEqualTo(20);
    }
  }

  private List<Waiter> addMany(Key key, int count) {
    List<Waiter> added = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      added.add(add(key, ANY, 0));
    }
    return added;
  }

  private Waiter add(Key key, int bitset, int rank) {
    Waiter waiter = waiter(key, bitset, rank);
    queue.reserve();
    queue.add(waiter);
    return waiter;
  }

  private static Waiter waiter(Key key, int bitset, int rank) {
    return new ThreadWaiter(key, new WaitOptions(bitset, rank), 0);
  }

  private Key key(int i) {
    return Key.heap(base, i);
  }

  private void assertOrder(Key key, List<Waiter> expected) {
    List<Waiter> seen = new ArrayList<>();
    queue.forEach(
        waiter -> {
          if (waiter.key.equals(key)) {
            seen.add(waiter);
          }
        });
    assertThat(seen).containsExactlyElementsOf(expected);
    for (int i = 0; i < seen.size(); i++) {
      assertThat(seen.get(i).next).isSameAs(seen.get((i + 1) % seen.size()));
      assertThat(seen.get((i + 1) % seen.size()).prev).isSameAs(seen.get(i));
    }
  }

  private void assertTakes(Key key, int count, int bitset, List<Waiter> expected) {
    int before = queue.size();
    assertThat(queue.take(key, count, bitset, new WakeList())).isEqualTo(expected.size());
    assertThat(expected).allSatisfy(waiter -> assertThat(waiter.isWoken()).isTrue());
    assertThat(queue.size()).isEqualTo(before - expected.size());
  }
}
