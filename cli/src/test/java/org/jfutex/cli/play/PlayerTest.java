package org.jfutex.cli.play;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jfutex.cli.machine.Capability;
import org.jfutex.cli.play.Played.Failure;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** When a statement holds and when it does not, on a machine that does what the test says. */
class PlayerTest {
  private static final Duration SHORT = Duration.ofMillis(30);

  private final FakeMachine machine = new FakeMachine("jvm");

  private Played play(String text) {
    return play(text, Duration.ofSeconds(20));
  }

  private Played play(String text, Duration limit) {
    return Player.play(ScenarioParser.parse("", text), machine, Player.Settings.of(limit));
  }

  private void assertHolds(String text) {
    assertThat(play(text).failure()).isNull();
  }

  private void assertFails(String text, int line, String expected, String got) {
    Failure failure = play(text).failure();
    assertThat(failure).isNotNull();
    assertThat(failure.line()).as(failure.toString()).isEqualTo(line);
    assertThat(failure.expected()).isEqualTo(expected);
    assertThat(failure.got()).isEqualTo(got);
  }

  @Test
  void aResultHoldsIfItIsTheOneStated() {
    machine.returns("t", -11).returns("t", 3).returns("t", 0).returns("t", -4000);
    assertHolds("word a\nt: wait a 1 = EAGAIN\nt: wake a 9 = 3\nt: wake a 1 = ok\nt: wake a 1");
  }

  @Test
  void anotherResultFails() {
    machine.returns("t", -22);
    assertFails("word a\nt: wait a 1 = EAGAIN", 2, "no sleep, and EAGAIN", "EINVAL");
  }

  @Test
  void aCallThatSleepsDoesNotReturn() {
    machine.sleeps("t");
    assertFails("word a\nt: wait a 0 = ok", 2, "no sleep, and ok", "it sleeps in 'wait a 0'");
  }

  @Test
  void aDeadlineMayPassInACallThatReturns() {
    machine.returns("u", 0).sleeps("t");
    machine.reactTo("t", () -> machine.wakeAtJoin("t", -110));
    assertHolds("word a\nu: wake a 1\nt: wait a 0 timeout=1ms = ETIMEDOUT");
  }

  @Test
  void aCallBlocksIfItSleeps() {
    machine.sleeps("t");
    assertHolds("word a\nt: wait a 0 blocks\nt sleeps");
  }

  @Test
  void aCallThatReturnsDoesNotBlock() {
    machine.returns("t", -11);
    assertFails("word a\nt: wait a 0 blocks", 2, "it to sleep", "EAGAIN");
  }

  @Test
  void aThreadThatWasWokenReturnsAndSleepsNoMore() {
    machine.sleeps("t").returns("main", 1, () -> machine.wake("t", 0));
    String woken = "word a\nt: wait a 0 blocks\nmain: wake a 1 = 1\n";
    assertHolds(woken + "t returns ok");
  }

  @Test
  void sleepsFailsForAThreadThatWasWoken() {
    machine.sleeps("t").returns("main", 1, () -> machine.wake("t", 0));
    assertFails("word a\nt: wait a 0 blocks\nmain: wake a 1 = 1\nt sleeps", 4, "it to sleep", "0");
  }

  @Test
  void returnsFailsAtOnceForAThreadThatNothingCanWake() {
    machine.sleeps("t");
    assertFails("word a\nt: wait a 0 blocks\nt returns ok", 3, "ok", "it sleeps in 'wait a 0'");
  }

  @Test
  void aResultIsStatedOnce() {
    assertFails("word a\nt: wake a 1 = 0\nt returns ok", 3, "ok", "'t' is in no call");
  }

  @Test
  void aResultThatNoStepStatedCanBeStatedLater() {
    machine.returns("t", 2);
    assertHolds("word a\nt: wake a 1\nt returns 2");
  }

  @Test
  void aSleepingThreadCannotCall() {
    machine.sleeps("t");
    assertFails(
        "word a\nt: wait a 0\nt: wake a 1 = 0",
        3,
        "thread 't' to be free for a call",
        "it sleeps in 'wait a 0'");
  }

  @ParameterizedTest
  @CsvSource({"0, 1", "1, 1", "2, 0"})
  void soManyHaveReturned(int woken, int stated) {
    machine.sleeps("t1").sleeps("t2").returns("main", woken, () -> wake(woken));
    String text =
        "word a\nt1: wait a 0 blocks\nt2: wait a 0 blocks\nmain: wake a 9\nreturned t1 t2 = ";
    if (woken == stated) {
      assertHolds(text + stated);
    } else {
      String standing = woken == 0 ? "t1 sleeps, t2 sleeps" : "t1 0, t2 0";
      assertFails(text + stated, 5, stated + " to return", woken + ": " + standing);
    }
  }

  private void wake(int count) {
    for (int i = 1; i <= count; i++) {
      machine.wake("t" + i, 0);
    }
  }

  @Test
  void amongLooksAtTheResults() {
    machine.sleeps("t1").sleeps("t2").returns("main", 1, () -> machine.wake("t2", -4));
    String text =
        "word a\nt1: wait a 0 blocks\nt2: wait a 0 blocks\nmain: wake a 1\namong t1 t2 1 return ";
    assertFails(text + "ok", 5, "1 to return ok", "t1 sleeps, t2 EINTR");
  }

  @Test
  void amongHoldsIfTheOthersSleep() {
    machine.sleeps("t1").sleeps("t2").returns("main", 1, () -> machine.wake("t2", -4));
    assertHolds(
        "word a\nt1: wait a 0 blocks\nt2: wait a 0 blocks\nmain: wake a 1\n"
            + "among t1 t2 1 return EINTR\nt1 sleeps\nt2 returns EINTR");
  }

  @Test
  void wordsAreComparedInTheirWidth() {
    assertHolds(
        """
        word a = -1
        word b u8 = 0x1ff
        word c u64 = -1
        word d = tid(t)|0x80000000
        check a = 0xffffffff
        check a & 0xff = 255
        check b = 0xff
        check c = -1
        check d = tid(t)|0x80000000
        check d = -2147483548
        set a = 0x100000002
        check a = 2
        check mem+0 = 2
        """);
  }

  @Test
  void aWordThatDiffersFails() {
    assertFails("word a = tid(t)\ncheck a = 1", 2, "1", "100 (tid(t))");
  }

  @Test
  void whatOutlastsTheLimitNamesWhoSleepsWhere() {
    machine.sleeps("t1").runs("t2");
    String text = "word a\nt1: wait a 0 timeout=1s blocks\nt2: wait a 0 blocks";
    Failure failure = play(text, SHORT).failure();
    assertThat(failure).isNotNull();
    assertThat(failure.toString())
        .isEqualTo(
            "t2: wait a 0 blocks: expected it to sleep, got nothing within 30ms;"
                + " t1 sleeps in 'wait a 0 timeout=1s', t2 runs in 'wait a 0'");
  }

  @Test
  void aTimedSleepIsWaitedForUpToTheLimit() {
    machine.sleeps("t");
    Failure failure = play("word a\nt: wait a 0 timeout=1s blocks\nt returns ok", SHORT).failure();
    assertThat(failure).isNotNull();
    assertThat(failure.got()).isEqualTo("nothing within 30ms; t sleeps in 'wait a 0 timeout=1s'");
  }

  @Test
  void aPauseDoesNotOutlastTheLimit() {
    Failure failure = play("pause 60s", SHORT).failure();
    assertThat(failure).isNotNull();
    assertThat(failure.got()).isEqualTo("nothing within 30ms; no thread is in a call");
  }

  @Test
  void theRoundOfARepetitionIsTold() {
    machine.returns("t", 0).returns("t", 0).returns("t", 7);
    assertFails("word a\nrepeat 5\nt: wake a 1 = 0\nend", 3, "no sleep, and 0", "7 (round 3 of 5)");
  }

  @Test
  void aMachineThatRefusesFailsTheStep() {
    assertFails(
        "region r private\nunmap r\ncheck r = 0",
        3,
        "it to be possible",
        "a machine that refused: 0x200000: not mapped");
  }

  @Test
  void memoryAndProcessesAreMadeInOrder() {
    assertHolds(
        """
        region r shared none size=8192
        alias r2 of r ro
        thread c fifo=7 process=p
        word w = 5 in r
        word p = tid(c)
        c: store w 9 = 0
        stop c
        continue c
        protect r rw at=4096 size=1
        protect r ro process=p
        truncate r 1
        signal c restart
        kill p
        exit main
        """);
    assertThat(machine.log())
        .containsExactly(
            "map PRIVATE 16384",
            "map SHARED 8192",
            "alias 200000",
            "fork",
            "child thread c 7",
            "protect 200000 8192 NONE",
            "child protect 200000 8192 NONE",
            "protect 300000 8192 READ",
            "child protect 300000 8192 READ",
            "c store 200000 9",
            "child stop",
            "child resume",
            "protect 201000 1 READ_WRITE",
            "child protect 200000 8192 READ",
            "truncate 200000 1",
            "c signal true",
            "child kill",
            "thread main 0",
            "main exit");
  }

  @Test
  void whoIsGoneCannotCall() {
    assertFails("word a\nexit t\nt: wake a 1", 3, "thread 't' to be free for a call", "it is gone");
  }

  @Test
  void whoIsStoppedSleepsAndCannotReturn() {
    machine.sleeps("c");
    String text = "word a\nthread c process=p\nc: wait a 0 blocks\nstop c\nc sleeps\n";
    assertFails(text + "c returns ok", 6, "ok", "it is stopped");
  }

  @Test
  void aRobustEntryIsLinkedBehindTheLast() {
    Played played = play("robust e\nrobust f\nt: robust_link e = ok\nt: robust_link f pi = ok");
    assertThat(played.failure()).isNull();
    long head = machine.thread("t").scratch();
    assertThat(machine.thread("t").nr).isEqualTo(273);
    assertThat(machine.thread("t").args).containsExactly(head, 24);
    assertThat(longAt(head)).as("first").isEqualTo(0x100000);
    assertThat(longAt(head + 8)).as("futex_offset").isEqualTo(8);
    assertThat(longAt(0x100000)).as("second, a lock with priority").isEqualTo(0x100011);
    assertThat(longAt(0x100010)).as("end").isEqualTo(head);
    assertThat(longAt(0x100008) & 0xffffffffL).as("word").isEqualTo(100);
  }

  @Test
  void severalEntriesAreLinkedInTheOrderTheyLie() {
    Played played =
        play("robust e\nrobust f at 64\nt: robust_link f = ok\nt: robust_link e count=3");
    assertThat(played.failure()).isNull();
    long head = machine.thread("t").scratch();
    assertThat(longAt(head)).isEqualTo(0x100040);
    assertThat(longAt(0x100040)).isEqualTo(0x100000);
    assertThat(longAt(0x100000)).isEqualTo(0x100010);
    assertThat(longAt(0x100010)).isEqualTo(0x100020);
    assertThat(longAt(0x100020)).isEqualTo(head);
    assertThat(longAt(0x100028)).as("the last word").isEqualTo(100);
    assertThat(longAt(0x100030)).as("behind it").isZero();
  }

  @Test
  void entriesNeedRoom() {
    assertHolds("region r private size=4096\nrobust e in r\nt: robust_link e count=256");
  }

  @Test
  void entriesBeyondTheRegionFail() {
    assertFails(
        "region r private size=4096\nrobust e in r at 16\nt: robust_link e count=256",
        3,
        "room for 256 entries",
        "room for 255");
  }

  @Test
  void aListMayBeMadeByHand() {
    Played played =
        play(
            "word n u64\n"
                + "word h u64 = addr(n)|1\n"
                + "set n = addr(h)\n"
                + "t: set_robust_list size=24 head=h");
    assertThat(played.failure()).isNull();
    assertThat(longAt(0x100000)).isEqualTo(0x100008);
    assertThat(longAt(0x100008)).isEqualTo(0x100001);
    assertThat(machine.thread("t").args).containsExactly(0x100008, 24);
    assertThat(machine.log().stream().filter(line -> line.startsWith("t call")))
        .containsExactly("t call 273");
  }

  @Test
  void anAddressIsComparedByWhereItLies() {
    Played played = play("word h u64\nword n u64\nset h = addr(n)|1\ncheck h = addr(mem+9)");
    assertThat(played.failure()).isNull();
    assertThat(played.words())
        .containsEntry("h", new Played.Value("0x100009", "addr(mem+9)"))
        .containsEntry("n", Played.Value.plain("0"));
  }

  @Test
  void aPriorityIsLookedAt() {
    machine.returns("t", 0, () -> machine.thread("t").runsAt(7));
    assertHolds("word a\npriority t = 0\nt: lock_pi a = ok\npriority t = 7");
  }

  @Test
  void anotherPriorityFails() {
    assertFails("priority t = 3", 1, "3", "0");
  }

  @Test
  void whoIsGoneHasNoPriority() {
    assertFails(
        "word a\nt: wake a 1\nexit t\npriority t = 0", 4, "a thread with a priority", "it is gone");
  }

  @Test
  void aLookAtAPriorityNeedsInheritance() {
    machine.lacks(Capability.PI, "no locks");
    assertThat(
            Requirements.missing(
                ScenarioParser.parse("", "repeat 2\npriority t = 0\nend"), machine))
        .isEqualTo("needs pi: no locks");
  }

  private long longAt(long address) {
    byte[] bytes = machine.process().read(address, 8);
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
  }

  @Test
  void outcomesTellWhatStepsGaveAndWhoReturned() {
    machine.sleeps("t").returns("main", 1, () -> machine.wake("t", 0));
    Played played = play("word a = tid(t)\nt: wait a 0\nmain: wake a 1\ncheck a = tid(t)");
    assertThat(played.outcomes().stream().map(outcome -> outcome.got().named()).toList())
        .isEqualTo(List.of("sleeps", "1", "tid(t)"));
    assertThat(played.outcomes().get(1).returned())
        .isEqualTo(Map.of("t", new Played.Ended("0", false)));
    assertThat(played.words()).containsEntry("a", new Played.Value("100", "tid(t)"));
    assertThat(played.threads()).containsEntry("t", new Played.Ended("0", false));
  }

  @Test
  void whatAScenarioNeedsIsAskedFor() {
    machine.lacks(Capability.RT, "not allowed").lacks(Capability.HASH, "none");
    assertThat(missing("needs hash\n")).isEqualTo("needs hash: none");
    assertThat(missing("thread t fifo=1\n")).isEqualTo("needs rt: not allowed");
    assertThat(missing("only kernel\n")).isEqualTo("only for kernel");
    assertThat(missing("needs pi\nonly jvm\n")).isNull();
    machine.lacks(Capability.SIGNALS, "no").lacks(Capability.PROCESSES, "one only");
    assertThat(missing("word a\nrepeat 2\nt: wake a 1\nsignal t\nend"))
        .isEqualTo("needs signals: no");
    assertThat(missing("thread t process=p\n")).isEqualTo("needs processes: one only");
  }

  private @Nullable String missing(String text) {
    return Requirements.missing(ScenarioParser.parse("", text), machine);
  }
}
