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
  void tellsAllInOrderAndCountsThem() {
    list.add(waiter("a", () -> true));
    list.add(waiter("b", () -> true));
    list.add(waiter("c", () -> true));
    assertThat(told).isEmpty();
    assertThat(list.tell()).isEqualTo(3);
    assertThat(told).containsExactly("a", "b", "c");
    assertThat(list.tell()).isZero();
  }

  @Test
  void doesNotCountThoseWhoHaveGone() {
    list.add(waiter("a", () -> false));
    list.add(waiter("b", () -> true));
    assertThat(list.tell()).isEqualTo(1);
    assertThat(told).containsExactly("a", "b");
  }

  @Test
  void tellsEverybodyAlthoughOneThrows() {
    for (Throwable thrown : List.of(new IllegalStateException("x"), new StackOverflowError("x"))) {
      told.clear();
      WakeList list = new WakeList();
      list.add(waiter("a", () -> sneak(thrown)));
      list.add(waiter("b", () -> true));
      assertThat(list.tell()).isEqualTo(2);
      assertThat(told).containsExactly("a", "b");
      assertThat(list.tell()).isZero();
      assertThatThrownBy(() -> list.rethrow(Key.address(0))).isSameAs(thrown);
    }
  }

  @Test
  void aWaiterIsWokenBeforeItIsTold() {
    Waiter waiter = waiter("a", () -> true);
    assertThat(waiter.isQueued()).isTrue();
    list.add(waiter);
    assertThat(waiter.isWoken()).isTrue();
    assertThat(waiter.isQueued()).isFalse();
    assertThat(told).isEmpty();
    assertThat(list.tell()).isEqualTo(1);
    assertThat(told).containsExactly("a");
  }

  private static boolean sneak(Throwable thrown) {
    if (thrown instanceof Error error) {
      throw error;
    }
    throw (RuntimeException) thrown;
  }

  private Waiter waiter(String name, BooleanSupplier unpark) {
    return new Waiter(Key.address(0), WaitOptions.DEFAULT, 0) {
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
