/** The Linux futex subsystem in Java. */
@org.jspecify.annotations.NullMarked
@SuppressWarnings("module") // the qualified exports name a module that is built later
module org.jfutex {
  requires static org.jspecify;
  requires static com.google.errorprone.annotations;

  exports org.jfutex;
  exports org.jfutex.word;
  exports org.jfutex.time;
  exports org.jfutex.engine;
  exports org.jfutex.linux;
  exports org.jfutex.observe;
  exports org.jfutex.sync;
  exports org.jfutex.shm;
  exports org.jfutex.poll;
  exports org.jfutex.io;
  exports org.jfutex.park to
      org.jfutex.cli;
  exports org.jfutex.kernel to
      org.jfutex.cli;

  uses org.jfutex.FutexProvider;
  uses org.jfutex.park.PlatformParker;

  provides org.jfutex.FutexProvider with
      org.jfutex.engine.JvmFutexProvider,
      org.jfutex.kernel.KernelFutexProvider;
  provides org.jfutex.park.PlatformParker with
      org.jfutex.kernel.FutexParkers;
}
