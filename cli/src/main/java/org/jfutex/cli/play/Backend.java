package org.jfutex.cli.play;

import java.util.function.Supplier;
import org.jfutex.cli.machine.Machine;
import org.jfutex.cli.machine.jvm.JvmMachine;
import org.jfutex.cli.machine.jvm.JvmThreads;
import org.jfutex.cli.machine.kernel.KernelMachine;

/**
 * A kind of machine to play on.
 *
 * @param name its name in scenarios
 * @param label its name in reports
 * @param opener makes a fresh machine; throws UnsupportedOperationException where it cannot
 */
public record Backend(String name, String label, Supplier<Machine> opener) {
  /** The Java engine, threads of scenarios on platform threads. */
  public static final Backend JVM =
      new Backend("jvm", "jvm", () -> new JvmMachine(JvmThreads.PLATFORM));

  /** The Java engine, threads of scenarios on virtual threads. */
  public static final Backend JVM_VIRTUAL =
      new Backend("jvm", "jvm-virtual", () -> new JvmMachine(JvmThreads.VIRTUAL));

  /** The kernel. */
  public static final Backend KERNEL = new Backend("kernel", "kernel", KernelMachine::open);
}
