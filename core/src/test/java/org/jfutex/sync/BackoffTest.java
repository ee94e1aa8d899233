package org.jfutex.sync;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.jfutex.Futex;
import org.jfutex.word.Key;
import org.jfutex.word.Word;
import org.junit.jupiter.api.Test;

/** How often a word is looked at is what a wait was: near, away or passed. */
class BackoffTest {
  private static final int LOOKS = 10;
  private static final int SUREST = 128;
  private static final int TAKEN = 1;
  private static final int FREE = 0;
  private static final int NEVER = Integer.MAX_VALUE;

  /** A word that is taken until it has been looked at for some time. */
  private static class Watched implements Word {
    int takenFor;
    int looks;

    /** The looks of one wait; the last one finds the word free, if there are so many. */
    int looksOfOneWait(Backoff backoff, int takenFor) {
      return looksOfOneWait(backoff, takenFor, NEVER);
    }

    /** The same for a virtual thread that lets others run in one of so many waits. */
    int looksOfOneWait(Backoff backoff, int takenFor, int turn) {
      this.takenFor = takenFor;
      looks = 0;
      int value = backoff.await(this, FREE, turn);
      assertThat(value).isEqualTo(looks > takenFor ? FREE : TAKEN);
      return looks;
    }

    @Override
    public long load() {
      return ++looks > takenFor ? FREE : TAKEN;
    }

    @Override
    public int bits() {
      return Integer.SIZE;
    }

    @Override
    public boolean compareAndSet(long expected, long update) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Key key() {
      throw new UnsupportedOperationException();
    }
  }

  private final Watched word = new Watched();
  private final Backoff backoff = new Backoff(LOOKS);

  @Test
  void staysNearUntilItIsFree() {
    assertThat(word.looksOfOneWait(backoff, 0)).isEqualTo(1);
    assertThat(word.looksOfOneWait(backoff, 4)).isEqualTo(5);
    assertThat(word.looksOfOneWait(backoff, LOOKS - 1)).isEqualTo(LOOKS);
  }

  @Test
  void passesMoreWaitsTheOftenerItWasInVain() {
    for (int passed : new int[] {1, 2, 4, 8, 16, 32, 64, 64}) {
      assertThat(word.looksOfOneWait(backoff, NEVER)).isEqualTo(LOOKS);
      for (int i = 0; i < passed; i++) {
        assertThat(word.looksOfOneWait(backoff, NEVER)).as("wait %d of %d", i, passed).isEqualTo(1);
      }
    }
    assertThat(word.looksOfOneWait(backoff, 4)).as("a success").isEqualTo(5);
    assertThat(word.looksOfOneWait(backoff, NEVER)).isEqualTo(LOOKS);
    assertThat(word.looksOfOneWait(backoff, NEVER)).isEqualTo(1);
    assertThat(word.looksOfOneWait(backoff, NEVER)).as("one wait was passed").isEqualTo(LOOKS);
  }

  @Test
  void keepsAwayWhereThoseWhoSeeItFreeAreLate() {
    backoff.wasLate();
    assertThat(word.looksOfOneWait(backoff, 4)).as("after one").isEqualTo(5);
    backoff.wasLate();
    assertThat(word.looksOfOneWait(backoff, 0)).as("a look").isEqualTo(1);
    assertThat(word.looksOfOneWait(backoff, 4)).as("a look that finds it taken").isEqualTo(1);
  }

  @Test
  void oneInManyOfThoseTriesToStayNear() {
    keepAway();
    for (int i = 1; i < 64; i++) {
      assertThat(word.looksOfOneWait(backoff, 0)).isEqualTo(1);
    }
    assertThat(word.looksOfOneWait(backoff, 4)).as("the 64th").isEqualTo(5);
    assertThat(word.looksOfOneWait(backoff, 4)).as("as that was a success").isEqualTo(5);
    backoff.wasLate();
    assertThat(word.looksOfOneWait(backoff, 4)).as("unless it was late").isEqualTo(1);
  }

  /** A wait that is passed does not count among those of which one tries to stay near. */
  @Test
  void passesWaitsThatWouldKeepAwayInVain() {
    keepAway();
    int passed = 0;
    for (int awake = 0; awake < 63; awake++) {
      passed += 1 << Math.min(awake, 6);
    }
    int waits = 1;
    while (word.looksOfOneWait(backoff, NEVER) == 1) {
      waits++;
    }
    assertThat(waits).isEqualTo(64 + passed);
  }

  /** As often as it takes one that is sure again not to give up for being late once. */
  @Test
  void isSureAgainAfterManySuccesses() {
    keepAway();
    for (int i = 1; i < 64; i++) {
      word.looksOfOneWait(backoff, 0);
    }
    for (int i = 0; i < SUREST; i++) {
      assertThat(word.looksOfOneWait(backoff, 4)).isEqualTo(5);
    }
    backoff.wasLate();
    assertThat(word.looksOfOneWait(backoff, 4)).isEqualTo(5);
  }

  @Test
  void onOneProcessorItLooksOnce() {
    Backoff alone = new Backoff(0);
    for (int i = 0; i < 100; i++) {
      assertThat(word.looksOfOneWait(alone, 4)).isEqualTo(1);
    }
  }

  @Test
  void virtualThreadsLetOthersRunInstead() throws InterruptedException {
    int[] looks = new int[6];
    Thread.ofVirtual()
        .start(
            () -> {
              for (int i = 0; i < looks.length; i++) {
                looks[i] = word.looksOfOneWait(backoff, 4, 3);
              }
            })
        .join();
    assertThat(looks).containsExactly(5, 5, 1, 5, 5, 1);
  }

  /** Others take the word just before the caller does. */
  @Test
  void theMutexTellsWhoWasLate() {
    List<Integer> looksBetween = new ArrayList<>();
    Watched contended =
        new Watched() {
          @Override
          public boolean compareAndSet(long expected, long update) {
            looksBetween.add(looks);
            looks = 0;
            takenFor = looksBetween.size() < 4 ? 4 : 0;
            return looksBetween.size() == 5;
          }
        };
    new Mutex(Cell.local(Futex.jvm(), contended), Long.MAX_VALUE, new Backoff(LOOKS)).lock();
    assertThat(looksBetween)
        .as("at once; near, twice; away, which finds it taken; free")
        .containsExactly(0, 5, 5, 2, 1);
  }

  private void keepAway() {
    backoff.wasLate();
    backoff.wasLate();
  }
}
