/**
 * The Linux kernel itself, through java.lang.foreign: the only package with foreign calls. It stands
 * behind {@code Futex.kernel()}; its raw calls are exported to the command line alone.
 */
package org.jfutex.kernel;
