package org.jfutex.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.BitSet;
import org.jfutex.testing.Crew;
import org.jfutex.word.Key;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HashTableTest {
  private final HashTable table = new HashTable(4);
  private final Bucket low = table.bucket(1);
  private final Bucket high = table.bucket(2);

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4, 512, 1 << 12})
  void everyKeyHasOneBucketAndEveryBucketIsUsed(int size) {
    HashTable sized = new HashTable(size);
    BitSet used = new BitSet();
    for (long address = 0; address < 64L * size; address += 4) {
      Bucket bucket = sized.bucketFor(Key.address(address));
      assertThat(sized.bucketFor(Key.address(address))).isSameAs(bucket);
      used.set(bucket.index);
    }
    assertThat(sized.size()).isEqualTo(size);
    assertThat(used.cardinality()).isEqualTo(size);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -1, 3, 6, Integer.MIN_VALUE, HashTable.MAX_BUCKETS * 2})
  void refusesOtherSizes(int size) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new HashTable(size))
        .withMessageContaining(Integer.toString(size));
  }

  @Test
  void theDefaultSizeIsAPowerOfTwo() {
    assertThat(Integer.bitCount(HashTable.defaultSize())).isEqualTo(1);
    assertThat(HashTable.defaultSize()).isBetween(256, HashTable.MAX_BUCKETS);
  }

  /** Trap 9: a pair-locking helper that missed a lock. */
  @Test
  void lockPairHoldsBothInEitherOrderOfArguments() {
    for (Bucket[] pair : new Bucket[][] {{low, high}, {high, low}}) {
      HashTable.lockPair(pair[0], pair[1], false);
      assertThat(low.isLocked()).isTrue();
      assertThat(high.isLocked()).isTrue();
      HashTable.unlockPair(pair[0], pair[1]);
      assertThat(low.isLocked()).isFalse();
      assertThat(high.isLocked()).isFalse();
    }
  }

  @Test
  void lockPairHoldsOneBucketOnce() {
    HashTable.lockPair(low, low, false);
    assertThat(low.isLocked()).isTrue();
    HashTable.unlockPair(low, low);
    assertThat(low.isLocked()).isFalse();
  }

  @Test
  void lockPairTakesTheLowerIndexFirst() {
    for (Bucket[] pair : new Bucket[][] {{low, high}, {high, low}}) {
      try (Crew crew = new Crew()) {
        low.lock();
        try {
          Crew.Job<?> locker =
              crew.start(
                  () -> {
                    HashTable.lockPair(pair[0], pair[1], false);
                    HashTable.unlockPair(pair[0], pair[1]);
                    return null;
                  });
          Crew.until("it waits for the lower one", locker::naps);
          assertThat(high.isLocked()).isFalse();
        } finally {
          low.unlock();
        }
        crew.joinAll();
      }
    }
  }

  @Test
  void pairsLockedCrosswiseDoNotBlockEachOther() {
    int[] guarded = {0};
    int rounds = 50_000;
    try (Crew crew = new Crew()) {
      for (Bucket[] pair : new Bucket[][] {{low, high}, {high, low}}) {
        crew.start(
            () -> {
              for (int i = 0; i < rounds; i++) {
                HashTable.lockPair(pair[0], pair[1], false);
                guarded[0]++;
                HashTable.unlockPair(pair[0], pair[1]);
              }
              return null;
            });
      }
      crew.joinAll();
    }
    assertThat(guarded[0]).isEqualTo(2 * rounds);
  }
}
