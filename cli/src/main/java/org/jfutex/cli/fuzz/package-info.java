/**
 * Differential fuzzing: random programs of raw calls, run on the Java engine and on the kernel side
 * by side, with every difference shrunk to a scenario.
 */
package org.jfutex.cli.fuzz;
