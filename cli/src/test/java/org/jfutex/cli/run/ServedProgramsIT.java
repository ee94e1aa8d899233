package org.jfutex.cli.run;

import java.util.List;
import org.jfutex.cli.Tools;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The test programs under jfutex: each must print, line by line, what it prints without, and end
 * with the same status. The kernel is the oracle, and it is asked at the same time.
 */
class ServedProgramsIT {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "locks",
        "timeouts",
        "crowd",
        "raw",
        "wakeop",
        "futex2",
        "equation",
        "signals",
        "latency",
        "exits",
        "shared",
        "spaces",
        "pi"
      })
  void aCProgramDoesWhatItDoesWithout(String name) throws Exception {
    assertSameUnderJfutex(NativeProgram.c(name));
  }

  /** Another start-up code, another place of everything; musl would differ more. */
  @ParameterizedTest
  @ValueSource(strings = {"locks", "crowd", "exits"})
  void aStaticProgramDoesWhatItDoesWithout(String name) throws Exception {
    assertSameUnderJfutex(NativeProgram.staticC(name));
  }

  @ParameterizedTest
  @ValueSource(strings = {"folly", "sync"})
  void aCppProgramDoesWhatItDoesWithout(String name) throws Exception {
    assertSameUnderJfutex(NativeProgram.cpp(name));
  }

  @ParameterizedTest
  @ValueSource(strings = {"filter", "renumber", "rename", "undumpable", "unprivileged", "chroot"})
  void aProgramThatChangesItsSurroundingsDoesNotNotice(String what) throws Exception {
    assertSameUnderJfutex(NativeProgram.c("odd", what));
  }

  @Test
  void nodeWorkersWaitAndNotifyWithExactCounts() throws Exception {
    Tools.require("node");
    assertSameUnderJfutex(List.of("node", NativeProgram.source("workers.js")));
  }

  @Test
  void anotherHotSpotRunsItsPlatformAndVirtualThreads() throws Exception {
    assertSameUnderJfutex(NativeProgram.java("Tasks"));
  }

  private static void assertSameUnderJfutex(List<String> command) throws Exception {
    try (Execution.Running without = Execution.of(command).start()) {
      Outcome served = Execution.of(command).underJfutex().run();
      served.sameAs(without.await().succeeded());
    }
  }
}
