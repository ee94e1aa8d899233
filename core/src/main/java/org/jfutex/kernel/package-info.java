/**
 * The Linux kernel itself, through java.lang.foreign: the only package with foreign calls. Exported
 * to the command line alone.
 */
package org.jfutex.kernel;
