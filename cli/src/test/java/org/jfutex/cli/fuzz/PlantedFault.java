package org.jfutex.cli.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.jfutex.cli.Tools;

/**
 * A fault that is planted in the engine: texts in its sources and what stands there instead. The
 * changed sources are compiled to a folder that comes before the real classes, so the engine itself
 * has no switches.
 *
 * @param name what is wrong
 * @param edits the changes
 */
record PlantedFault(String name, List<Edit> edits) {
  /**
   * One change.
   *
   * @param source the file, below the sources of core
   * @param find a text that occurs in it once
   * @param replacement what stands there instead
   */
  record Edit(String source, String find, String replacement) {}

  private static PlantedFault of(String name, String source, String find, String replacement) {
    return new PlantedFault(name, List.of(new Edit(source, find, replacement)));
  }

  static final List<PlantedFault> ALL =
      List.of(
          of(
              "the fence between store and look is dropped",
              "engine/Bucket",
              "    VarHandle.fullFence(); // (B) pairs with (A) in enter\n",
              ""),
          of(
              "a waiter counts itself in after it has checked",
              "engine/HashTable",
              """
                  Bucket bucket = enter(waiter.key);
                  try {
                    if (word == null || word.holds(expected)) {
              """,
              """
                  boolean held = word == null || word.holds(expected);
                  Bucket bucket = enter(waiter.key);
                  try {
                    if (held) {
              """),
          of(
              "EFAULT comes before EINVAL",
              "linux/Call",
              "if (address % bytes != 0) {",
              "if (address % bytes != 0 && space.inRange(address, bytes)) {"),
          of(
              "EAGAIN comes before the errors of the second key",
              "linux/FutexCall",
              "    Word to = call.word(address2, flags, Access.READ);\n    OptionalInt count",
              """
              if (!from.holds(expected)) {
                return error(Errno.EAGAIN);
              }
              Word to = call.word(address2, flags, Access.READ);
              OptionalInt count\
              """),
          of(
              "ENOSYS comes before the check of the time",
              "linux/FutexCall",
              "timeout != 0 && hasTimeout() ?",
              "timeout != 0 && hasTimeout() && (!isRealtime() || mayBeRealtime()) ?"),
          of(
              "who leaves takes the order of the queue along",
              "engine/HashTable",
              """
                      bucket.removeLocked(waiter);
                      waiter.leaveLocked();
              """,
              """
                      bucket.removeLocked(waiter);
                      Waiter first = bucket.queueLocked().first(waiter.key);
                      if (first != null) {
                        bucket.queueLocked().remove(first);
                        bucket.queueLocked().add(first);
                      }
                      waiter.leaveLocked();
              """),
          of(
              "a requeue moves one too many",
              "engine/Requeue",
              "from.moveLocked(source, move, to, target, list);",
              "from.moveLocked(source, Math.max(move + 1, move), to, target, list);"),
          of(
              "a requeue of none moves one",
              "engine/Bucket",
              "while (moved < count) {",
              "while (moved < Math.max(count, 1)) {"),
          of(
              "a requeue returns those it woke only",
              "engine/Requeue",
              "return OptionalInt.of(told + moved);",
              "return OptionalInt.of(told);"),
          new PlantedFault(
              "the bitset is lost on requeue",
              List.of(
                  new Edit("engine/Waiter", "final WaitOptions options;", "WaitOptions options;"),
                  new Edit(
                      "engine/Bucket",
                      "    waiter.key = to;\n",
                      "    waiter.key = to;\n"
                          + "    waiter.options = org.jfutex.WaitOptions.DEFAULT;\n"))),
          of(
              "bitsets must be equal",
              "engine/WaitQueue",
              "if ((waiter.options.bitset() & bitset) != 0) {",
              "if (waiter.options.bitset() == bitset) {"),
          of(
              "the arguments of a wake-op have no sign",
              "linux/WakeOpCode",
              "return low12Bits << ABOVE_ARGUMENT >> ABOVE_ARGUMENT;",
              "return low12Bits << ABOVE_ARGUMENT >>> ABOVE_ARGUMENT;"),
          of(
              "a shift beyond the word gives 0",
              "linux/WakeOpCode",
              "return isShift ? 1 << argument : argument;",
              "return isShift ? (argument >>> 5 != 0 ? 0 : 1 << argument) : argument;"),
          of(
              "a wake-op wakes on its second word whatever it held",
              "engine/WaitWake",
              "if (op.test(old) && ",
              "if ((op.test(old) || old == old) && "),
          of(
              "a wake of 0 wakes nobody",
              "linux/FutexCall",
              "return call.engine.wake(word, atLeastOne(count), bitset);",
              "return call.engine.wake(word, Math.max(count, 0), bitset);"),
          of(
              "a vector wait reports the lowest entry",
              "engine/WaitMany",
              "          woken = i;\n",
              "          woken = woken < 0 ? i : woken;\n"),
          of(
              "a vector wait that finds a mismatch forgets who woke it",
              "engine/WaitMany",
              """
                          return woken >= 0
                              ? new AnyWait(WaitStatus.WOKEN, woken)
                              : new AnyWait(WaitStatus.CHANGED, changed);
              """,
              """
                          return new AnyWait(WaitStatus.CHANGED, changed);
              """),
          of(
              "a timeout beats a wake",
              "engine/AsyncWait",
              "      if (cancel()) {\n        immediate =",
              "      boolean _ = cancel();\n      {\n        immediate ="),
          of(
              "private and shared futexes meet",
              "word/Key",
              "address, shared ? SHARED : PLAIN);",
              "address, PLAIN);"),
          of(
              "a relative time is taken for a moment",
              "linux/FutexCall",
              "case WAIT -> sleep(relative(timeoutNanos),",
              "case WAIT -> sleep(absolute(timeoutNanos),"),
          of(
              "an unlock by a stranger is EINVAL",
              "linux/PiCalls",
              "return error(Errno.EPERM);",
              "return error(Errno.EINVAL);"),
          of(
              "a failing try clears WAITERS",
              "engine/PiFutex",
              "        return LockStatus.BUSY;\n",
              """
                      int now = (int) word.load();
                      boolean _ = word.compareAndSet(now, now & ~WAITERS);
                      return LockStatus.BUSY;
              """),
          of(
              "OWNER_DIED is dropped when a free word is taken",
              "engine/PiFutex",
              "task.id() | died | mark",
              "task.id() | mark"),
          of(
              "who waits last for a lock gets it first",
              "engine/PiState",
              "waiter -> waiter.arrival",
              "waiter -> -waiter.arrival"),
          of(
              "a hand-over leaves the old owner's id",
              "engine/PiFutex",
              "word.compareAndSet(value, next.task.id() | WAITERS)",
              "word.compareAndSet(value, value | WAITERS)"),
          of(
              "a timed-out waiter stays in the graph",
              "engine/PiWaiter",
              "      graph.unblockLocked(this);\n",
              ""),
          of(
              "a timeout beats the lock that was given",
              "engine/PiFutex",
              "if (giveUp != null && leave(waiter)) {",
              "if (giveUp != null && (leave(waiter) || waiter != null)) {"),
          of(
              "a moved waiter that is signalled restarts",
              "engine/PiFutex",
              "waiter.wasMoved ? LockStatus.CHANGED",
              "waiter == null ? LockStatus.CHANGED"),
          of(
              "the heir of a dead owner is not told",
              "engine/PiFutex",
              "heir.task.id() | WAITERS | OWNER_DIED",
              "heir.task.id() | WAITERS"),
          of(
              "a requeue to a lock moves one too many",
              "engine/PiRequeue",
              "move + 1L - count",
              "move + 2L - count"),
          of(
              "a lock that is taken for a waiter has no WAITERS",
              "engine/PiRequeue",
              "move > 0 ? OwnerWord.WAITERS : 0",
              "0"),
          of(
              "a robust walk stops one early",
              "linux/RobustWalk",
              "      boolean isPending = address(entry) == pending;\n",
              """
                    boolean isPending = address(entry) == pending;
                    if (readable && address(next) == head) {
                      break;
                    }
              """),
          of(
              "a robust walk wakes whatever WAITERS says",
              "linux/RobustWalk",
              "if (!pi && OwnerWord.hasWaiters(value)) {",
              "if (!pi) {"),
          of(
              "the pending entry is handled twice",
              "linux/RobustWalk",
              "boolean isPending = address(entry) == pending;",
              "boolean isPending = address(entry) < 0;"));

  private static Path sources() {
    return Tools.root().resolve("core/src/main/java/org/jfutex");
  }

  /** The changed sources, by the name of their class. */
  Map<String, String> changed() {
    Map<String, String> texts = new LinkedHashMap<>();
    for (Edit edit : edits) {
      String text =
          texts.computeIfAbsent(
              edit.source,
              source -> {
                try {
                  return Files.readString(sources().resolve(source + ".java"));
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              });
      int at = text.indexOf(edit.find);
      assertThat(at >= 0 && text.indexOf(edit.find, at + 1) < 0)
          .as("%s: expected once in %s.java:%n%s", name, edit.source, edit.find)
          .isTrue();
      texts.put(edit.source, text.replace(edit.find, edit.replacement));
    }
    return texts;
  }

  /** Compiles the changed sources to a folder. */
  void compile(Path folder) {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    StringWriter messages = new StringWriter();
    List<JavaFileObject> files =
        changed().entrySet().stream()
            .<JavaFileObject>map(
                entry ->
                    new SimpleJavaFileObject(
                        URI.create("string:///org/jfutex/" + entry.getKey() + ".java"),
                        JavaFileObject.Kind.SOURCE) {
                      @Override
                      public CharSequence getCharContent(boolean ignoreEncodingErrors) {
                        return entry.getValue();
                      }
                    })
            .toList();
    List<String> options =
        List.of(
            "-proc:none",
            "-nowarn",
            "-d",
            folder.toString(),
            "-cp",
            System.getProperty("java.class.path"));
    boolean compiled = compiler.getTask(messages, null, null, options, null, files).call();
    assertThat(compiled).as("%s: %s", name, messages).isTrue();
  }

  @Override
  public String toString() {
    return name;
  }
}
