package org.jfutex.poll;

import org.jspecify.annotations.Nullable;

/**
 * A list whose nodes are its links, so that one leaves at any time and at no cost. Guarded by its
 * user's lock.
 */
final class Chain<N extends Chain.Node<N>> {
  /** What is in at most one chain. */
  abstract static class Node<N extends Node<N>> {
    private @Nullable N before;
    private @Nullable N behind;
    private boolean isLinked;

    final boolean isLinked() {
      return isLinked;
    }

    /** The next one. */
    final @Nullable N behind() {
      return behind;
    }
  }

  private @Nullable N first;
  private @Nullable N last;
  private int size;

  @Nullable N first() {
    return first;
  }

  int size() {
    return size;
  }

  void addFirst(N node) {
    N next = first;
    if (next == null) {
      addLast(node);
      return;
    }
    link(node, null, next);
  }

  void addLast(N node) {
    link(node, last, null);
  }

  private void link(N node, @Nullable N before, @Nullable N behind) {
    Node<N> linked = node;
    assert !linked.isLinked;
    linked.before = before;
    linked.behind = behind;
    linked.isLinked = true;
    setBehind(before, node);
    setBefore(behind, node);
    size++;
  }

  void remove(N node) {
    Node<N> linked = node;
    assert linked.isLinked;
    setBehind(linked.before, linked.behind);
    setBefore(linked.behind, linked.before);
    linked.before = null;
    linked.behind = null;
    linked.isLinked = false;
    size--;
  }

  private void setBehind(@Nullable N before, @Nullable N node) {
    if (before == null) {
      first = node;
    } else {
      ((Node<N>) before).behind = node;
    }
  }

  private void setBefore(@Nullable N behind, @Nullable N node) {
    if (behind == null) {
      last = node;
    } else {
      ((Node<N>) behind).before = node;
    }
  }
}
