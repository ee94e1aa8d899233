/**
 * Where a futex word lives and what identifies it: an array element, a field of an object, a cell
 * of a memory segment or of a mapped file, of 8, 16, 32 or 64 bits.
 */
package org.jfutex.word;
