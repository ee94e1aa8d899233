/**
 * Things to wait for with {@link org.jfutex.poll}: pipes, sockets, timers, counters, queues, words
 * and ends of processes. Each is a {@link org.jfutex.poll.Pollable} with calls that succeed at once
 * or not at all ({@code tryRead}, {@code tryTake}); those that block are the same calls in the loop
 * of {@link org.jfutex.poll.Pollable#await(int, org.jfutex.time.Deadline,
 * org.jfutex.poll.Pollable.Attempt)}.
 */
package org.jfutex.io;
