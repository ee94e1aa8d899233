/** The command line of jfutex. */
@org.jspecify.annotations.NullMarked
module org.jfutex.cli {
  requires static org.jspecify;
  requires static com.google.errorprone.annotations;
  requires com.fasterxml.jackson.core;
  requires info.picocli;
  requires jdk.unsupported; // sun.misc.Signal
  requires org.jfutex;
  requires org.jfutex.bench;

  // picocli makes the commands and sets their fields by reflection
  opens org.jfutex.cli to
      info.picocli;
  opens org.jfutex.cli.fuzz to
      info.picocli;
  opens org.jfutex.cli.play to
      info.picocli;
  opens org.jfutex.cli.probe to
      info.picocli;
  opens org.jfutex.cli.bench to
      info.picocli;
  opens org.jfutex.cli.run to
      info.picocli;
}
