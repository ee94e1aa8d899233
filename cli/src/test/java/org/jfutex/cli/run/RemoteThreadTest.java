package org.jfutex.cli.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class RemoteThreadTest {
  private static final long MILLI = TimeUnit.MILLISECONDS.toNanos(1);

  private final int own = Math.toIntExact(ProcessHandle.current().pid());

  /** The id may be another's before long, so it is asked about again; a clock may be negative. */
  @Test
  void whoHasAnIdIsKnownForAMillisecondFromWhenItWasAsked() {
    Space space = new Space(own);
    RemoteThread thread = new RemoteThread(own, new RemoteProcess(own, space), -MILLI);
    assertThat(thread.wasSeenLately(-1)).isTrue();
    assertThat(thread.wasSeenLately(0)).isFalse();
    thread.setSeen(0);
    assertThat(thread.wasSeenLately(MILLI - 1)).isTrue();
    assertThat(thread.wasSeenLately(MILLI)).isFalse();
    space.close();
  }
}
