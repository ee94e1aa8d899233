package org.jfutex.bench.area;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jfutex.bench.frame.Area;
import org.jfutex.bench.frame.CLibrary;
import org.jfutex.bench.frame.Case;
import org.jfutex.bench.frame.Commands;
import org.jfutex.bench.frame.Contender;
import org.jfutex.bench.frame.SkippedException;
import org.jfutex.bench.frame.Workbench;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each contender of the areas with threads, events and programs is opened and measured once. */
class PeersTest {
  private static final long SLICE = 1_000_000;

  @TempDir private static Path folder;
  private static CLibrary library = CLibrary.missing("not compiled yet");

  private final List<String> skipped = new ArrayList<>();

  @BeforeAll
  static void compile() throws Exception {
    library = CLibrary.compile(folder, Commands.path());
  }

  static List<Area> areas() {
    return List.of(
        new Hash(),
        new LockPi(),
        new HandOff(),
        new Wake(),
        new WakeParallel(),
        new WakeAll(List.of(new WakeAll.Size("100", 100, 0, List.of()))),
        new Requeue(),
        new WaitVector(),
        new Collide(10_000),
        new Supervised(),
        new Footprint(2_000),
        new Poll());
  }

  @ParameterizedTest
  @MethodSource("areas")
  void everyContenderMeasuresOrSaysWhyNot(Area area) {
    for (Case each : area.cases()) {
      try (Workbench bench = new Workbench(library)) {
        String what = area.name() + ", " + each.name();
        measure(what, each.opener(), bench);
        for (Case.Peer peer : each.peers()) {
          if (!peer.name().startsWith("perf")) { // a second and more for each run
            measure(what + ", " + peer.name(), peer.opener(), bench);
          }
        }
      }
    }
    assertThat(skipped)
        .allMatch(reason -> reason.matches(".*(PATH|class path|second processor|compiled).*"));
  }

  private void measure(String what, Case.Opener opener, Workbench bench) {
    try {
      Contender contender = opener.open(bench);
      assertThat(contender.measure(SLICE)).as(what).isPositive().isFinite();
      String _ = contender.note();
    } catch (SkippedException e) {
      skipped.add(what + ": " + e.getMessage());
    }
  }

  @Test
  void perfIsReadByItsOwnWords() {
    String hash = "# Running...\n\nAveraged 720896 operations/sec (+- 3.98%), total secs = 1\n";
    assertThat(Perf.figure(Perf.Shape.HASH, hash)).isEqualTo(720_896);
    assertThat(Perf.figure(Perf.Shape.LOCK_PI, hash)).isEqualTo(720_896);
    assertThat(Perf.figure(Perf.Shape.WAKE, "Wokeup 20 of 20 threads in 1.0393 ms (+-14.44%)"))
        .isEqualTo(1.0393);
    assertThat(
            Perf.figure(
                Perf.Shape.WAKE_PARALLEL,
                "Avg per-thread latency (waking 10/20 threads) in 0.4522 ms (+-20.75%)"))
        .isEqualTo(0.4522);
    assertThat(Perf.figure(Perf.Shape.REQUEUE, "Requeued 20 of 20 threads in 0.0557 ms (+-21.41%)"))
        .isEqualTo(0.0557);
    assertThatThrownBy(() -> Perf.figure(Perf.Shape.WAKE, "perf: command not found\n"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("'perf: command not found'");
    assertThatThrownBy(() -> Perf.figure(Perf.Shape.HASH, "Averaged 0 operations/sec"))
        .hasMessageContaining("expected more");
  }

  @Test
  void whatIsMissingIsNamed() {
    try (Workbench bench = new Workbench(CLibrary.missing("no C compiler"))) {
      Case handoff = new HandOff().cases().getFirst();
      assertThatThrownBy(() -> handoff.peers().get(1).opener().open(bench))
          .isInstanceOf(SkippedException.class)
          .hasMessage("no C compiler");
      Case run = new Supervised().cases().getFirst();
      assertThatThrownBy(() -> run.opener().open(bench))
          .isInstanceOf(SkippedException.class)
          .hasMessage("the command line is not on the class path");
    }
    assertThatThrownBy(() -> Commands.require("no-such-program"))
        .isInstanceOf(SkippedException.class)
        .hasMessage("no-such-program is not on PATH");
    assertThatThrownBy(() -> WakeAll.requireHeap(Long.MAX_VALUE))
        .isInstanceOf(SkippedException.class)
        .hasMessageContaining("MB is needed");
  }
}
