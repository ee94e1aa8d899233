package org.jfutex.sync;

import java.util.stream.Stream;
import org.jfutex.engine.EngineProbe;
import org.jfutex.engine.JvmFutex;
import org.jfutex.kernel.KernelProbe;
import org.jfutex.testing.Backend;
import org.jfutex.testing.ThreadKind;
import org.jfutex.testing.WordKind;
import org.jfutex.word.Word;
import org.junit.jupiter.params.provider.Arguments;

/** Where the words of a lock live, and the backend on which its waiters meet. */
enum Place {
  ENGINE_HEAP(new EngineProbe(new JvmFutex()), WordKind.INT_ARRAY),
  ENGINE_NATIVE(new EngineProbe(new JvmFutex()), WordKind.NATIVE_32),
  KERNEL_PRIVATE(KernelProbe.withRing(), WordKind.NATIVE_32),
  KERNEL_SHARED(KernelProbe.withRing(), WordKind.MAPPED_32);

  private final Backend backend;
  private final WordKind kind;

  Place(Backend backend, WordKind kind) {
    this.backend = backend;
    this.kind = kind;
  }

  static Stream<Arguments> withThreads() {
    return Stream.of(values())
        .flatMap(place -> Stream.of(ThreadKind.values()).map(kind -> Arguments.of(place, kind)));
  }

  Word word() {
    return kind.fresh();
  }

  Backend backend() {
    return backend;
  }

  Cell cell(Word word) {
    return this == KERNEL_SHARED ? Cell.shared(word) : Cell.local(backend.futex(), word);
  }

  Mutex mutex(Word word, Fairness fairness) {
    return this == KERNEL_SHARED
        ? Mutex.shared(word, fairness)
        : Mutex.of(backend.futex(), word, fairness);
  }

  Mutex mutex(Word word) {
    return mutex(word, Fairness.BARGING);
  }

  Condvar condvar(Word word) {
    return this == KERNEL_SHARED ? Condvar.shared(word) : Condvar.of(backend.futex(), word);
  }
}
