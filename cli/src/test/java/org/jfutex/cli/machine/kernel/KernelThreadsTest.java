package org.jfutex.cli.machine.kernel;

import org.jfutex.cli.machine.Machine;
import org.jfutex.cli.machine.ThreadContract;

class KernelThreadsTest extends ThreadContract {
  @Override
  protected Machine openMachine() {
    return KernelMachine.open();
  }
}
