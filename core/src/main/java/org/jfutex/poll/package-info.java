/**
 * Readiness: one thread waits for many things of any kind. A {@link org.jfutex.poll.Pollee} is the
 * part of an object that knows what it is ready for, and tells who waits.
 */
package org.jfutex.poll;
