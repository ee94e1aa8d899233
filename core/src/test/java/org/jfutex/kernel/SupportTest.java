package org.jfutex.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.jfutex.Futex;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Where the backend cannot work it says why, and the rest of the library does not care. */
class SupportTest {
  @ParameterizedTest
  @CsvSource({"Windows 11, amd64", "Mac OS X, aarch64", "Linux, aarch64"})
  void anotherSystemIsNamed(String os, String arch) {
    assertThat(Support.missing(os, arch, () -> FutexCalls.EINVAL, () -> true))
        .contains(os, arch, "needs Linux on amd64");
  }

  @Test
  void aKernelOrAFilterWithoutTheCallIsNamed() {
    assertThat(Support.missing("Linux", "amd64", () -> FutexCalls.ENOSYS, () -> true))
        .contains("5.16");
    assertThat(Support.missing("Linux", "amd64", () -> FutexCalls.EPERM, () -> true))
        .contains("errno 1");
    assertThat(Support.missing("Linux", "amd64", () -> FutexCalls.EINVAL, () -> true)).isNull();
  }

  @Test
  void aProgramThatUsesAllSignalsIsNamed() {
    assertThat(Support.missing("Linux", "amd64", () -> FutexCalls.EINVAL, () -> false))
        .contains("real-time signal");
  }

  @Test
  void deniedNativeAccessIsNamedAndTheEngineWorks() throws Exception {
    assertThat(run("--illegal-native-access=deny"))
        .contains("--enable-native-access=ALL-UNNAMED", "twice the same", "jvm works");
    assertThat(run("-Dos.name=Plan9"))
        .contains("needs Linux on amd64; this is Plan9", "twice the same", "jvm works");
  }

  private static String run(String option) throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                option,
                "-cp",
                System.getProperty("java.class.path"),
                Asks.class.getName())
            .redirectErrorStream(true)
            .start();
    String out = new String(process.getInputStream().readAllBytes());
    assertThat(process.waitFor()).as(out).isZero();
    return out;
  }

  /** Asks for both backends. */
  static final class Asks {
    public static void main(String[] args) {
      String first = reason();
      System.out.println(first);
      System.out.println(first.equals(reason()) ? "twice the same" : reason());
      System.out.println(Futex.jvm().capabilities().backend() + " works");
    }

    private static String reason() {
      try {
        return "not refused: " + Futex.kernel();
      } catch (UnsupportedOperationException e) {
        return String.valueOf(e.getMessage());
      }
    }
  }
}
