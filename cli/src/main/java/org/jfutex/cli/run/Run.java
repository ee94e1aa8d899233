package org.jfutex.cli.run;

/** A program that runs: the threads that serve it, from its first call to its last. */
final class Run {
  /*
   * State       the program runs -> programEnded, set once by the thread that awaits it.
   * Guards      programEnded: volatile.
   * Lock order  takes none itself.
   * Ordering    set after the program was waited for: who reads true never signals its id, which
   *             may be another's by then. In the moment between the two the id is free, and a
   *             signal finds nobody: ids are given out again only after all others.
   * Progress    serving ends when the last process that uses the filter has ended; the watching
   *             thread within a tick after it is told.
   * Callbacks   none.
   * Checked by  RunOptionsIT, ServedProgramsIT.
   */
  private final Launch launch;
  private final Supervisor supervisor;
  private volatile boolean programEnded;

  Run(Launch launch, Supervisor supervisor) {
    this.launch = launch;
    this.supervisor = supervisor;
  }

  /**
   * Serves the program until it and all that descends from it have ended.
   *
   * @param signals what jfutex was started with
   * @return the program's exit status
   */
  int await(HostSignals.Inherited signals) {
    Watcher watcher = new Watcher(supervisor);
    Thread serving = Thread.ofPlatform().name("jfutex-serve").daemon().start(supervisor::serve);
    Thread watching = Thread.ofPlatform().name("jfutex-watch").daemon().start(watcher::run);
    HostSignals.forward(signals, this::signal);
    int status = launch.await();
    programEnded = true;
    join(serving); // descendants may outlive the program
    watcher.stop();
    join(watching);
    supervisor.close();
    return status;
  }

  /** The program's id may be another's once it has ended: then its descendants are asked. */
  private void signal(int signal) {
    if (programEnded) {
      supervisor.signalAll(signal);
    } else {
      launch.signal(signal);
    }
  }

  private static void join(Thread thread) {
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true; // nobody here interrupts, but it is not ours to swallow
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
