package org.jfutex.cli.run;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.jfutex.cli.run.ServedCall.Disposition;
import org.jfutex.engine.AsyncWait;
import org.jfutex.engine.JvmFutex;
import org.jfutex.kernel.Syscalls;
import org.jfutex.linux.Operation;
import org.jfutex.linux.RawFutex;
import org.jfutex.linux.Submitted;
import org.jfutex.time.Deadline;
import org.jspecify.annotations.Nullable;

/**
 * Serves the futex calls of a tree of processes: takes each call from the listener, lets the engine
 * or the kernel answer it, and remembers who sleeps.
 */
final class Supervisor implements RemoteCall.Answers {
  /*
   * State       of a call: notified -> answered (reply or pass on), at once; or
   *             notified -> parked -> answered, by a waker, the deadline, a signal or an exit; or
   *             notified -> parked -> dropped, when its thread has gone.
   *             Whoever takes the wait out of the engine's queue answers: the engine by complete,
   *             this class only after AsyncWait.cancel returned true.
   * Guards      everything, of the classes named "used with the supervisor's lock held" too: lock.
   *             failure: volatile, written once under the lock.
   * Lock order  lock, then the engine's bucket locks, the sinks' locks. The engine holds none when
   *             it calls complete.
   * Ordering    one lock over all handlers: a thread stores a word before it makes its wake call,
   *             so a wait handled after that call reads the new value; one handled before it is
   *             queued when the wake looks.
   * Progress    the lock is held while the kernel is asked about a process, never while waiting
   *             for one, except in NativeWords.demote, which ends when the threads it has let go
   *             sleep in the kernel or run on.
   * Callbacks   sink and stacks, with the lock held: they must not call back.
   * Checked by  ServedProgramsIT, RepeatedRunsIT.
   */
  private static final int ENOSYS = 38;
  private static final int EINVAL = 22;
  private static final int EAGAIN = 11;
  private static final int SIGKILL = 9;

  /** Restart codes of include/linux/errno.h: the kernel turns them into EINTR or a new call. */
  private static final int ERESTARTSYS = 512;

  private static final int ERESTARTNOHAND = 514;

  /** Reading a stack takes long: a program that asks for nonsense in a loop must not be held up. */
  private static final int MAX_STACKS = 1000;

  private final ReentrantLock lock = new ReentrantLock();
  private final RawFutex futex = new RawFutex(new JvmFutex());
  private final Listener listener;
  private final Handshake handshake;
  private final CallSink sink;
  private final StackSource stacks;
  private final Set<Operation> without;
  private final Tree tree;
  private final ExitWatch exits = new ExitWatch();
  private final ExitWakes exitWakes = new ExitWakes(this);
  private final NativeWords nativeWords = new NativeWords(this);
  private final Set<RemoteCall> parked = new LinkedHashSet<>();
  private final Set<Integer> unserved32 = new LinkedHashSet<>();
  private @Nullable List<RemoteCall> parkedCopy;
  private int caller;
  private int stacksLeft = MAX_STACKS;
  private volatile @Nullable Throwable failure;

  Supervisor(
      Listener listener,
      Handshake handshake,
      CallSink sink,
      StackSource stacks,
      Set<Operation> without) {
    this.listener = listener;
    this.handshake = handshake;
    this.sink = sink;
    this.stacks = stacks;
    this.without = Set.copyOf(without);
    this.tree = new Tree(sink);
  }

  /** Serves calls until no process uses the filter any more, or until a failure. */
  void serve() {
    try {
      Notification call = listener.receive();
      while (call != null && failure == null) {
        handle(call);
        call = listener.receive();
      }
    } catch (RuntimeException | Error e) {
      fail(e);
    }
  }

  private void handle(Notification call) {
    lock.lock();
    try {
      caller = call.tid();
      if (handshake.isExecution(call)) {
        var _ = listener.passOn(call.id());
        return;
      }
      OptionalLong toStub = handshake.answer(call);
      if (toStub.isPresent()) {
        var _ = listener.reply(call.id(), toStub.getAsLong());
        return;
      }
      RemoteThread thread = tree.thread(call.tid());
      if (thread == null) {
        var _ = listener.passOn(call.id()); // it died, or is in a foreign pid namespace
        return;
      }
      handle(call, thread);
    } finally {
      caller = 0;
      lock.unlock();
    }
  }

  private void handle(Notification call, RemoteThread thread) {
    RemoteProcess process = thread.process();
    process.setLastCaller(thread.tid());
    if (!exits.watchProcess(process.tgid())) {
      var _ = listener.passOn(call.id());
      return; // killed meanwhile
    }
    RemoteCall before = thread.parked();
    if (before != null) {
      drop(before); // it cannot sleep and call: the kernel has ended that wait
    }
    if (!process.executing().isEmpty() && tree.hasExecuted(thread)) {
      dropAll(process);
    }
    if (call.arch() == Bpf.ARCH_I386) {
      if (call.nr() == Nr.I386_EXECVE || call.nr() == Nr.I386_EXECVEAT) {
        process.executing().add(thread.tid()); // it may become a program that is served
        var _ = listener.passOn(call.id());
      } else {
        passUnserved32(call, thread);
      }
      return;
    }
    process.space().addCallSite(call.ip(), call.nr());
    switch (call.nr()) {
      case Nr.RT_SIGRETURN -> {
        SignalReturns.repair(call, process.space());
        var _ = listener.passOn(call.id());
      }
      case Nr.EXECVE, Nr.EXECVEAT -> {
        process.executing().add(thread.tid());
        var _ = listener.passOn(call.id());
      }
      case Nr.CLONE, Nr.CLONE3, Nr.SET_TID_ADDRESS -> {
        exitWakes.learn(call, process.space());
        var _ = listener.passOn(call.id());
      }
      default -> handleFutex(new RemoteCall(call, thread, this));
    }
  }

  private void passUnserved32(Notification call, RemoteThread thread) {
    int tgid = thread.process().tgid();
    if (unserved32.add(tgid)) {
      sink.processSeen(tgid, ProcFs.name(tgid), true);
    }
    if (listener.passOn(call.id()) && call.nr() != Nr.I386_SET_TID_ADDRESS) {
      Notification as64 =
          new Notification(call.id(), call.tid(), Nr.FUTEX, call.arch(), call.ip(), call.args());
      sink.served(
          new RemoteCall(as64, thread, this).toServedCall(0, Disposition.UNSERVED, 0, List.of()));
    }
  }

  private void handleFutex(RemoteCall call) {
    Operation operation = call.operation();
    if (operation != null && without.contains(operation)) {
      answer(call, -ENOSYS, Disposition.REFUSED);
      return;
    }
    Space space = call.thread().process().space();
    try {
      if (!space.isServed()) {
        passOn(call, Disposition.UNSERVED);
      } else if ((operation != null && operation.isPi()) || nativeWords.claims(call)) {
        passOn(call, Disposition.PASSED);
      } else {
        submit(call);
      }
    } catch (ProcessMemory.OffLimits e) {
      space.setUnserved();
      callsOf(space).forEach(each -> letGo(each, Disposition.UNSERVED));
      passOn(call, Disposition.UNSERVED);
    }
  }

  private void submit(RemoteCall call) {
    long[] a = call.notification().args();
    Submitted submitted =
        futex.submit(call, call.notification().nr(), a[0], a[1], a[2], a[3], a[4], a[5]);
    AsyncWait sleep = submitted.sleep();
    if (sleep == null) {
      answer(call, submitted.result(), Disposition.SERVED);
    } else if (!call.isAnswered()) {
      park(call, sleep);
    }
  }

  private void park(RemoteCall call, AsyncWait sleep) {
    call.setSleep(sleep);
    call.thread().setParked(call);
    parked.add(call);
    parkedCopy = null;
    if (exitWakes.hasChangedWhileWatching(call, exits)) {
      var _ = sendBack(call);
    }
  }

  /** Answers a call that is in no queue; false if its thread has gone. */
  private boolean answer(RemoteCall call, long result, Disposition disposition) {
    call.setAnswered();
    List<String> stack = List.of();
    if ((result == -ENOSYS || result == -EINVAL) && stacksLeft > 0) {
      stacksLeft--;
      stack = stackOf(call.thread());
    }
    boolean taken = listener.reply(call.notification().id(), result);
    if (taken) {
      int waker = caller == call.thread().tid() ? 0 : caller;
      sink.served(call.toServedCall(result, disposition, waker, stack));
    }
    return taken;
  }

  /** A stack only adorns a report: failing to read one must not cost the program its answer. */
  private List<String> stackOf(RemoteThread thread) {
    try {
      return stacks.stackOf(thread.process().tgid(), thread.tid());
    } catch (RuntimeException e) {
      return List.of("? no stack: " + e);
    }
  }

  private boolean passOn(RemoteCall call, Disposition disposition) {
    call.setAnswered();
    boolean taken = listener.passOn(call.notification().id());
    if (taken) {
      sink.served(call.toServedCall(0, disposition, 0, List.of()));
    }
    return taken;
  }

  /** Takes a parked call out of the engine's queue; false if a waker or its deadline was faster. */
  private boolean leave(RemoteCall call) {
    if (call.isAnswered() || !call.cancelSleep()) {
      return false;
    }
    unpark(call);
    return true;
  }

  private void unpark(RemoteCall call) {
    parked.remove(call);
    parkedCopy = null;
    if (call.thread().parked() == call) {
      call.thread().setParked(null);
    }
  }

  /** Forgets a parked call whose thread has gone; no wake is spent on it. */
  private void drop(RemoteCall call) {
    if (leave(call)) {
      call.setAnswered();
    } else {
      unpark(call); // the engine is about to find out
    }
  }

  private void dropAll(RemoteProcess process) {
    parkedCalls().stream().filter(call -> call.thread().process() == process).forEach(this::drop);
  }

  /** Lets the kernel make a parked call after all; false if it was answered, or has gone. */
  boolean letGo(RemoteCall call, Disposition disposition) {
    return leave(call) && passOn(call, disposition);
  }

  private List<RemoteCall> callsOf(Space space) {
    return parked.stream().filter(call -> call.thread().process().space() == space).toList();
  }

  /** The calls that sleep, in the order in which they went to sleep. With the lock held. */
  List<RemoteCall> parkedCalls() {
    List<RemoteCall> calls = parkedCopy;
    if (calls == null) {
      calls = List.copyOf(parked);
      parkedCopy = calls;
    }
    return calls;
  }

  /** Takes the result of a call that slept, from a waker or from the deadline timer. */
  @Override
  public boolean complete(RemoteCall call, long result) {
    lock.lock();
    try {
      unpark(call);
      return !call.isAnswered() && answer(call, result, Disposition.SERVED);
    } catch (RuntimeException | Error e) {
      fail(e);
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** Ends a parked call as if its word had changed before it came. With the lock held. */
  boolean sendBack(RemoteCall call) {
    return leave(call) && answer(call, -EAGAIN, Disposition.SERVED);
  }

  /** Wakes a parked call although nobody has called wake. With the lock held. */
  boolean wakeUncounted(RemoteCall call, int index) {
    return leave(call) && answer(call, index, Disposition.SERVED);
  }

  /**
   * Ends a wait because a signal, a stop or a debugger wants the thread: the kernel then does what
   * it would have done to a wait of its own (kernel/futex/waitwake.c, futex_wait_restart).
   */
  void interrupt(RemoteCall call) {
    lock.lock();
    try {
      if (!leave(call)) {
        return;
      }
      Deadline deadline = call.relativeDeadline();
      ProcFs.Status status = deadline == null ? null : ProcFs.status(call.thread().tid());
      if (deadline != null && status != null && !status.hasHandlerToRun()) {
        call.thread().keepDeadline(call.notification(), deadline);
      }
      var _ = answer(call, -restartCode(call), Disposition.SERVED);
    } finally {
      lock.unlock();
    }
  }

  /** Timed futex(2) waits do not restart after a handler, the others do under SA_RESTART. */
  private static int restartCode(RemoteCall call) {
    Notification made = call.notification();
    return made.nr() == Nr.FUTEX && made.args()[3] != 0 ? ERESTARTNOHAND : ERESTARTSYS;
  }

  /**
   * The calls that sleep now, as they would be reported, with the time so far.
   *
   * @param stackCount how many of them, those that have slept longest, with their stacks
   */
  List<ServedCall> asleep(int stackCount) {
    List<RemoteCall> calls = snapshot(); // in the order in which they went to sleep
    List<List<String>> frames = new ArrayList<>();
    for (RemoteCall call : calls.subList(0, Math.min(stackCount, calls.size()))) {
      frames.add(stackOf(call.thread()));
    }
    List<ServedCall> asleep = new ArrayList<>();
    lock.lock();
    try {
      for (int i = 0; i < calls.size(); i++) {
        List<String> stack = i < frames.size() ? frames.get(i) : List.of();
        asleep.add(calls.get(i).toServedCall(0, Disposition.SERVED, 0, stack));
      }
    } finally {
      lock.unlock();
    }
    return asleep;
  }

  /** The calls that sleep now; the same list as before if nothing has changed. */
  List<RemoteCall> snapshot() {
    lock.lock();
    try {
      return parkedCalls();
    } finally {
      lock.unlock();
    }
  }

  /** Waits for threads and processes to end, and does what their ends mean. */
  void awaitEnds(int millis) {
    ExitWatch.Ended ended = exits.await(millis);
    if (ended.processes().isEmpty() && ended.threads().isEmpty()) {
      return;
    }
    lock.lock();
    try {
      exits.forget(ended);
      for (int tgid : ended.processes()) {
        RemoteProcess process = tree.process(tgid);
        if (process != null) {
          dropAll(process);
          tree.remove(process);
          unserved32.remove(tgid);
        }
      }
      exitWakes.wakeForThreads(ended.threads());
    } finally {
      lock.unlock();
    }
  }

  /** Looks for words that exits have changed although no wait named the thread that ended. */
  void lookForSilentExits() {
    List<ExitWakes.Candidate> candidates = exitWakes.findChanged(snapshot());
    if (candidates.isEmpty()) {
      return;
    }
    lock.lock();
    try {
      exitWakes.wake(candidates);
    } finally {
      lock.unlock();
    }
  }

  /** Forgets the threads that have ended while their processes live on. */
  void forgetDeadThreads() {
    lock.lock();
    try {
      tree.forgetDeadThreads();
    } finally {
      lock.unlock();
    }
  }

  /** Sends a signal to every known process. */
  void signalAll(int signal) {
    lock.lock();
    try {
      for (RemoteProcess each : tree.processes()) {
        var _ = Syscalls.call(Nr.KILL, each.tgid(), signal, 0);
      }
    } finally {
      lock.unlock();
    }
  }

  /** Ends the program: better dead than waiting for an answer that never comes. */
  void fail(Throwable reason) {
    lock.lock();
    try {
      if (failure != null) {
        return;
      }
      failure = reason;
      if (handshake.stub() != 0) {
        var _ = Syscalls.call(Nr.KILL, handshake.stub(), SIGKILL, 0);
      }
    } finally {
      lock.unlock();
    }
    signalAll(SIGKILL);
    listener.close();
  }

  /** Why it gave up; null if it did not. */
  @Nullable Throwable failure() {
    return failure;
  }

  /** Frees what it holds, after everything has ended. */
  void close() {
    exits.close();
    if (failure == null) {
      listener.close();
    }
  }
}
