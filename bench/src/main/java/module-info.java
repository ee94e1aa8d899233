/** The benchmarks of jfutex, with the peers they are measured against. */
@org.jspecify.annotations.NullMarked
@SuppressWarnings("module") // the qualified export names a module that is built later
module org.jfutex.bench {
  requires static org.jspecify;
  requires static com.google.errorprone.annotations;
  requires java.management;
  requires jdk.management; // processor time of a thread, and the bytes it allocates
  requires org.jfutex;

  exports org.jfutex.bench to
      org.jfutex.cli;
}
