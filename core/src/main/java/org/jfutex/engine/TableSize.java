package org.jfutex.engine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * How large the tables of an engine's waiters are: one for the futexes that name no NUMA node, and
 * one for each node that some name (FUTEX2_NUMA). As with the kernel's private hash, a table grows
 * with use and never shrinks, unless its size is fixed; see PR_FUTEX_HASH(2const).
 *
 * @param buckets how many buckets the table without a node begins with; a power of two from 1 to
 *     2^20. Those of nodes begin with as many divided by the nodes, but at least 4
 * @param most how many buckets a table may grow to; a power of two, at least {@code buckets}
 * @param nodes how many NUMA nodes there are, at least 1
 */
public record TableSize(int buckets, int most, int nodes) {
  /** Beyond that, buckets of their own are worth less than the memory they take. */
  private static final int GROWTH = 4;

  private static final Path POSSIBLE_NODES = Path.of("/sys/devices/system/node/possible");

  /**
   * Checks the sizes.
   *
   * @throws IllegalArgumentException if one is out of its range
   */
  public TableSize {
    checkBuckets(buckets, 1);
    checkBuckets(most, buckets);
    if (nodes < 1) {
      throw new IllegalArgumentException("nodes " + nodes + ": expected 1 or more");
    }
  }

  static void checkBuckets(int buckets, int least) {
    if (buckets < least || buckets > HashTable.MAX_BUCKETS || Integer.bitCount(buckets) != 1) {
      throw new IllegalArgumentException(
          "table size %d: expected a power of two from %d to %d"
              .formatted(buckets, least, HashTable.MAX_BUCKETS));
    }
  }

  /**
   * The size that suits this machine: 256 buckets for each processor, growing to four times as
   * many, and the system's NUMA nodes.
   *
   * @return the size
   */
  public static TableSize ofSystem() {
    int buckets = HashTable.defaultSize();
    return new TableSize(
        buckets, Math.min(HashTable.MAX_BUCKETS, GROWTH * buckets), possibleNodes());
  }

  /**
   * A size that does not change, with one NUMA node.
   *
   * @param buckets how many; a power of two from 1 to 2^20
   * @return the size
   * @throws IllegalArgumentException if it is another
   */
  public static TableSize fixed(int buckets) {
    return new TableSize(buckets, buckets, 1);
  }

  /**
   * How many NUMA nodes the system may have, as sysfs says.
   *
   * @return at least 1; 1 where the system does not say
   */
  public static int possibleNodes() {
    try {
      return nodesOf(Files.readString(POSSIBLE_NODES));
    } catch (IOException e) {
      return 1; // another system, or a kernel without NUMA
    }
  }

  /** The highest number of a list such as {@code 0-3,5}, and one more. */
  static int nodesOf(String list) {
    String text = list.strip();
    int last = Math.max(text.lastIndexOf('-'), text.lastIndexOf(','));
    try {
      return Math.max(0, Integer.parseInt(text.substring(last + 1))) + 1;
    } catch (NumberFormatException e) {
      return 1; // an empty list
    }
  }
}
