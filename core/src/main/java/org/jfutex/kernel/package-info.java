/**
 * The Linux kernel itself, through java.lang.foreign: the only package with foreign calls. Behind
 * {@code Futex.kernel()} and, as raw calls, exported to the command line alone.
 */
package org.jfutex.kernel;
