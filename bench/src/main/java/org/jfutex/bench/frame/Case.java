package org.jfutex.bench.frame;

import java.util.ArrayList;
import java.util.List;

/**
 * One comparison: ours against one or more peers. Every case is measured in a JVM of its own, so
 * that no other case has shaped its machine code.
 *
 * @param name what is measured
 * @param unit the unit of the figures; less is better, unless targets are of atLeast
 * @param ours the name of our side
 * @param opener makes our side
 * @param peers what ours is compared with
 * @param slice how long a contender measures in a round
 */
public record Case(
    String name, String unit, String ours, Opener opener, List<Peer> peers, Slice slice) {
  /** How long a contender measures in a round. */
  public enum Slice {
    /** So long that other programs meet all contenders alike. */
    SHORT,
    /** So long that what is slow to happen, as a thread that starves, can be seen. */
    LONG
  }

  /** Makes a contender when it is about to be measured. */
  @FunctionalInterface
  public interface Opener {
    /**
     * Makes the contender.
     *
     * @param bench what it may use
     * @return the contender
     * @throws SkippedException if this machine lacks what it needs
     */
    Contender open(Workbench bench) throws SkippedException;
  }

  /**
   * What ours is compared with.
   *
   * @param name its name
   * @param target what the comparison should give
   * @param opener makes it
   */
  public record Peer(String name, Target target, Opener opener) {}

  /** Copies the list. */
  public Case {
    peers = List.copyOf(peers);
  }

  /**
   * A case without peers as yet, in nanoseconds per operation.
   *
   * @param name what is measured
   * @param ours the name of our side
   * @param opener makes our side
   * @return the case
   */
  public static Case nanos(String name, String ours, Opener opener) {
    return new Case(name, "ns", ours, opener, List.of(), Slice.SHORT);
  }

  /**
   * This case with one more peer.
   *
   * @param peer its name
   * @param target what the comparison should give
   * @param peerOpener makes it
   * @return the new case
   */
  public Case against(String peer, Target target, Opener peerOpener) {
    List<Peer> more = new ArrayList<>(peers);
    more.add(new Peer(peer, target, peerOpener));
    return new Case(name, unit, ours, opener, more, slice);
  }

  /**
   * The openers of all contenders: ours, then the peers in order.
   *
   * @return the openers
   */
  List<Opener> openers() {
    List<Opener> all = new ArrayList<>();
    all.add(opener);
    peers.forEach(peer -> all.add(peer.opener));
    return all;
  }
}
