/**
 * The Java engine: waiters of this JVM in a hash table of queues. One public front; everything else
 * is private to the package and cut by operation, as the kernel's own files are.
 */
package org.jfutex.engine;
