package org.jfutex.cli.play;

/**
 * A result that two machines did not agree on.
 *
 * @param line the line of the step; 0 for the end of the scenario
 * @param what the step, or what was looked at in the end
 * @param jvm what the Java engine gave
 * @param kernel what the kernel gave
 */
public record Difference(int line, String what, String jvm, String kernel) {
  @Override
  public String toString() {
    return what + ": jvm " + jvm + ", kernel " + kernel;
  }
}
