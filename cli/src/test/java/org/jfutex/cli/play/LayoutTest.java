package org.jfutex.cli.play;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Where words lie. */
class LayoutTest {
  private static Map<String, Layout.Slot> slots(String text) {
    Scenario scenario = ScenarioParser.parse("", text);
    Map<Scenario.Op, Action> actions = new HashMap<>();
    for (Scenario.Step step : scenario.steps()) {
      if (step instanceof Scenario.Call call) {
        actions.put(call.op(), OpParser.parse(call.op()));
      }
    }
    return Layout.of("", scenario, actions).slots();
  }

  private static long offset(Map<String, Layout.Slot> slots, String name) {
    return slots.get(name).offset();
  }

  @Test
  void wordsTakeTheNextFreeAlignedPlaces() {
    Map<String, Layout.Slot> slots =
        slots("word a u8\nword b\nword c u16\nword d u64\nword e u8\nrobust r\nword f\n");
    assertThat(offset(slots, "a")).isZero();
    assertThat(offset(slots, "b")).isEqualTo(4);
    assertThat(offset(slots, "c")).isEqualTo(2);
    assertThat(offset(slots, "d")).isEqualTo(8);
    assertThat(offset(slots, "e")).isEqualTo(1);
    assertThat(offset(slots, "r")).as("the lock word of the entry").isEqualTo(24);
    assertThat(offset(slots, "f")).isEqualTo(32);
  }

  @Test
  void placesThatAreAskedForAreLeftFree() {
    Map<String, Layout.Slot> slots = slots("word a\nword b at 0\nword c at 6\nrobust r at 16\n");
    assertThat(offset(slots, "a")).isEqualTo(12);
    assertThat(offset(slots, "c")).isEqualTo(6);
    assertThat(offset(slots, "r")).isEqualTo(24);
  }

  @Test
  void anAliasSharesThePlacesOfItsRegion() {
    Map<String, Layout.Slot> slots =
        slots("region r shared\nalias s of r\nword a in r\nword b in s\nword c\n");
    assertThat(slots.get("b")).isEqualTo(new Layout.Slot("s", 4, 32));
    assertThat(offset(slots, "c")).isZero();
  }

  @Test
  void aWordUsedWithNumaIsFollowedByItsNode() {
    for (String use :
        new String[] {
          "t: futex_wake b 1 flags=u32|numa",
          "t: futex_wait b 1 flags=6",
          "t: futex_waitv a:0 b:0:u32|numa",
          "t: futex_requeue a 0 b wake=1 move=1 flags2=numa",
          "check b.node = 0",
        }) {
      Map<String, Layout.Slot> slots = slots("word a\nword b\nword c\n" + use);
      assertThat(offset(slots, "b")).as(use).isEqualTo(8);
      assertThat(offset(slots, "b.node")).isEqualTo(12);
      assertThat(slots).doesNotContainKey("a.node");
    }
  }

  @Test
  void aFullRegionIsToldWithTheLine() {
    String words = "region r private size=1\n";
    StringBuilder text = new StringBuilder(words);
    for (int i = 0; i < 513; i++) {
      text.append("word w").append(i).append(" u64 in r\n");
    }
    assertThatThrownBy(() -> ScenarioParser.parse("f", text.toString()))
        .hasMessage("f:514: no room for 'w512': 'r' has 4096 bytes");
  }
}
