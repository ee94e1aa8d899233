#!/usr/bin/env python3
"""Counts up the counter of java/SharedCounter.java, in a region that a program in Java has made.

    counter.py LIBRARY PATH TIMES, or LIBRARY PATH hold

LIBRARY is region.c, compiled. Python has no compare-and-set of its own, and its locks must be in
the list that the C library has registered for the thread, so that the kernel marks them when the
process is killed: jfutex.h does both. A lock belongs to the thread that has taken it.
"""

import ctypes
import errno
import os
import signal
import sys


class Region:
    """A region that exists; who makes one must live as long as the process uses it."""

    def __init__(self, library, path):
        # CDLL lets go of the interpreter during a call: others run while a thread waits for a lock
        self._c = ctypes.CDLL(library, use_errno=True)
        for name in "region_attach", "region_mutex", "region_bytes":
            getattr(self._c, name).restype = ctypes.c_void_p
        self._region = self._c.region_attach(os.fsencode(path))
        if not self._region:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), path)
        self._region = ctypes.c_void_p(self._region)

    def mutex(self, name):
        return Mutex(self._c, self._region, self._address(self._c.region_mutex, name))

    def longs(self, name, count):
        """The first numbers of 64 bits in the bytes of a name."""
        address = self._address(self._c.region_bytes, name)
        return (ctypes.c_int64 * count).from_address(address)

    def _address(self, function, name):
        address = function(self._region, name.encode())
        if not address:
            raise KeyError(f"no such cell of this kind: {name}")
        return address

    def close(self):
        """With no lock held, and by the thread that has made it."""
        self._c.region_detach(self._region)


class Mutex:
    def __init__(self, library, region, address):
        self._c = library
        self._region = region
        self._cell = ctypes.c_void_p(address)

    def lock(self):
        """Returns whether the last owner died with the lock: what it protects may be half done."""
        error = self._c.region_lock(self._region, self._cell)
        if error not in (0, errno.EOWNERDEAD):
            raise OSError(error, os.strerror(error))
        return error == errno.EOWNERDEAD

    def unlock(self):
        error = self._c.region_unlock(self._cell)
        if error != 0:
            raise OSError(error, os.strerror(error))


def hold():
    """Stays in the middle of counting, with the lock, until it is killed."""
    print("holds the lock, in the middle of counting", file=sys.stderr, flush=True)
    print(os.getpid(), flush=True)
    while True:
        signal.pause()


def main(library, path, times):
    region = Region(library, path)
    lock = region.mutex("lock")
    cells = region.longs("counter", 2)
    deaths = 0
    for _ in range(1 if times == "hold" else int(times)):
        if lock.lock():
            print(f"told of a death: {cells[0]} begun, {cells[1]} done")
            cells[1] = cells[0]  # finish what was left half done
            deaths += 1
        cells[0] += 1
        if times == "hold":
            hold()
        cells[1] += 1
        lock.unlock()
    lock.lock()
    count, agree = cells[0], cells[0] == cells[1]
    lock.unlock()
    region.close()
    print(f"{count}, after {deaths} deaths: {'ok' if agree else 'wrong'}")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit("usage: counter.py LIBRARY PATH TIMES, or LIBRARY PATH hold")
    main(*sys.argv[1:])
