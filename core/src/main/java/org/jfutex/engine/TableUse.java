package org.jfutex.engine;

/**
 * How large a table of waiters is.
 *
 * @param node the NUMA node whose futexes it holds; -1 for all that name none
 * @param buckets how many buckets it has now
 * @param most how many it may grow to; as many as it has where its size is fixed
 */
public record TableUse(int node, int buckets, int most) {}
