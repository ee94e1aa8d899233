/**
 * Clocks, absolute deadlines and the time source they are read from. The only package that asks the
 * system what time it is.
 */
package org.jfutex.time;
