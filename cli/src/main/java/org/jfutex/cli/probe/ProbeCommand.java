package org.jfutex.cli.probe;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jfutex.Capabilities;
import org.jfutex.Futex;
import org.jfutex.cli.ExitStatus;
import org.jfutex.kernel.KernelFeatures;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code jfutex probe}: what this kernel offers. */
@Command(
    name = "probe",
    mixinStandardHelpOptions = true,
    description = {
      "Finds out what the running kernel offers for futexes, by harmless calls and not by its "
          + "version, and prints what it means for jfutex and what each backend can do."
    },
    exitCodeListHeading = "%nExit statuses:%n",
    exitCodeList = {
      "0:all went well",
      "2:the command line is wrong",
      "70:an error in jfutex",
      "78:this system has no Linux kernel to look at, or native access is denied",
    })
public final class ProbeCommand implements Callable<Integer> {
  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  @Spec private @Nullable CommandSpec spec;

  /** Made by picocli. */
  public ProbeCommand() {}

  @Override
  public Integer call() throws IOException {
    PrintWriter out = Objects.requireNonNull(spec).commandLine().getOut();
    PrintWriter err = spec.commandLine().getErr();
    ProbeReport report;
    try {
      report = probe();
    } catch (UnsupportedOperationException e) {
      err.println("jfutex: " + e.getMessage());
      err.flush();
      return ExitStatus.UNSUPPORTED;
    }
    out.print(json ? report.asJson() : report.asText());
    out.flush();
    return ExitStatus.OK;
  }

  private static ProbeReport probe() {
    var features = KernelFeatures.probe();
    @Nullable Capabilities kernel = null;
    String why = "";
    try {
      kernel = Futex.kernel().capabilities();
    } catch (UnsupportedOperationException e) {
      why = String.valueOf(e.getMessage());
    }
    return new ProbeReport(
        System.getProperty("os.version"), features, Futex.jvm().capabilities(), kernel, why);
  }
}
