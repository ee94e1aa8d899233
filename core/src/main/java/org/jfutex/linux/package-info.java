/**
 * The system-call face: what a guest program or an emulator calls, bit for bit like Linux, odd
 * corners included. Results are a count, an index, 0, or a negative errno.
 */
package org.jfutex.linux;
