package org.jfutex.cli.machine.kernel;

import org.jfutex.cli.machine.Machine;
import org.jfutex.cli.machine.MemoryContract;

class KernelMemoryTest extends MemoryContract {
  @Override
  protected Machine openMachine() {
    return KernelMachine.open();
  }
}
