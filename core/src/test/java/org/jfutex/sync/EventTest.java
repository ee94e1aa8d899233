package org.jfutex.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.jfutex.sync.Setting.faults;
import static org.jfutex.sync.Setting.refuses;

import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jfutex.Errno;
import org.jfutex.Futex;
import org.jfutex.sync.Event.Reset;
import org.jfutex.testing.Allocation;
import org.jfutex.testing.Crew;
import org.jfutex.testing.Delays;
import org.jfutex.testing.WordKind;
import org.jfutex.time.Deadline;
import org.jfutex.word.Word;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class EventTest {
  private static final int ROUNDS = 500;
  private static final Deadline REACHED = Deadline.after(0, TimeUnit.NANOSECONDS);

  private static Event event(Setting setting, Word word, Reset mode) {
    return setting.isShared() ? Event.shared(word, mode) : Event.of(setting.futex(), word, mode);
  }

  /** Two threads take turns: one set too many, or one that is lost, and they get out of step. */
  @ParameterizedTest
  @MethodSource("org.jfutex.sync.Setting#all")
  void anAutomaticOneLetsOneGoForEverySet(Setting setting) {
    Event ping = event(setting, setting.word(0), Reset.AUTO);
    Event pong = event(setting, setting.word(0), Reset.AUTO);
    int[] turns = {0};
    setting.together(
        2,
        index -> {
          for (int i = 0; i < ROUNDS; i++) {
            (index == 0 ? ping : pong).awaitUninterruptibly();
            assertThat(turns[0]++ % 2).isEqualTo(index);
            (index == 0 ? pong : ping).set();
          }
        },
        ping::set);
    assertThat(turns[0]).isEqualTo(2 * ROUNDS);
    assertThat(ping.isSet()).isTrue();
    assertThat(pong.isSet()).isFalse();
  }

  @ParameterizedTest
  @MethodSource("org.jfutex.sync.Setting#all")
  void anAutomaticOneLetsTheWaitersGoOneByOne(Setting setting) {
    Word word = setting.word(0);
    Event event = event(setting, word, Reset.AUTO);
    AtomicInteger gone = new AtomicInteger();
    setting.together(
        3,
        _ -> {
          event.awaitUninterruptibly();
          gone.incrementAndGet();
        },
        () -> {
          setting.untilQueued(word, 3);
          for (int i = 1; i <= 3; i++) {
            event.set();
            int expected = i;
            Crew.until(i + " have gone", () -> gone.get() == expected);
          }
        });
    assertThat(event.isSet()).isFalse();
  }

  @ParameterizedTest
  @MethodSource("org.jfutex.sync.Setting#all")
  void nothingIsLostToOneWhoGivesUp(Setting setting) {
    Word word = setting.word(0);
    Event event = event(setting, word, Reset.AUTO);
    setting.nothingIsLostToOneWhoGivesUp(
        word, event::await, event::awaitUninterruptibly, event::set);
    assertThat(event.isSet()).isFalse();
  }

  @ParameterizedTest
  @MethodSource("org.jfutex.sync.Setting#all")
  void aManualOneLetsAllGoThoughItIsResetAtOnce(Setting setting) {
    Word word = setting.word(0);
    Event event = event(setting, word, Reset.MANUAL);
    for (int i = 0; i < 10; i++) {
      setting.together(
          3,
          _ -> event.awaitUninterruptibly(),
          () -> {
            setting.untilQueued(word, 3);
            event.set();
            event.reset();
          });
    }
    assertThat(event.isSet()).isFalse();
    event.set();
    event.awaitUninterruptibly();
    assertThat(event.isSet()).isTrue();
  }

  @ParameterizedTest
  @MethodSource("org.jfutex.sync.Setting#all")
  void givesUpAtADeadlineAndWhenInterrupted(Setting setting) {
    for (Reset mode : Reset.values()) {
      Word word = setting.word(0);
      Event event = event(setting, word, mode);
      setting.givesUpAtADeadlineAndWhenInterrupted(
          word, event::await, event::await, event::awaitUninterruptibly, event::set);
      event.reset();
      setting.keepsAnInterruptForLater(word, event::awaitUninterruptibly, event::set);
    }
  }

  @ParameterizedTest
  @MethodSource("org.jfutex.sync.Setting#all")
  void aDamagedWordIsNamedAndCanBeMended(Setting setting) throws Exception {
    for (Reset mode : Reset.values()) {
      Word word = setting.word(0xb);
      Event event = event(setting, word, mode);
      refuses(Errno.EINVAL, "0xb", event::await);
      refuses(Errno.EINVAL, "0xb", event::awaitUninterruptibly);
      refuses(Errno.EINVAL, "0xb", event::tryAwait);
      refuses(Errno.EINVAL, "0xb", event::set);
      refuses(Errno.EINVAL, "0xb", event::reset);
      refuses(Errno.EINVAL, "0xb", event::isSet);
      for (int value : new int[] {0, -4, 2, -2, 1, -3}) { // every other is a state
        WordKind.store(word, value);
        event.set();
        event.await();
        event.reset();
        assertThat(event.await(REACHED)).isFalse();
      }
    }
  }

  @ParameterizedTest
  @MethodSource("org.jfutex.sync.Setting#all")
  void closedMemoryIsAFault(Setting setting) throws Exception {
    setting.onMemory(
        1,
        (word, close) -> {
          Event event = event(setting, word.apply(0), Reset.AUTO);
          event.set();
          event.await();
          close.run();
          faults(event::set);
          faults(event::reset);
          faults(event::tryAwait);
          faults(event::await);
          faults(() -> event.await(REACHED));
        });
  }

  @ParameterizedTest
  @MethodSource("org.jfutex.sync.Setting#all")
  void behavesAsABoolean(Setting setting) throws Exception {
    for (int seed = 0; seed < 20; seed++) {
      Random random = new Random(seed);
      Reset mode = Reset.values()[seed % 2];
      Event event = event(setting, setting.word(0), mode);
      boolean model = false;
      for (int step = 0; step < 50; step++) {
        String where = "seed " + seed + ", step " + step;
        switch (random.nextInt(4)) {
          case 0 -> {
            event.set();
            model = true;
          }
          case 1 -> {
            event.reset();
            model = false;
          }
          default -> {
            boolean gone = step % 2 == 0 ? event.tryAwait() : event.await(REACHED);
            assertThat(gone).as(where).isEqualTo(model);
            model &= mode == Reset.MANUAL;
          }
        }
        assertThat(event.isSet()).as(where).isEqualTo(model);
      }
    }
  }

  @Test
  void theFastPathMakesNoGarbage() {
    Event event = Event.of(Futex.jvm(), Word.of(new int[1], 0), Reset.AUTO);
    Allocation.assertNone(
        () -> {
          event.set();
          event.awaitUninterruptibly();
        });
  }

  @Test
  void aSetThatNobodyWaitsForWakesNobody() throws Exception {
    AtomicInteger wakes = new AtomicInteger();
    Setting engine = Setting.all().findFirst().orElseThrow();
    Event event = Event.of(engine.countingWakes(wakes), engine.word(0), Reset.AUTO);
    event.set();
    event.await();
    event.set();
    assertThat(wakes).hasValue(0);
    event.await();
    assertThat(event.await(Deadline.after(Delays.SHORT))).isFalse();
    event.set();
    assertThat(wakes).as("one who gave up has left its mark").hasValue(1);
  }
}
