/**
 * The machine that is the Java engine, with what a JVM lacks simulated: processes with page tables,
 * and threads that can be stopped, killed and signalled.
 */
package org.jfutex.cli.machine.jvm;
