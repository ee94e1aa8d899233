package org.jfutex.cli.play;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.jfutex.cli.machine.Backing;
import org.jfutex.cli.machine.Capability;
import org.jfutex.cli.machine.Protection;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The scenario language: what is read, what is refused, and what is said then. */
class ScenarioParserTest {
  /** Every statement and every operation of the language. */
  static final String EVERYTHING =
      """
      title everything, once
      needs futex2 numa pi
      only kernel jvm
      region r shared ro size=8192
      region f file_private none size=1
      alias r2 of r
      alias r3 of r2 ro
      word a
      word b u8 = 7
      word c u64 = 0x8000000000000000|tid(t1) in r at 24
      word n
      word lock = tid(late)
      robust e
      robust e2 in r at 64
      thread rt fifo=10
      thread child process=p
      word to64 u64 = addr(r+8)|1
      t1: wait a 0 timeout=50ms shared realtime = EINVAL
      t1: wait a -1 timespec=-1,0
      t1: wait a 0 timespec=unmapped = -14
      t2: wait_bitset a 0xffffffff mask=0x80000000 deadline=+50ms realtime blocks
      t2: wake a 2147483648
      t2: wake null 1 = 0
      t2: wake unmapped 1 shared = EFAULT
      t2: wake a+4 1
      t2: wake r+4096 1
      t2: wake a-4 1
      t2: wake 0xffff800000000000 1 = EFAULT
      t2: wake_bitset a 1 mask=1
      t2: requeue a b wake=1 move=0x100000001
      t2: cmp_requeue a b wake=1 move=1 val=0 = EWOULDBLOCK
      t2: wake_op a b wake=1 wake2=2 op=or<<:5 cmp=le:-1 = ok
      t2: wake_op a b wake=1 wake2=2 enc=0x5fffffff
      t2: lock_pi lock deadline=0
      t2: lock_pi2 lock deadline=-1s
      t2: trylock_pi lock timespec=unmapped
      t2: unlock_pi lock
      t2: wait_requeue_pi a 0 lock
      t2: cmp_requeue_pi a lock wake=1 move=2147483647 val=0
      t2: futex 0x80 a 1 0 null 0
      t2: futex 0x89 a 1 unmapped null -1 = EFAULT
      t2: futex_wait n 0 mask=1 flags=u32|numa|private deadline=+1ms clock=realtime
      t2: futex_wait a 0 shared clock=7
      t2: futex_wake n 1 flags=0x86
      t2: futex_requeue a 0 b wake=1 move=1 flags1=u32 flags2=u32 n2=3 flags=1
      t2: futex_requeue a 0 b wake=1 move=1 array=null
      t2: futex_waitv a:0 b:tid(t1)|1:u8|private deadline=+5ms nr=129 flags=0 reserved=1
      t2: robust_link e pi
      t2: robust_pending e2
      t2: robust_link e2 count=3
      t2: robust_link e2 pi count=4096
      t2: set_robust_list size=24
      t2: set_robust_list size=24 head=c-8
      t2: get_robust_list tid(t1) head=c size=null
      t2: futex_wait to64 addr(unmapped)|tid(t2)
      t2: hash set=16
      t2: hash get
      t2: hash op=3 arg=1 flags=1
      t2: mbind r bind node=0
      t2: store a 5
      t2: cas a 5 6 = 1
      t1 returns tid(t1)
      t1 sleeps
      returned t1 t2 = 1
      among t1 t2 2 return ok
      set a = tid(t1)|0x80000000
      set n.node = -1
      check a & 0x3fffffff = tid(t1)
      check r.old+4 = 0
      set to64 = addr(a+4)|1
      check to64 & -2 = addr(e)
      priority rt = 10
      signal t1
      signal t1 restart
      stop child
      continue child
      protect r none at=4096 size=4096
      unmap r process=p
      remap r
      truncate f 0
      pause 1500us
      repeat 3
      repeat 2
      check a = 0
      end
      end
      exit t1
      kill p
      """;

  private static Scenario parse(String text) {
    return ScenarioParser.parse("a.ftx", text);
  }

  private static Scenario.Step onlyStep(String text) {
    return parse(text).steps().getLast();
  }

  @Test
  void everyStatementIsReadAndWrittenBack() {
    Scenario scenario = parse(EVERYTHING);
    String written = scenario.toString();
    assertThat(parse(written).toString()).isEqualTo(written);
    List<String> steps = written.lines().dropWhile(line -> !line.startsWith("t1: wait")).toList();
    List<String> original =
        EVERYTHING.lines().dropWhile(line -> !line.startsWith("t1: wait")).toList();
    assertThat(steps).isEqualTo(original);
  }

  @Test
  void declarationsMeanWhatTheySay() {
    Scenario scenario = parse(EVERYTHING);
    assertThat(scenario.title()).isEqualTo("everything, once");
    assertThat(scenario.needs())
        .containsExactlyInAnyOrder(Capability.FUTEX2, Capability.NUMA, Capability.PI);
    assertThat(scenario.only()).isEqualTo(Set.of("jvm", "kernel"));
    assertThat(scenario.regions())
        .contains(
            new Scenario.RegionDecl(4, "r", Backing.SHARED, null, Protection.READ, 8192),
            new Scenario.RegionDecl(5, "f", Backing.FILE_PRIVATE, null, Protection.NONE, 4096),
            new Scenario.RegionDecl(7, "r3", null, "r2", Protection.READ, 0));
    assertThat(scenario.words().get(1))
        .isEqualTo(new Scenario.WordDecl(9, "b", 8, Num.of(7), "mem", -1, false));
    assertThat(scenario.threads())
        .containsExactly(
            new Scenario.ThreadDecl(15, "rt", 10, null),
            new Scenario.ThreadDecl(16, "child", 0, "p"));
  }

  @Test
  void stepsMeanWhatTheySay() {
    assertThat(onlyStep("word a\nt: wait a 0 = EAGAIN # no\n"))
        .isEqualTo(
            new Scenario.Call(
                2,
                "t",
                new Scenario.Op("wait", List.of("a", "0")),
                new Scenario.Expected.Returns(new Scenario.Result(-11, "EAGAIN"))));
    assertThat(onlyStep("pause 1500us"))
        .isEqualTo(new Scenario.Pause(1, Duration.ofNanos(1500000)));
    assertThat(onlyStep("set mem+0x10 = 1"))
        .isEqualTo(new Scenario.SetWord(1, new Place("mem", 16), Num.of(1)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "t: wait a 0 = EAGIAN | a.ftx:2:15: expected a number, errno name or ok after '=', found"
            + " 'EAGIAN'; did you mean 'EAGAIN'?",
        "t: wiat a 0 | a.ftx:2:4: expected an operation such as 'wait', found 'wiat'; did you mean"
            + " 'wait'?",
        "t: wait b 0 | a.ftx:2:9: 'b' is not declared: expected a word or a region",
        "t: wait aa 0 | a.ftx:2:9: 'aa' is not declared: expected a word or a region; did you mean"
            + " 'a'?",
        "t: wait a | a.ftx:2:10: expected a number: decimal, 0x..., tid(THREAD), addr(ADDRESS),"
            + " joined by",
        "t: wait a x | a.ftx:2:11: expected a number: decimal, 0x..., tid(THREAD), addr(ADDRESS),"
            + " joined by",
        "t: wait a 0 deadline=+5ms | a.ftx:2:13: expected one of realtime shared timeout="
            + " timespec=",
        "t: wait a 0 timeout=5 | a.ftx:2:21: expected a duration such as 50ms, in ns, us, ms or s",
        "t: wait a 0 timout=5ms | did you mean 'timeout='?",
        "t: wait a 0 shared shared | a.ftx:2:20: 'shared' is given twice",
        "t: wait a 0 blocks now | expected the end of the line, found 'now'",
        "t: requeue a a wake=1 | a.ftx:2:22: expected 'move=', found the end of the line",
        "t: wake_op a a wake=1 wake2=1 op=nor:1 cmp=eq:0 | a.ftx:2:34: expected OP:NUMBER",
        "t: wake_op a a wake=1 wake2=1 op=or:4096 cmp=eq:0 | a.ftx:2:37: expected a number from"
            + " -2048 to 4095, found '4096'",
        "t: futex_wait a 0 flags=u33 | expected flags: u8 u16 u32 u64 numa mpol private",
        "t: futex_waitv a:0:u32:1 | expected an element WORD:VALUE or WORD:VALUE:FLAGS",
        "t: futex_waitv a:y | a.ftx:2:18: expected a number",
        "set a = addr(b) | a.ftx:2:9: 'b' is not declared: expected a word or a region",
        "set a = addr(a.node) | a.ftx:2:9: the address of a node: expected that of its word, and"
            + " +4",
        "set a = addr() | a.ftx:2:9: expected a number",
        "set a = addr(a*2) | a.ftx:2:9: expected a number",
        "set a = addr(a | expected a number",
        "t: set_robust_list size=24 head=b | a.ftx:2:33: 'b' is not declared",
        "t: get_robust_list 0 head=a | expected 'size=', found the end of the line",
        "t: get_robust_list head=a | expected a number",
        "t: robust_pending a count=2 | expected the name of a robust entry, found 'a'",
        "priority t = 100 | a.ftx:2:14: expected a priority from 0 to 99, found '100'",
        "priority t 5 | expected '=', found '5'",
        "t: robust_link a | expected the name of a robust entry, found 'a'",
        "t: | a.ftx:2:3: expected an operation such as 'wait', found the end of the line",
        "t: = 0 | expected an operation such as 'wait', found '='",
        "t: wait a 0 = | expected a number, errno name or ok after '=', found the end of the line",
        "9: wait a 0 | expected the name of a thread before ':', found '9'",
        "set: wait a 0 | 'set' is a word of the language: no thread's name",
        "wait a 0 | expected a thread before the operation: 'THREAD: wait ...'",
        "t returns ok | 't': expected a thread that has made a call before",
        "returned t = 1 | 't': expected a thread that has made a call before",
        "chekc a = 0 | did you mean 'check'?",
        "check a == 0 | a.ftx:2:9: expected '=', found '=='",
        "check a = | expected a number",
        "stop t | expected a thread declared with 'process='",
        "kill p | expected a process named by 'thread NAME process=P', found 'p'",
        "pause 1 | expected a duration such as 50ms",
        "pause 61s | expected at most 60s, found '61s'",
        "repeat 2 | a.ftx:3: expected 'end' for the 'repeat' of line 2",
        "end | a.ftx:2:1: 'end' without 'repeat'",
        "repeat 0 | expected a number from 1 to 10000000, found '0'",
        "protect mem rx | expected rw, ro or none, found 'rx'",
        "truncate me 0 | expected the name of a region, found 'me'; did you mean 'mem'?",
        "word a | 'a' is already declared in line 1",
        "word null | 'null' is a word of the language",
        "word 1a | expected a name of letters, digits and _",
        "word b u33 | expected u8 u16 u32 u64, '= N', 'in REGION', 'at OFFSET', found 'u33'",
        "word b in men | expected the name of a region, found 'men'; did you mean 'mem'?",
        "word b at 16384 | a.ftx:2: no room for 'b': 'mem' has 16384 bytes",
        "region r privat | did you mean 'private'?",
        "region r private size=0 | expected a number of bytes from 1",
        "region r private rw 4096 | expected rw, ro, none or size=BYTES, found '4096'",
        "alias b of c | expected the name of a region, found 'c'",
        "needs waitw | expected one of futex2 hash mpol numa",
        "only jmv | expected 'jvm' or 'kernel', found 'jmv'; did you mean 'jvm'?",
        "thread t fifo=100 | expected a priority from 1 to 99, found '100'",
        "title | expected what the scenario shows, found the end of the line",
      })
  void errorsSayWhereAndWhatWasExpected(String line, String told) {
    assertThatThrownBy(() -> parse("word a\n" + line + "\n"))
        .isInstanceOf(ScenarioSyntaxException.class)
        .hasMessageContaining(told)
        .message()
        .startsWith("a.ftx:");
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "4097", "x", "tid(t)"})
  void entriesAreLinkedByTheThousandAtMost(String count) {
    assertThatThrownBy(() -> parse("robust e\nt: robust_link e pi count=" + count))
        .hasMessageContaining("expected a number from 1 to 4096, found '" + count + "'");
  }

  @Test
  void declarationsComeBeforeSteps() {
    assertThatThrownBy(() -> parse("check mem = 0\nword a\n"))
        .hasMessage("a.ftx:2:1: a declaration: expected before the first step, which is in line 1");
  }

  @Test
  void countsAreChecked() {
    String calls = "word a\nt1: wait a 1\nt2: wait a 1\n";
    assertThatThrownBy(() -> parse(calls + "returned t1 t2 = 3"))
        .hasMessageContaining("how many of them return, from 0 to 2, found '3'");
    assertThatThrownBy(() -> parse(calls + "returned t1 t1 = 1"))
        .hasMessageContaining("a thread is named twice");
    assertThatThrownBy(() -> parse(calls + "among t1 1 returns ok"))
        .hasMessageContaining("expected 'return', found 'returns'; did you mean 'return'?");
    assertThatThrownBy(() -> parse(calls + "t1 return ok"))
        .hasMessageContaining("expected 'returns R' or 'sleeps' behind a thread, found 'return'");
  }

  @ParameterizedTest
  @ValueSource(ints = {4, 17})
  void repetitionsAreBounded(int depth) {
    String text = "repeat 100\n".repeat(depth) + "check mem = 0\n" + "end\n".repeat(depth);
    assertThatThrownBy(() -> parse(text))
        .hasMessageContaining(depth == 4 ? "10000000 steps" : "16 'repeat' inside each other");
  }

  @Test
  void anElementTooManyIsRefused() {
    String elements = "a:0 ".repeat(OpParser.MAX_ELEMENTS);
    parse("word a\nt: futex_waitv " + elements);
    assertThatThrownBy(() -> parse("word a\nt: futex_waitv " + elements + "a:0"))
        .hasMessageContaining("161 elements: expected at most 160");
  }

  @Test
  void whatIsShownOfAStrangersTextIsHarmless() {
    assertThatThrownBy(() -> parse("\u001b[31mred" + "x".repeat(10_000)))
        .message()
        .doesNotContain("\u001b")
        .hasSizeLessThan(200);
  }
}
