package org.jfutex.contract;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import java.util.function.Supplier;
import org.jfutex.Capabilities;
import org.jfutex.Futex;
import org.jfutex.kernel.KernelProbe;
import org.jfutex.testing.Backend;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** The contract, kept by the kernel backend: with io_uring, and where that is refused. */
class KernelFutexContractTest {
  @Test
  void isTheOneKernelOfTheJvm() {
    assertThat(Futex.kernel()).isSameAs(Futex.kernel());
    assertThat(Futex.kernel().capabilities())
        .isEqualTo(
            new Capabilities(
                "kernel",
                Set.of(32),
                128,
                false,
                true,
                true,
                true,
                true,
                false,
                false,
                false,
                Capabilities.PiThreads.PLATFORM));
  }

  @Nested
  class WithRing extends Suite {
    WithRing() {
      super(KernelProbe::withRing);
    }
  }

  @Nested
  class WithHelpers extends Suite {
    WithHelpers() {
      super(KernelProbe::withHelpers);
    }
  }

  /** All parts of the contract. */
  private abstract static class Suite {
    private final Supplier<Backend> backends;

    Suite(Supplier<Backend> backends) {
      this.backends = backends;
    }

    @Nested
    class Waiting extends WaitContract {
      Waiting() {
        super(backends);
      }
    }

    @Nested
    class Waking extends WakeContract {
      Waking() {
        super(backends);
      }
    }

    @Nested
    class Requeueing extends RequeueContract {
      Requeueing() {
        super(backends);
      }
    }

    @Nested
    class WakeOps extends WakeOpContract {
      WakeOps() {
        super(backends);
      }
    }

    @Nested
    class VectorWaiting extends VectorWaitContract {
      VectorWaiting() {
        super(backends);
      }
    }

    @Nested
    class AsyncWaiting extends AsyncWaitContract {
      AsyncWaiting() {
        super(backends);
      }
    }

    @Nested
    class Locking extends PiContract {
      Locking() {
        super(backends);
      }
    }

    @Nested
    class RequeueingToLocks extends PiRequeueContract {
      RequeueingToLocks() {
        super(backends);
      }
    }

    @Nested
    class Identity extends IdentityContract {
      Identity() {
        super(backends);
      }
    }
  }
}
