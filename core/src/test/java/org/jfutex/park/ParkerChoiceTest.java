package org.jfutex.park;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ParkerChoiceTest {
  @Test
  void threadsParkByLockSupportUnlessToldOtherwise() {
    for (String value : new String[] {null, "thread"}) {
      assertThat(ParkerChoice.of(value)).isEqualTo(new ParkerChoice(null, null));
    }
  }

  @Test
  void theKernelPackageSuppliesTheOther() {
    ParkerChoice choice = ParkerChoice.of("futex");
    assertThat(choice.refused()).isNull();
    assertThat(choice.parker().current().thread()).isSameAs(Thread.currentThread());
  }

  @Test
  void anotherValueIsRefusedByName() {
    for (String value : new String[] {"", "Futex", "kernel"}) {
      ParkerChoice choice = ParkerChoice.of(value);
      assertThat(choice.parker()).isNull();
      assertThat(choice.refused())
          .isEqualTo("-Djfutex.parker=" + value + ": expected thread or futex");
    }
  }
}
