package org.jfutex.cli.fuzz;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jfutex.Errno;
import org.jfutex.cli.machine.Capability;
import org.jfutex.cli.play.Action;
import org.jfutex.cli.play.Action.Arg;
import org.jfutex.cli.play.OpParser;
import org.jfutex.cli.play.Place;
import org.jfutex.cli.play.Scenario;
import org.jfutex.cli.play.Scenario.Call;
import org.jfutex.cli.play.Scenario.RegionDecl;
import org.jfutex.cli.play.Scenario.Step;
import org.jfutex.cli.play.Scenario.WordDecl;
import org.jfutex.linux.Operation;

/**
 * Follows a program and knows when the kernel has left open who is next: a waiter that is requeued
 * onto a futex with waiters keeps its place among them if both futexes share a bucket, and goes to
 * the end if they do not. Errs towards open.
 */
final class OpenOrder {
  private static final int REQUEUE = 3;
  private static final int CMP_REQUEUE = 4;
  private static final int CMP_REQUEUE_PI = 12;

  /** Where a word or a region begins, whatever the mapping it is named through. */
  private record Home(String root, long offset) {}

  private final Map<String, Home> homes = new HashMap<>();
  private final Map<String, Set<String>> places = new HashMap<>();
  private final Set<String> lockers = new HashSet<>();
  private final boolean ownsLocks;
  private boolean open;
  private boolean several;
  private boolean movedOn;

  OpenOrder(Scenario program) {
    ownsLocks = program.needs().contains(Capability.PI);
    Map<String, String> roots = new HashMap<>();
    for (RegionDecl region : program.regions()) {
      String of = region.aliasOf();
      String root = of == null ? region.name() : roots.getOrDefault(of, of);
      roots.put(region.name(), root);
      homes.put(region.name(), new Home(root, 0));
    }
    for (WordDecl word : program.words()) {
      String root = roots.getOrDefault(word.region(), word.region());
      homes.put(word.name(), new Home(root, Shape.offset(word)));
    }
  }

  /**
   * Whether two ways to go on are the same but for who of several waiters was served, and that is
   * open. One that waits on several words may have been taken twice, so that fewer return, and one
   * may have been moved on in place of another, so that fewer are found where they were moved to.
   * Where waiters for a lock and others are in one queue, who comes first decides what a call may
   * do.
   */
  boolean leavesOpen(Step step, Moment one, Moment other) {
    return (open && (ownsLocks || isServedOtherwise(one, other)))
        || (step instanceof Scenario.Act
            && one.returned().equals(other.returned())
            && one.asleep().equals(other.asleep())
            && haveOneWord(one.returned().keySet()));
  }

  /**
   * Whether several wait on one word, as they can by its private and its shared key: when the owner
   * of both locks ends, each writes the word as soon as it runs.
   */
  private boolean haveOneWord(Set<String> heirs) {
    Set<String> seen = new HashSet<>();
    return heirs.stream()
        .anyMatch(heir -> places.getOrDefault(heir, Set.of()).stream().anyMatch(p -> !seen.add(p)));
  }

  private boolean isServedOtherwise(Moment one, Moment other) {
    boolean asMany =
        one.result() == other.result() && one.returned().size() == other.returned().size();
    return one.cells().equals(other.cells()) && (asMany || several || movedOn);
  }

  /** Takes note of a step both sides agreed on. */
  void note(Step step, Moment moment) {
    places.keySet().retainAll(moment.asleep());
    if (!(step instanceof Call call)
        || !(OpParser.parse(call.op()) instanceof Action.SystemCall system)) {
      return;
    }
    if (moment.result() == Moment.SLEEPS) {
      Set<String> named = new HashSet<>();
      system.args().forEach(arg -> add(arg, named));
      several |=
          system.args().getFirst() instanceof Arg.Elements array && array.elements().size() > 1;
      places.put(call.thread(), named);
      if (isOfOwners(call)) {
        lockers.add(call.thread());
      } else {
        lockers.remove(call.thread());
      }
    } else if (mayHaveMoved(moment.result()) && requeues(system)) {
      noteRequeue(system);
    }
  }

  /** Waiters of another kind end a move with an error, and some have been moved by then. */
  private boolean mayHaveMoved(long result) {
    return result > 0
        || (ownsLocks && (result == -Errno.EINVAL.number() || result == -Errno.EDEADLK.number()));
  }

  private void noteRequeue(Action.SystemCall system) {
    String from;
    String to;
    if (system.args().getFirst() instanceof Arg.Elements pair) {
      from = home(pair.elements().getFirst().place());
      to = home(pair.elements().getLast().place());
    } else if (system.args().get(0) instanceof Arg.Address source
        && system.args().get(4) instanceof Arg.Address target) {
      from = home(source.place());
      to = home(target.place());
    } else {
      return;
    }
    if (from.equals(to)) {
      return;
    }
    movedOn |= open;
    boolean moves = places.values().stream().anyMatch(set -> set.contains(from));
    boolean amongLockers = isAmongLockers(system);
    open |=
        moves
            && places.entrySet().stream()
                .anyMatch(
                    entry ->
                        entry.getValue().contains(to)
                            && !(amongLockers && lockers.contains(entry.getKey())));
    places.values().stream().filter(set -> set.contains(from)).forEach(set -> set.add(to));
  }

  /** Whether a call moves waiters to a lock, whose order is kept apart from the queue's. */
  private static boolean isAmongLockers(Action.SystemCall system) {
    return system.nr() == Operation.NR_FUTEX
        && system.args().get(1) instanceof Arg.Value op
        && ((int) Shape.plain(op.number()) & 0xf) == CMP_REQUEUE_PI;
  }

  /** Whether a call is about locks whose words name owners. */
  static boolean isOfOwners(Call call) {
    return call.op().name().endsWith("_pi") || call.op().name().endsWith("_pi2");
  }

  /** Whether a call may move waiters. */
  static boolean requeues(Action.SystemCall system) {
    if (system.nr() == Operation.NR_FUTEX_REQUEUE) {
      return true;
    }
    if (system.nr() != Operation.NR_FUTEX || !(system.args().get(1) instanceof Arg.Value op)) {
      return false;
    }
    int command = (int) Shape.plain(op.number()) & 0xf;
    return command == REQUEUE || command == CMP_REQUEUE || command == CMP_REQUEUE_PI;
  }

  private void add(Arg arg, Set<String> named) {
    switch (arg) {
      case Arg.Address address -> named.add(home(address.place()));
      case Arg.Elements elements ->
          elements.elements().forEach(element -> named.add(home(element.place())));
      default -> {
        // names no word
      }
    }
  }

  /** A name for a place that all ways to write its address have in common. */
  private String home(Place place) {
    String base = place.base();
    Home home = base == null ? null : homes.get(base);
    return home == null ? place.toString() : home.root + "+" + (home.offset + place.offset());
  }

  /** The threads of a list of steps. */
  static Set<String> threads(List<Step> steps) {
    Set<String> names = new HashSet<>();
    for (Step step : steps) {
      switch (step) {
        case Call call -> names.add(call.thread());
        case Scenario.Signal signal -> names.add(signal.thread());
        case Scenario.Act act -> names.add(act.name());
        case Scenario.Returned returned -> names.addAll(returned.threads());
        case Scenario.Race race -> names.addAll(threads(race.steps()));
        default -> {
          // nobody's
        }
      }
    }
    return names;
  }
}
