/**
 * The real kernel as a machine: worker processes without a JVM in them, whose threads make the raw
 * system calls they are handed.
 */
package org.jfutex.cli.machine.kernel;
