/**
 * The system-call face: what a guest program or an emulator calls, bit for bit like Linux, odd
 * corners included. Results are a count, an index, 0, or a negative errno.
 *
 * <p>{@link org.jfutex.linux.RawFutex} executes calls. Who makes them is a {@link
 * org.jfutex.linux.Caller}, or a {@link org.jfutex.linux.RemoteCaller} if no thread of this JVM
 * sleeps for it; what their addresses mean is an {@link org.jfutex.linux.AddressSpace}, of which
 * {@link org.jfutex.linux.SegmentSpace} is the one for memory this JVM holds.
 */
package org.jfutex.linux;
