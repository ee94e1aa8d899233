package org.jfutex.cli.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.concurrent.TimeUnit;
import org.jfutex.cli.machine.Machine;
import org.jfutex.cli.machine.MachineProcess;
import org.jfutex.cli.machine.MachineThread;
import org.jfutex.cli.machine.jvm.JvmMachine;
import org.jfutex.cli.machine.jvm.JvmThreads;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The fuzzer with an engine that loses its way: signals are not handled, and it does not close. */
class SessionTest {
  private static final String STUCK = "engine: a thread is stuck";

  private static Machine sound() {
    return new JvmMachine(JvmThreads.PLATFORM);
  }

  private static Machine stuck() {
    return stuck(Machine.class, sound());
  }

  private static <T> T stuck(Class<T> type, T real) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (_, method, args) -> {
              Object result;
              try {
                result = method.invoke(real, args);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
              if (method.getName().equals("signal") || method.getName().equals("close")) {
                throw new IllegalStateException(STUCK);
              }
              return switch (result) {
                case MachineProcess process -> stuck(MachineProcess.class, process);
                case MachineThread thread -> stuck(MachineThread.class, thread);
                case null, default -> result;
              };
            }));
  }

  /** The first program of a kind that shows it; one in three is a race. */
  private static Found found(int first) {
    Session session =
        new Session(
            SessionTest::sound,
            _ -> new Bench(stuck(), Session.LIMIT_NANOS),
            Session.Subject.WAITS,
            1,
            4);
    Found found = null;
    for (long number = first; found == null && number < 1_000; number += 3) {
      found = session.run(number, 1, TimeUnit.MINUTES.toNanos(5), _ -> {});
    }
    return found;
  }

  @Test
  void aMachineThatRefusesIsADifferenceEvenIfItDoesNotClose() {
    Found found = found(0);
    assertThat(found).isNotNull();
    assertThat(found.difference()).contains(STUCK);
  }

  @Test
  @Tag("long")
  void soItIsInARace() {
    Found found = found(2);
    assertThat(found).isNotNull();
    assertThat(found.difference()).contains(STUCK);
  }
}
