package org.jfutex.linux;

import org.jfutex.engine.AsyncWait;
import org.jspecify.annotations.Nullable;

/**
 * How a submitted system call stands.
 *
 * @param result a count, an index, 0, or a negative errno; meaningless if the call sleeps
 * @param sleep the sleep, whose end the caller is told by {@link RemoteCaller#complete} and which
 *     can be cancelled; null if the call has ended with {@code result}
 */
public record Submitted(long result, @Nullable AsyncWait sleep) {}
