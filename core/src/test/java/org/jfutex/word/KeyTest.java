package org.jfutex.word;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Test;

class KeyTest {
  private static final int KEYS = 1 << 14;
  private static final int GROUP_BITS = 9;

  @Test
  void aKeyIsItsBaseItsOffsetAndItsRealm() {
    Object base = new Object();
    List<Key> different =
        List.of(
            Key.heap(base, 8),
            Key.heap(base, 9),
            Key.heap(new Object(), 8),
            Key.address(8),
            Key.file("file", 8),
            Key.file("other", 8),
            Key.space(base, 8, true),
            Key.space(base, 8, true).onNode(0),
            Key.space(base, 8, true).onNode(1),
            Key.heap(base, 8).onNode(0));
    for (Key one : different) {
      for (Key two : different) {
        assertThat(one.equals(two)).as("%s and %s", one, two).isEqualTo(one == two);
      }
    }
    assertThat(different.stream().map(Key::toString).distinct())
        .as("people can tell them apart")
        .hasSizeGreaterThanOrEqualTo(different.size() - 1);
  }

  @Test
  void equalKeysAreEqualAndHashEqually() {
    Object base = new Object();
    assertAlike(Key.heap(base, 8), Key.heap(base, 8));
    assertAlike(Key.address(-8), Key.address(-8));
    assertAlike(Key.file(new String("file"), 8), Key.file(new String("file"), 8));
    assertAlike(Key.space(base, 8, true), Key.space(base, 8, true));
    assertAlike(Key.file("file", 8).onNode(3), Key.file("file", 8).onNode(3));
    assertAlike(Key.file("file", 8).onNode(2).onNode(3), Key.file("file", 8).onNode(3));
  }

  private static void assertAlike(Key one, Key two) {
    assertThat(one).isEqualTo(two).hasSameHashCodeAs(two);
    assertThat(one.toString()).isEqualTo(two.toString());
  }

  @Test
  void aBaseThatIsEqualButNotTheSameIsAnotherPlace() {
    assertThat(Key.heap(new String("base"), 0)).isNotEqualTo(Key.heap(new String("base"), 0));
    assertThat(Key.space(List.of(1, 2), 0, true)).isNotEqualTo(Key.space(List.of(1, 2), 0, true));
  }

  @Test
  void refusesANegativeNode() {
    assertThatIllegalArgumentException().isThrownBy(() -> Key.address(0).onNode(-1));
  }

  /** Buckets use the high bits, the queues inside them the low ones. */
  @Test
  void hashesOfRegularPlacesSpreadInTheirHighAndLowBits() {
    int[] array = new int[1];
    assertSpreads("neighbouring ints", i -> Key.heap(array, 4L * i));
    assertSpreads("cache lines", i -> Key.address(0x7f00_0000_0000L + 64L * i));
    assertSpreads("pages", i -> Key.address(0x7f00_0000_0000L + 4096L * i));
    assertSpreads("words 4 GiB apart", i -> Key.address((long) i << 32));
    assertSpreads("positions in a file", i -> Key.file("file", 8L * i));
    List<Object> objects = new ArrayList<>();
    assertSpreads(
        "fields of objects",
        i -> {
          Object owner = new Object();
          objects.add(owner);
          return Key.heap(owner, 1);
        });
  }

  private static void assertSpreads(String what, IntFunction<Key> keys) {
    int groups = 1 << GROUP_BITS;
    int[] high = new int[groups];
    int[] low = new int[groups];
    for (int i = 0; i < KEYS; i++) {
      int hash = keys.apply(i).hashCode();
      high[hash >>> (Integer.SIZE - GROUP_BITS)]++;
      low[hash & (groups - 1)]++;
    }
    // for a random function the value is about the number of groups, give or take a tenth
    assertThat(chiSquare(high)).as("%s, high bits", what).isLessThan(1.5 * groups);
    assertThat(chiSquare(low)).as("%s, low bits", what).isLessThan(1.5 * groups);
  }

  private static double chiSquare(int[] counts) {
    double expected = (double) KEYS / counts.length;
    double sum = 0;
    for (int count : counts) {
      sum += (count - expected) * (count - expected) / expected;
    }
    return sum;
  }
}
