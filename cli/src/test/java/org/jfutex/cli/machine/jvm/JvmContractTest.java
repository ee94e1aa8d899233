package org.jfutex.cli.machine.jvm;

import java.util.Set;
import org.jfutex.cli.machine.Capability;
import org.jfutex.cli.machine.Machine;
import org.jfutex.cli.machine.MemoryContract;
import org.jfutex.cli.machine.ProcessContract;
import org.jfutex.cli.machine.SleepContract;
import org.jfutex.cli.machine.ThreadContract;
import org.junit.jupiter.api.Nested;

/** What every machine must do, done by the Java engine with both kinds of threads. */
class JvmContractTest {
  private static final Set<Capability> NOT_YET = Set.of(Capability.PI, Capability.ROBUST);

  @Nested
  class PlatformThreads extends ThreadContract {
    @Override
    protected Machine openMachine() {
      return new JvmMachine(JvmThreads.PLATFORM);
    }

    @Override
    protected Set<Capability> notYet() {
      return NOT_YET;
    }
  }

  @Nested
  class VirtualThreads extends ThreadContract {
    @Override
    protected Machine openMachine() {
      return new JvmMachine(JvmThreads.VIRTUAL);
    }

    @Override
    protected Set<Capability> notYet() {
      return NOT_YET;
    }
  }

  @Nested
  class ProcessesOfPlatformThreads extends ProcessContract {
    @Override
    protected Machine openMachine() {
      return new JvmMachine(JvmThreads.PLATFORM);
    }

    @Override
    protected Set<Capability> notYet() {
      return NOT_YET;
    }
  }

  @Nested
  class ProcessesOfVirtualThreads extends ProcessContract {
    @Override
    protected Machine openMachine() {
      return new JvmMachine(JvmThreads.VIRTUAL);
    }

    @Override
    protected Set<Capability> notYet() {
      return NOT_YET;
    }
  }

  @Nested
  class SleepsOfVirtualThreads extends SleepContract {
    @Override
    protected Machine openMachine() {
      return new JvmMachine(JvmThreads.VIRTUAL);
    }
  }

  @Nested
  class SleepsOfPlatformThreads extends SleepContract {
    @Override
    protected Machine openMachine() {
      return new JvmMachine(JvmThreads.PLATFORM);
    }
  }

  @Nested
  class Memory extends MemoryContract {
    @Override
    protected Machine openMachine() {
      return new JvmMachine(JvmThreads.PLATFORM);
    }
  }
}
