package org.jfutex.cli.play;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** What counts as a difference between two machines. */
class ComparisonTest {
  private static Played play(String text, Consumer<FakeMachine> script) {
    FakeMachine machine = new FakeMachine("jvm");
    script.accept(machine);
    return Player.play(
        ScenarioParser.parse("", text), machine, Player.Settings.of(Duration.ofSeconds(20)));
  }

  private static List<String> compare(
      String text, Consumer<FakeMachine> jvm, Consumer<FakeMachine> kernel) {
    return Comparison.of(ScenarioParser.parse("", text), play(text, jvm), play(text, kernel))
        .stream()
        .map(difference -> difference.line() + ": " + difference)
        .toList();
  }

  private static void nothing(FakeMachine machine) {
    machine.returns("other", 0);
  }

  @Test
  void theSameIsNoDifference() {
    String text = "word a = tid(t)\nt: wake a 1\ncheck a = tid(t)\nu: wake a 1";
    assertThat(compare(text, ComparisonTest::nothing, ComparisonTest::nothing)).isEmpty();
  }

  @Test
  void aResultThatNobodyStatedDiffers() {
    assertThat(compare("word a\nt: wake a 1", m -> m.returns("t", 1), ComparisonTest::nothing))
        .containsExactly(
            "2: t: wake a 1: jvm 1, kernel 0", "0: the threads in the end: jvm t 1, kernel t 0");
  }

  @Test
  void threadIdsMayDiffer() {
    String text = "word a = tid(t)|0x80000000\ncheck a & 0xffffffff = tid(t)|0x80000000";
    Played jvm = play(text, ComparisonTest::nothing);
    String later = "word b = tid(u)\n" + text;
    Played kernel = play(later, ComparisonTest::nothing);
    assertThat(jvm.words().get("a").raw()).isNotEqualTo(kernel.words().get("a").raw());
    assertThat(jvm.words().get("a").matches(kernel.words().get("a"))).isTrue();
  }

  @Test
  void whoReturnsIsCompared() {
    String text = "word a\nt: wait a 0 blocks\nu: wait a 0 blocks\nmain: wake a 1 = 1";
    Consumer<FakeMachine> first = m -> both(m).returns("main", 1, () -> m.wake("t", 0));
    Consumer<FakeMachine> second = m -> both(m).returns("main", 1, () -> m.wake("u", 0));
    assertThat(compare(text, first, second))
        .containsExactly(
            "4: main: wake a 1 = 1 lets return: jvm t 0, kernel u 0",
            "0: the threads in the end: jvm main 1, t 0, u sleeps, kernel main 1, t sleeps, u 0");
    assertThat(compare(text + "\nreturned t u = 1", first, second)).isEmpty();
  }

  private static FakeMachine both(FakeMachine machine) {
    return machine.sleeps("t").sleeps("u");
  }

  @Test
  void theMomentOfADeadlineIsNotCompared() {
    String text = "word a\nt: wait a 0 timeout=1ms\nmain: wake a 1";
    assertThat(compare(text, m -> m.sleeps("t"), m -> m.returns("t", -110))).isEmpty();
    assertThat(compare(text, m -> m.returns("t", -11), m -> m.returns("t", -110))).hasSize(1);
  }

  @Test
  void theFirstStatementThatFailsOnOneDiffers() {
    String text = "word a\nt: wake a 1 = 1\nt: wake a 1 = 2";
    assertThat(
            compare(
                text,
                m -> m.returns("t", 1).returns("t", 3),
                m -> m.returns("t", 1).returns("t", 2)))
        .containsExactly("3: t: wake a 1 = 2: jvm 3, kernel 2");
    assertThat(compare(text, ComparisonTest::nothing, ComparisonTest::nothing)).isEmpty();
  }

  @Test
  void wordsAreComparedInTheEnd() {
    String text = "word a\nt: wait a 0";
    assertThat(
            compare(
                text,
                ComparisonTest::nothing,
                m -> m.returns("t", 0, () -> m.process().write(0x100000, new byte[] {9}))))
        .containsExactly("0: 'a' in the end: jvm 0, kernel 9");
  }
}
