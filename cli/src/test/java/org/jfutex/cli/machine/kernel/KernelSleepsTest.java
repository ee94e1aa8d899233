package org.jfutex.cli.machine.kernel;

import org.jfutex.cli.machine.Machine;
import org.jfutex.cli.machine.SleepContract;

class KernelSleepsTest extends SleepContract {
  @Override
  protected Machine openMachine() {
    return KernelMachine.open();
  }
}
