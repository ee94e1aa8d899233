package org.jfutex.bench.area;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import org.jfutex.Futex;
import org.jfutex.WaitStatus;
import org.jfutex.bench.frame.Area;
import org.jfutex.bench.frame.Case;
import org.jfutex.bench.frame.Loop;
import org.jfutex.bench.frame.Target;
import org.jfutex.bench.frame.Workbench;
import org.jfutex.bench.frame.Workbench.Memory;
import org.jfutex.word.Word;

/**
 * What the engine takes where nobody has to sleep or to be woken, against the kernel's call for the
 * same. Words are held as a lock would hold its own: in a field of an object, not as constants.
 */
final class FastPath implements Area {
  private static final Target SEGMENT_WAKE = Target.timesFaster(100);
  private static final Target HEAP_WAKE = Target.timesFaster(75);
  private static final Target CHANGED = Target.timesFaster(130);

  private static final VarHandle ELEMENT = MethodHandles.arrayElementVarHandle(int[].class);

  /** Where a word of a case lives. */
  @FunctionalInterface
  private interface Place {
    Word word(Workbench bench);
  }

  @Override
  public String name() {
    return "fast-path";
  }

  @Override
  public List<Case> cases() {
    Place segment = bench -> bench.word(Memory.PRIVATE, 0);
    Place heap = bench -> Word.of(MemorySegment.ofArray(new int[1]), 0);
    Place element = bench -> Word.of(new int[1], 0);
    Place field = bench -> Word.of(new Holder(), Holder.VALUE);
    return List.of(
        wake("native segment", segment, SEGMENT_WAKE),
        wake("heap segment", heap, HEAP_WAKE),
        wake("int[] element", element, HEAP_WAKE),
        wake("field", field, HEAP_WAKE),
        wakeOfMixedKinds(List.of(segment, heap, element, field)),
        changed("native segment", segment),
        changed("heap segment", heap),
        changed("int[] element", element),
        changed("field", field),
        shared("wake nobody, mapped file", FastPath::wake),
        shared("wait, value changed, mapped file", FastPath::changed));
  }

  private static Case wake(String kind, Place place, Target target) {
    return Case.nanos("wake nobody, " + kind, "engine", bench -> wake(place.word(bench)))
        .withoutAllocation()
        .against("C FUTEX_WAKE", target, bench -> bench.c("wake", Memory.PRIVATE))
        .against("a pair of CAS", Target.none(), bench -> casPair())
        .against("unpark of a running thread", Target.none(), bench -> unpark());
  }

  private static Loop wake(Word word) {
    Futex futex = Futex.jvm();
    return new Loop(
        "wake",
        operations -> {
          long right = 0;
          for (int i = 0; i < operations; i++) {
            right += futex.wake(word, 1) == 0 ? 1 : 0;
          }
          return right;
        });
  }

  /** A program with words of all kinds: what one kind alone gains by being alone is lost here. */
  private static Case wakeOfMixedKinds(List<Place> places) {
    return Case.nanos(
            "wake nobody, kinds in turn",
            "engine",
            bench -> {
              Word[] words = places.stream().map(p -> p.word(bench)).toArray(Word[]::new);
              return wakeInTurn(words);
            })
        .withoutAllocation()
        .against("C FUTEX_WAKE", Target.none(), bench -> bench.c("wake", Memory.PRIVATE));
  }

  private static Loop wakeInTurn(Word[] words) {
    Futex futex = Futex.jvm();
    return new Loop(
        "wake in turn",
        operations -> {
          long right = 0;
          for (int i = 0; i < operations; i++) {
            right += futex.wake(words[i % words.length], 1) == 0 ? 1 : 0;
          }
          return right;
        });
  }

  private static Case changed(String kind, Place place) {
    return Case.nanos("wait, value changed, " + kind, "engine", bench -> changed(place.word(bench)))
        .withoutAllocation()
        .against("C FUTEX_WAIT", CHANGED, bench -> bench.c("wait_changed", Memory.PRIVATE));
  }

  /** A word of a file that others may map, against one of native memory. */
  private static Case shared(String name, Function<Word, Loop> loop) {
    return Case.nanos(name, "engine", bench -> loop.apply(bench.word(Memory.SHARED, 0)))
        .withoutAllocation()
        .against(
            "native segment", Target.none(), bench -> loop.apply(bench.word(Memory.PRIVATE, 0)));
  }

  private static Loop changed(Word word) {
    Futex futex = Futex.jvm();
    return new Loop(
        "wait",
        operations -> {
          long right = 0;
          for (int i = 0; i < operations; i++) {
            right += futex.await(word, 1) == WaitStatus.CHANGED ? 1 : 0;
          }
          return right;
        });
  }

  /** The floor of every lock and unlock. */
  private static Loop casPair() {
    int[] cells = new int[64];
    return new Loop(
        "CAS",
        operations -> {
          long right = 0;
          for (int i = 0; i < operations; i++) {
            right += ELEMENT.compareAndSet(cells, 32, 0, 1) ? 1 : 0;
            right -= ELEMENT.compareAndSet(cells, 32, 1, 0) ? 0 : 1;
          }
          return right;
        });
  }

  private static Loop unpark() {
    Thread self = Thread.currentThread();
    return new Loop(
        "unpark",
        operations -> {
          for (int i = 0; i < operations; i++) {
            LockSupport.unpark(self);
          }
          return operations;
        });
  }

  /** An object with a word among its fields. */
  private static final class Holder {
    static final VarHandle VALUE = find();

    @SuppressWarnings("unused") // by its handle only
    private int value;

    private static VarHandle find() {
      try {
        return MethodHandles.lookup().findVarHandle(Holder.class, "value", int.class);
      } catch (ReflectiveOperationException e) {
        throw new ExceptionInInitializerError(e);
      }
    }
  }
}
