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
 * @param terms how it is measured
 */
public record Case(
    String name, String unit, String ours, Opener opener, List<Peer> peers, Terms terms) {
  /** How long a contender measures in a round. */
  public enum Slice {
    /** So long that other programs meet all contenders alike. */
    SHORT,
    /** So long that what is slow to happen, as a thread that starves, can be seen. */
    LONG,
    /** Until an event has happened, or several where they take less time than that. */
    EVENT
  }

  /** Whether our side may make objects. */
  public enum Allocation {
    /** What it makes is only shown. */
    SHOWN,
    /** It may make none: a row misses its target if it does. */
    NONE
  }

  /**
   * How a case is measured.
   *
   * @param slice how long a contender measures in a round
   * @param eventSeconds how long an event takes, about, on average of the contenders; only to tell
   *     how long is left, and whether that is too long
   * @param flags what its JVM is started with besides {@link Jvm#flags}
   * @param allocation whether our side may make objects
   */
  public record Terms(Slice slice, double eventSeconds, List<String> flags, Allocation allocation) {
    /** What most cases are measured with. */
    static final Terms USUAL = new Terms(Slice.SHORT, 0, List.of(), Allocation.SHOWN);

    /** Copies the list. */
    public Terms {
      flags = List.copyOf(flags);
    }
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
    return of(name, "ns", ours, opener);
  }

  /**
   * A case without peers as yet.
   *
   * @param name what is measured
   * @param unit the unit of the figures
   * @param ours the name of our side
   * @param opener makes our side
   * @return the case
   */
  public static Case of(String name, String unit, String ours, Opener opener) {
    return new Case(name, unit, ours, opener, List.of(), Terms.USUAL);
  }

  private Case with(Terms other) {
    return new Case(name, unit, ours, opener, peers, other);
  }

  /**
   * This case with few and long slices.
   *
   * @return the new case
   */
  public Case inLongSlices() {
    return with(new Terms(Slice.LONG, 0, terms.flags, terms.allocation));
  }

  /**
   * This case with contenders that measure at least one event, however long it takes.
   *
   * @param seconds how long one takes, about, on average of the contenders
   * @return the new case
   */
  public Case inEvents(double seconds) {
    return with(new Terms(Slice.EVENT, seconds, terms.flags, terms.allocation));
  }

  /**
   * This case in a JVM with more flags.
   *
   * @param flags the flags
   * @return the new case
   */
  public Case withFlags(String... flags) {
    return with(new Terms(terms.slice, terms.eventSeconds, List.of(flags), terms.allocation));
  }

  /**
   * This case with a side of ours that may make no objects.
   *
   * @return the new case
   */
  public Case withoutAllocation() {
    return with(new Terms(terms.slice, terms.eventSeconds, terms.flags, Allocation.NONE));
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
    return new Case(name, unit, ours, opener, more, terms);
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
