/**
 * Memory that several processes share, with locks in it that survive the death of any of them.
 *
 * <p>The binary layout is in {@code docs/layout.md}; programs in C use the same cells through
 * {@code jfutex.h}.
 */
package org.jfutex.shm;
