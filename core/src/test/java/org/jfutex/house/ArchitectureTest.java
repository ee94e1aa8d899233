package org.jfutex.house;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noMethods;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import java.lang.foreign.AddressLayout;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.VarHandle;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The arrows between the packages, and what may happen in which of them. */
class ArchitectureTest {
  private static final String CONTRACT = "";

  /** Which packages a package may use. One that does not exist yet obeys its line once it does. */
  private static final Map<String, Set<String>> ARROWS = new LinkedHashMap<>();

  static {
    ARROWS.put("word", Set.of());
    ARROWS.put("time", Set.of());
    ARROWS.put(CONTRACT, Set.of("word", "time"));
    ARROWS.put("park", Set.of(CONTRACT, "word", "time"));
    ARROWS.put("trace", Set.of(CONTRACT, "word", "time"));
    ARROWS.put("engine", Set.of(CONTRACT, "word", "time", "park", "trace"));
    ARROWS.put("kernel", Set.of(CONTRACT, "word", "time", "park", "trace"));
    ARROWS.put("linux", Set.of(CONTRACT, "word", "time", "engine", "kernel"));
    ARROWS.put("sync", Set.of(CONTRACT, "word", "time"));
    ARROWS.put("shm", Set.of(CONTRACT, "word", "time", "park", "kernel", "sync"));
    ARROWS.put("poll", Set.of(CONTRACT, "word", "park", "time", "trace"));
    ARROWS.put("io", Set.of(CONTRACT, "word", "park", "time", "trace", "poll", "kernel"));
    ARROWS.put("observe", Set.of(CONTRACT, "word", "engine", "trace"));
  }

  /** The public types. A new one is a decision: it is written down here. */
  private static final Set<String> PUBLIC =
      Stream.of(
              ".AnyWait .Capabilities .Errno .Futex .FutexException .FutexProvider .LockStatus",
              ".Observation .OwnerWord .Robust .WaitEntry .WaitOptions .WaitStatus .WakeOp",
              ".word.Key .word.MappedFile .word.NativePlace .word.Word .word.WordFault",
              ".time.ClockId .time.Deadline .time.Ticker",
              ".engine.AsyncWait .engine.JvmFutex .engine.JvmFutexProvider",
              ".engine.RankListener .engine.SleepingWaiter .engine.Task .engine.TaskFinder",
              ".engine.TableSize .engine.TableUse .engine.WaitListener",
              ".linux.AddressSpace .linux.Caller .linux.Operation .linux.RawFutex",
              ".linux.RemoteCaller .linux.RobustList .linux.SegmentSpace .linux.Submitted",
              ".shm.Layout .shm.RegionException .shm.SharedBarrier .shm.SharedCondvar",
              ".shm.SharedEvent .shm.SharedLatch .shm.SharedMutex .shm.SharedOnce",
              ".shm.SharedRegion .shm.SharedRwLock .shm.SharedSemaphore .shm.Signal",
              ".observe.Snapshot",
              ".poll.Discipline .poll.Epoll .poll.Events .poll.Feed .poll.Observer",
              ".poll.Pollable .poll.PollSet .poll.Pollee .poll.Poller .poll.Registration",
              ".poll.Select",
              ".io.BoundedQueue .io.ChannelSource .io.ErrnoIOException .io.EventCounter",
              ".io.FixedSource .io.FutureSource .io.Pipe .io.PollableSemaphore .io.ProcessExit",
              ".io.TcpListener .io.TcpStream .io.TimerSource .io.Transport .io.WordSource",
              ".sync.Condvar .sync.Fairness .sync.Mutex .sync.MutexLock .sync.RobustMutex",
              ".sync.Barrier .sync.Event .sync.Latch .sync.Once .sync.PiMutex",
              ".sync.RwLock .sync.Semaphore",
              ".park.CoarseClock .park.DeadlineTimer .park.PlatformParker",
              ".park.ThreadEnd .park.ThreadParker",
              ".kernel.FutexParkers .kernel.KernelCalls .kernel.KernelFeatures"
                  + " .kernel.KernelFutexProvider",
              ".kernel.EpollCalls .kernel.PosixCalls .kernel.SocketCalls .kernel.Spawn"
                  + " .kernel.Syscalls",
              ".shm.PosixCondvar .shm.PosixMutex .shm.PosixSemaphore")
          .flatMap(line -> Stream.of(line.split(" ")))
          .map(name -> "org.jfutex" + name)
          .collect(Collectors.toUnmodifiableSet());

  /** Who may use VarHandles and fences: memory order is argued in these classes only. */
  private static final Set<String> MEMORY_ORDER =
      Set.of(
          "org.jfutex.word.ArrayWord",
          "org.jfutex.word.FieldWord",
          "org.jfutex.word.SegmentWord",
          "org.jfutex.word.Word",
          "org.jfutex.engine.AsyncWait",
          "org.jfutex.engine.Bucket",
          "org.jfutex.engine.Waiter",
          "org.jfutex.kernel.Pending",
          "org.jfutex.kernel.RingWaits",
          "org.jfutex.kernel.Sentinels",
          "org.jfutex.kernel.Sleeper",
          "org.jfutex.kernel.Syscalls",
          "org.jfutex.kernel.Uring",
          "org.jfutex.linux.SegmentSpace",
          "org.jfutex.poll.Pollee");

  private static final JavaClasses MAIN =
      new ClassFileImporter()
          .importPath(Path.of(System.getProperty("jfutex.root"), "core/target/classes"));

  @ParameterizedTest
  @MethodSource("rules")
  void holds(ArchRule rule) {
    rule.check(MAIN);
  }

  @ParameterizedTest
  @MethodSource("rules")
  void bites(ArchRule rule) throws Exception {
    Class<?> breaker = Class.forName("org.jfutex.word.RuleBreaker");
    JavaClasses broken = new ClassFileImporter().importClasses(breaker);
    boolean byWord = !rule.getDescription().startsWith("arrows") || rule == ARROW_RULES.getFirst();
    assertThat(rule.evaluate(broken).hasViolation()).isEqualTo(byWord);
  }

  @Test
  void everyPackageHasItsLineInTheTable() {
    assertThat(MAIN.stream().map(ArchitectureTest::packageOf).distinct())
        .isSubsetOf(ARROWS.keySet());
  }

  @Test
  void thereAreNoCycles() {
    SliceAssignment byPackage =
        new SliceAssignment() {
          @Override
          public SliceIdentifier getIdentifierOf(JavaClass type) {
            return type.getPackageName().startsWith("org.jfutex")
                ? SliceIdentifier.of(packageOf(type))
                : SliceIdentifier.ignore();
          }

          @Override
          public String getDescription() {
            return "packages of org.jfutex";
          }
        };
    slices().assignedFrom(byPackage).should().beFreeOfCycles().check(MAIN);
  }

  private static final List<ArchRule> ARROW_RULES =
      ARROWS.entrySet().stream().map(e -> arrows(e.getKey(), e.getValue())).toList();

  static List<Named<ArchRule>> rules() {
    List<ArchRule> rules = new ArrayList<>(ARROW_RULES);
    rules.add(foreignTypesOnlyInKernel());
    rules.add(calls("restricted methods", ArchitectureTest::isRestricted, "kernel"));
    rules.add(calls("LockSupport", call -> isOn(call, LockSupport.class), "park"));
    rules.add(calls("clocks", ArchitectureTest::readsClock, "time"));
    rules.add(calls("Object.wait and notify", ArchitectureTest::isMonitorMethod, "nowhere"));
    rules.add(standardStreams());
    rules.add(memoryOrder());
    rules.add(publicTypes());
    rules.add(noMethods().should().haveModifier(JavaModifier.SYNCHRONIZED).allowEmptyShould(true));
    return rules.stream().map(rule -> Named.of(rule.getDescription(), rule)).toList();
  }

  private static ArchRule arrows(String from, Set<String> to) {
    DescribedPredicate<JavaClass> allowed =
        DescribedPredicate.describe(
            "java, annotations, itself or " + to,
            type ->
                type.getPackageName().startsWith("java.")
                    || type.getPackageName().startsWith("org.jspecify.")
                    || type.getPackageName().startsWith("com.google.errorprone.")
                    || type.isPrimitive()
                    || type.isArray() && type.getBaseComponentType().isPrimitive()
                    || isOurs(type)
                        && (packageOf(type).equals(from) || to.contains(packageOf(type))));
    return classes()
        .that(
            DescribedPredicate.describe(
                "in " + from, type -> isOurs(type) && packageOf(type).equals(from)))
        .should()
        .onlyDependOnClassesThat(allowed)
        .allowEmptyShould(true)
        .as("arrows of " + (from.isEmpty() ? "the contract" : from) + " go to " + to);
  }

  private static ArchRule foreignTypesOnlyInKernel() {
    return noClasses()
        .that(resideOutsideOfPackage("org.jfutex.kernel.."))
        .should()
        .dependOnClassesThat()
        .haveNameMatching("java\\.lang\\.foreign\\.(Linker|SymbolLookup).*")
        .allowEmptyShould(true);
  }

  private static boolean isRestricted(JavaAccess<?> call) {
    return isOn(call, MemorySegment.class) && call.getName().equals("reinterpret")
        || isOn(call, AddressLayout.class) && call.getName().equals("withTargetLayout")
        || isOn(call, Linker.class)
        || isOn(call, SymbolLookup.class)
        || call.getName().matches("load|loadLibrary")
            && (isOn(call, System.class) || isOn(call, Runtime.class));
  }

  private static boolean readsClock(JavaAccess<?> call) {
    return isOn(call, System.class) && call.getName().matches("nanoTime|currentTimeMillis")
        || isOn(call, Clock.class) && call.getName().startsWith("system")
        || call.getName().equals("now")
            && call.getTargetOwner().getPackageName().equals(Instant.class.getPackageName());
  }

  private static boolean isMonitorMethod(JavaAccess<?> call) {
    return isOn(call, Object.class) && call.getName().matches("wait|notify|notifyAll");
  }

  private static boolean isOn(JavaAccess<?> call, Class<?> owner) {
    return call.getTargetOwner().getName().equals(owner.getName());
  }

  /** Calls and method references of a kind are allowed in one package only. */
  private static ArchRule calls(String what, Predicate<JavaAccess<?>> kind, String where) {
    return noClasses()
        .that(resideOutsideOfPackage("org.jfutex." + where + ".."))
        .should()
        .accessTargetWhere(DescribedPredicate.<JavaAccess<?>>describe(what, kind))
        .allowEmptyShould(true)
        .as(what + " only in " + where);
  }

  private static ArchRule standardStreams() {
    return noClasses()
        .should()
        .accessField(System.class, "out")
        .orShould()
        .accessField(System.class, "err")
        .allowEmptyShould(true)
        .as("a library does not print");
  }

  private static ArchRule memoryOrder() {
    DescribedPredicate<JavaClass> others =
        DescribedPredicate.describe(
            "not listed for memory order", type -> !MEMORY_ORDER.contains(topLevel(type)));
    return noClasses()
        .that(others)
        .should()
        .dependOnClassesThat()
        .areAssignableTo(VarHandle.class)
        .allowEmptyShould(true)
        .as("VarHandles and fences only in the listed classes");
  }

  private static ArchRule publicTypes() {
    ArchCondition<JavaClass> listed =
        new ArchCondition<>("be listed") {
          @Override
          public void check(JavaClass type, ConditionEvents events) {
            events.add(
                new SimpleConditionEvent(
                    type, PUBLIC.contains(type.getName()), type.getName() + " is not listed"));
          }
        };
    return classes()
        .that()
        .arePublic()
        .and()
        .areTopLevelClasses()
        .should(listed)
        .allowEmptyShould(true)
        .as("public types are the listed ones");
  }

  private static boolean isOurs(JavaClass type) {
    return type.getPackageName().equals("org.jfutex")
        || type.getPackageName().startsWith("org.jfutex.");
  }

  private static String packageOf(JavaClass type) {
    String name = type.getPackageName();
    return name.equals("org.jfutex") ? CONTRACT : name.substring("org.jfutex.".length());
  }

  private static String topLevel(JavaClass type) {
    return type.getName().replaceFirst("\\$.*", "");
  }
}
