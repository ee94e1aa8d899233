/**
 * What scenarios and fuzzed programs run on: processes with memory, and threads that make raw
 * system calls. One seam, two implementations: the Java engine with a simulated operating system,
 * and the real kernel in a worker process.
 */
package org.jfutex.cli.machine;
