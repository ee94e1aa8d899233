package org.jfutex.cli.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class TraceTest {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final List<String> complaints = new ArrayList<>();

  private Trace trace(OutputStream to) {
    return new Trace(to, Calls.START, complaints::add);
  }

  private String text() {
    return out.toString(StandardCharsets.UTF_8);
  }

  @Test
  void everyCallIsOneLineInTheOrderOfTheirEnds() {
    try (Trace trace = trace(out)) {
      trace.served(Calls.slept(0x7f00, 1_300_000, 1241));
      trace.served(Calls.result(Calls.futex(Calls.PRIVATE | 1, 1), 1));
      trace.served(Calls.result(Calls.slept(0x7f00, 50_100_000, 0), -110));
      trace.served(Calls.result(Calls.futex(Calls.PRIVATE, 2), -11));
      trace.served(Calls.by(Calls.futex(6), ServedCall.Disposition.PASSED));
    }
    assertThat(text())
        .isEqualTo(
            """
              0.001234 [1234/1240] FUTEX_WAIT_PRIVATE(0x7f00, 2, NULL) \
            = 0 <woken by 1241 after 1.30 ms>
              0.001234 [1234/1240] FUTEX_WAKE_PRIVATE(0x7f0012345678, 1) = 1
              0.001234 [1234/1240] FUTEX_WAIT_PRIVATE(0x7f00, 2, NULL) \
            = -1 ETIMEDOUT <after 50.1 ms>
              0.001234 [1234/1240] FUTEX_WAIT_PRIVATE(0x7f0012345678, 2, NULL) = -1 EAGAIN
              0.001234 [1234/1240] FUTEX_LOCK_PI(0x7f0012345678, NULL) = ? <passed to the kernel>
            """);
    assertThat(complaints).isEmpty();
  }

  @Test
  void lineIsOutBeforeTheNextCall() {
    Trace trace = trace(new java.io.BufferedOutputStream(out));
    trace.served(Calls.futex(1, 1));
    assertThat(text()).endsWith("FUTEX_WAKE(0x7f0012345678, 1) = 0\n");
  }

  @Test
  void brokenOutputIsReportedOnceAndTheRunGoesOn() {
    List<Integer> writes = new ArrayList<>();
    OutputStream full =
        new OutputStream() {
          @Override
          public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
          }

          @Override
          public void write(byte[] bytes, int from, int count) throws IOException {
            writes.add(count);
            throw new IOException("No space left on device");
          }

          @Override
          public void close() throws IOException {
            throw new IOException("still none");
          }
        };
    try (Trace trace = trace(full)) {
      trace.served(Calls.futex(1, 1));
      trace.served(Calls.futex(1, 1));
    }
    assertThat(writes).hasSize(1);
    assertThat(complaints)
        .containsExactly("the trace ends here, it cannot be written: No space left on device");
  }

  @Test
  void errorOfClosingIsReportedAndNothingFollows() {
    OutputStream unclosable =
        new OutputStream() {
          @Override
          public void write(int b) {
            out.write(b);
          }

          @Override
          public void close() throws IOException {
            throw new IOException("Input/output error");
          }
        };
    Trace trace = trace(unclosable);
    trace.close();
    trace.served(Calls.futex(1, 1));
    assertThat(complaints).hasSize(1);
    assertThat(text()).isEmpty();
  }
}
