package org.jfutex.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.jfutex.WaitOptions;
import org.jfutex.word.Key;
import org.junit.jupiter.api.Test;

class WakeListTest {
  private final List<String> told = new ArrayList<>();
  private final WakeList list = new WakeList();

  @Test
  void tellsThoseWhoParkedInOrderAndCountsAll() {
    list.add(waiter("a", Waiter.PARKED, () -> true));
    list.add(waiter("b", Waiter.QUEUED, () -> true));
    list.add(waiter("c", Waiter.PARKED, () -> true));
    assertThat(told).isEmpty();
    assertThat(list.tell()).isEqualTo(3);
    assertThat(told).containsExactly("a", "c");
    assertThat(list.tell()).isZero();
  }

  @Test
  void doesNotCountThoseWhoHaveGone() {
    list.add(waiter("a", Waiter.PARKED, () -> false));
    list.add(waiter("b", Waiter.PARKED, () -> true));
    assertThat(list.tell()).isEqualTo(1);
    assertThat(told).containsExactly("a", "b");
  }

  @Test
  void tellsEverybodyAlthoughOneThrows() {
    for (Throwable thrown : List.of(new IllegalStateException("x"), new StackOverflowError("x"))) {
      told.clear();
      WakeList list = new WakeList();
      list.add(waiter("a", Waiter.PARKED, () -> sneak(thrown)));
      list.add(waiter("b", Waiter.PARKED, () -> true));
      assertThat(list.tell()).isEqualTo(2);
      assertThat(told).containsExactly("a", "b");
      assertThat(list.tell()).isZero();
      assertThatThrownBy(() -> list.rethrow(Key.address(0))).isSameAs(thrown);
    }
  }

  @Test
  void aWaiterThatBeginsToParkAfterItWasTakenSeesIt() {
    Waiter waiter = waiter("a", Waiter.QUEUED, () -> true);
    list.add(waiter);
    assertThat(waiter.beginPark()).isFalse();
    assertThat(waiter.isWoken()).isTrue();
    assertThat(waiter.isQueued()).isFalse();
  }

  @Test
  void aWaiterThatParkedIsTold() {
    Waiter waiter = waiter("a", Waiter.QUEUED, () -> true);
    assertThat(waiter.beginPark()).isTrue();
    list.add(waiter);
    assertThat(list.tell()).isEqualTo(1);
    assertThat(told).containsExactly("a");
  }

  private static boolean sneak(Throwable thrown) {
    if (thrown instanceof Error error) {
      throw error;
    }
    throw (RuntimeException) thrown;
  }

  private Waiter waiter(String name, int state, BooleanSupplier unpark) {
    return new Waiter(Key.address(0), WaitOptions.DEFAULT, 0, state) {
      @Override
      boolean unpark() {
        told.add(name);
        return unpark.getAsBoolean();
      }

      @Override
      String kind() {
        return "callback";
      }

      @Override
      String describe() {
        return name;
      }
    };
  }
}
