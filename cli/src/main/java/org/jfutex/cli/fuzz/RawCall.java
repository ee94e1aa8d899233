package org.jfutex.cli.fuzz;

/**
 * A call as a machine takes it.
 *
 * @param nr the x86-64 system call number
 * @param args six argument registers
 * @param scratch what the calling thread's scratch memory must hold, from its beginning
 */
@SuppressWarnings("ArrayRecordComponent") // made once, compared never, read in the innermost loop
record RawCall(long nr, long[] args, byte[] scratch) {}
