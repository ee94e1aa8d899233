package org.jfutex.cli.machine.kernel;

import org.jfutex.cli.machine.Machine;
import org.jfutex.cli.machine.ProcessContract;

class KernelProcessesTest extends ProcessContract {
  @Override
  protected Machine openMachine() {
    return KernelMachine.open();
  }
}
