#!/usr/bin/env python3
"""A pipeline of threads that meet in every way Python's standard library offers.

    numbers -> [queue] -> 4 factorers -> [queue] -> 2 checkers -> [condition: order] -> 1 folder

A semaphore bounds what is in flight, a barrier starts all stages together, an event ends the run, a thread pool
checks the answer, and a few waits are meant to time out. Each of these sleeps on a futex underneath. The answer
is known without any thread: the sum of all smallest prime factors, and a digest that depends on the order.

    python3 pipeline.py [LAST]       factor the numbers 2..LAST (default 90000); exit status 0 only if all is right
"""
import concurrent.futures
import hashlib
import queue
import sys
import threading
import time

LAST = int(sys.argv[1]) if len(sys.argv) > 1 else 90000
BATCH = 50
FACTORERS = 4
CHECKERS = 2
IN_FLIGHT = 12
PATIENCE = 60.0  # seconds; nothing below takes that long unless a wake-up is lost
END = None


def smallest_factor(n):
    """The smallest prime factor of n, by trial division: slow on purpose."""
    d = 2
    while d * d <= n:
        if n % d == 0:
            return d
        d += 1
    return n


def batches():
    """(sequence number, numbers) for all of 2..LAST."""
    for sequence, first in enumerate(range(2, LAST + 1, BATCH)):
        yield sequence, list(range(first, min(first + BATCH, LAST + 1)))


class InOrder:
    """Hands out items in the order of their sequence numbers, whatever order they arrive in."""

    def __init__(self):
        self.changed = threading.Condition()
        self.waiting = {}
        self.next = 0

    def put(self, sequence, item):
        with self.changed:
            self.waiting[sequence] = item
            self.changed.notify_all()

    def take(self):
        with self.changed:
            if not self.changed.wait_for(lambda: self.next in self.waiting, timeout=PATIENCE):
                raise TimeoutError("batch %d never arrived" % self.next)
            item = self.waiting.pop(self.next)
            self.next += 1
            return item


class Pipeline:
    def __init__(self):
        self.to_factor = queue.Queue(maxsize=8)
        self.to_check = queue.Queue(maxsize=4)
        self.ordered = InOrder()
        self.in_flight = threading.BoundedSemaphore(IN_FLIGHT)
        self.start = threading.Barrier(1 + FACTORERS + CHECKERS + 1)
        self.done = threading.Event()
        self.batches = list(batches())
        self.sum = 0
        self.digest = hashlib.sha256()
        self.failures = []

    def factor(self):
        while True:
            item = self.to_factor.get(timeout=PATIENCE)
            if item is END:
                self.to_check.put(END, timeout=PATIENCE)
                return
            sequence, numbers = item
            self.to_check.put((sequence, [(n, smallest_factor(n)) for n in numbers]), timeout=PATIENCE)

    def check(self):
        while True:
            item = self.to_check.get(timeout=PATIENCE)
            if item is END:
                return
            sequence, pairs = item
            for n, factor in pairs:
                if n % factor != 0:
                    raise AssertionError("%d does not divide %d" % (factor, n))
            self.ordered.put(sequence, pairs)

    def fold(self):
        for _ in self.batches:
            for n, factor in self.ordered.take():
                self.sum += factor
                self.digest.update(b"%d:%d " % (n, factor))
            self.in_flight.release()
        self.done.set()

    def stage(self, work):
        """One thread of a stage: starts with all others, and reports what it dies of."""

        def run():
            try:
                self.start.wait(PATIENCE)
                work()
            except BaseException as problem:  # a thread's failure belongs into the exit status
                self.failures.append("%s: %r" % (work.__name__, problem))
                self.done.set()

        thread = threading.Thread(target=run, name=work.__name__, daemon=True)
        thread.start()
        return thread

    def run(self):
        factorers = [self.stage(self.factor) for _ in range(FACTORERS)]
        checkers = [self.stage(self.check) for _ in range(CHECKERS)]
        folder = self.stage(self.fold)
        self.start.wait(PATIENCE)
        for batch in self.batches:
            if not self.in_flight.acquire(timeout=PATIENCE):
                raise TimeoutError("the pipeline is stuck")
            self.to_factor.put(batch, timeout=PATIENCE)
        if not self.done.wait(PATIENCE):
            raise TimeoutError("the last batch never came out")
        for _ in factorers:
            self.to_factor.put(END, timeout=PATIENCE)
        for thread in factorers:
            thread.join(PATIENCE)
        # each factorer passed on one end mark; a checker takes one and leaves, so two of the four are left over
        for thread in checkers + [folder]:
            thread.join(PATIENCE)
        alive = [t.name for t in factorers + checkers + [folder] if t.is_alive()]
        if alive:
            self.failures.append("still running: %s" % ", ".join(alive))
        if self.to_check.qsize() != FACTORERS - CHECKERS:
            self.failures.append("%d end marks left over" % self.to_check.qsize())


def expired(wait, seconds):
    """How a wait that nobody ends comes out: False after at least the given time."""
    before = time.monotonic()
    result = wait(seconds)
    return result is False and time.monotonic() - before >= seconds * 0.99


def timeouts():
    """Waits that must time out, one per kind; returns the names of those that did not."""
    lock = threading.Lock()
    lock.acquire()
    condition = threading.Condition()

    def on_condition(seconds):
        with condition:
            return condition.wait(seconds)

    def on_queue(seconds):
        try:
            queue.Queue().get(timeout=seconds)
            return True
        except queue.Empty:
            return False

    kinds = {
        "lock": lambda seconds: lock.acquire(timeout=seconds),
        "semaphore": lambda seconds: threading.Semaphore(0).acquire(timeout=seconds),
        "event": lambda seconds: threading.Event().wait(seconds),
        "condition": on_condition,
        "queue": on_queue,
    }
    return [name for name, wait in kinds.items() if not expired(wait, 0.03)]


def expected():
    """The same answer from a thread pool, which has locks and queues of its own."""
    digest = hashlib.sha256()
    total = 0
    with concurrent.futures.ThreadPoolExecutor(max_workers=3) as pool:
        parts = pool.map(lambda b: [(n, smallest_factor(n)) for n in b[1]], batches(), timeout=PATIENCE)
        for pairs in parts:
            for n, factor in pairs:
                total += factor
                digest.update(b"%d:%d " % (n, factor))
    return total, digest.hexdigest()


def main():
    pipeline = Pipeline()
    pipeline.run()
    failures = pipeline.failures + ["%s wait did not time out" % kind for kind in timeouts()]
    answer = pipeline.sum, pipeline.digest.hexdigest()
    if not failures and answer != expected():
        failures.append("wrong answer")
    print("sum %d digest %s" % (answer[0], answer[1][:16]))
    for failure in failures:
        print("FAILED", failure)
    print("failed" if failures else "ok")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
