package org.jfutex.cli.machine.kernel;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jfutex.cli.machine.Backing;
import org.jfutex.cli.machine.Machine;
import org.jfutex.cli.machine.Protection;
import org.jfutex.cli.run.ErrorText;
import org.jfutex.cli.run.Nr;
import org.jfutex.kernel.Syscalls;
import org.jspecify.annotations.Nullable;

/**
 * The mappings of one worker process, made by its control thread at addresses chosen here: the same
 * ones in every run, each with unmapped pages behind it.
 */
final class AddressMap {
  private static final long FIRST = 0x1_0000_0000L;
  private static final long GAP = 0x10000;

  private static final int MAP_SHARED = 1;
  private static final int MAP_PRIVATE = 2;
  private static final int MAP_ANONYMOUS = 0x20;
  private static final int MAP_FIXED_NOREPLACE = 0x100000;
  private static final int PROT_READ_WRITE = 3;
  private static final int MREMAP_MAYMOVE_FIXED = 3;
  private static final int EIO = 5;
  private static final int EFAULT = 14;

  private final KernelProcess process;
  private final TreeMap<Long, Region> regions = new TreeMap<>();
  private long next = FIRST;

  AddressMap(KernelProcess process) {
    this.process = process;
  }

  /** Takes over what a forked process has from its parent. */
  void copyOf(AddressMap parent) {
    next = parent.next;
    parent.regions.forEach((address, region) -> regions.put(address, region.use()));
  }

  private static long wholePages(long bytes) {
    if (bytes <= 0) {
      throw new IllegalArgumentException(bytes + " bytes: expected more than 0");
    }
    return Math.ceilDiv(bytes, Machine.PAGE_BYTES) * Machine.PAGE_BYTES;
  }

  private long freeAddress(long bytes) {
    long address = next;
    next += Math.ceilDiv(bytes, GAP) * GAP + GAP;
    return address;
  }

  long map(Backing backing, long bytes) {
    long size = wholePages(bytes);
    Store store =
        switch (backing) {
          case PRIVATE -> null;
          case SHARED -> new Store(Descriptors.memory("jfutex-shared", size), size);
          case FILE, FILE_PRIVATE -> new Store(Descriptors.temporary(size), size);
        };
    return map(backing, size, store);
  }

  private long map(Backing backing, long size, @Nullable Store store) {
    long address = freeAddress(size);
    int fd = -1;
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;
    if (store != null) {
      fd = process.open(store.path(), Descriptors.O_RDWR);
      boolean shared = backing != Backing.FILE_PRIVATE;
      flags = (shared ? MAP_SHARED : MAP_PRIVATE) | MAP_FIXED_NOREPLACE;
    }
    process.control("mmap", Nr.MMAP, address, size, PROT_READ_WRITE, flags, fd, 0);
    if (store != null) {
      process.control("close", Nr.CLOSE, fd);
    }
    add(new Region(address, size, backing, store, 0));
    return address;
  }

  private Region at(long address) {
    Region region = regions.get(address);
    if (region == null) {
      throw new IllegalArgumentException(
          "address 0x%x: expected the beginning of a mapping".formatted(address));
    }
    return region;
  }

  long alias(long address) {
    Region region = at(address);
    return region.store() == null ? address : map(region.backing(), region.bytes(), region.store());
  }

  void protect(long address, long bytes, Protection protection) {
    int bits =
        switch (protection) {
          case NONE -> 0;
          case READ -> 1;
          case READ_WRITE -> PROT_READ_WRITE;
        };
    process.control("mprotect", Nr.MPROTECT, address, wholePages(bytes), bits);
  }

  void unmap(long address, long bytes) {
    long size = wholePages(bytes);
    process.control("munmap", Nr.MUNMAP, address, size);
    long end = address + size;
    List<Region> hit = regions.values().stream().filter(r -> r.meets(address, end)).toList();
    for (Region region : hit) {
      regions.remove(region.address());
      add(region.below(address));
      add(region.from(end));
      region.leave();
    }
  }

  private void add(@Nullable Region region) {
    if (region != null) {
      regions.put(region.address(), region.use());
    }
  }

  long remap(long address) {
    Region region = at(address);
    long size = region.bytes();
    long target = freeAddress(size);
    process.control("mremap", Nr.MREMAP, address, size, size, MREMAP_MAYMOVE_FIXED, target);
    regions.remove(address);
    regions.put(target, region.movedTo(target));
    return target;
  }

  void truncate(long address, long bytes) {
    Region region = at(address);
    Store store = region.store();
    if (store == null || region.backing() == Backing.SHARED) {
      throw new IllegalArgumentException(
          "address 0x%x: expected a mapped file, not %s memory"
              .formatted(address, region.backing()));
    }
    store.truncate(bytes);
  }

  /** By /proc/PID/mem, which reads pages that the process may not read. */
  void read(long address, MemorySegment to) {
    check(transfer(Nr.PREAD64, address, to), address, to.byteSize());
  }

  /**
   * By /proc/PID/mem, which writes pages of private memory that the process may not write; those of
   * shared memory are written through the file.
   */
  void write(long address, MemorySegment from) {
    long done = transfer(Nr.PWRITE64, address, from);
    if (done == -EIO) {
      Map.Entry<Long, Region> entry = regions.floorEntry(address);
      if (entry != null && entry.getValue().contains(address, from.byteSize())) {
        done = writeThrough(entry.getValue(), address, from);
      }
    }
    check(done, address, from.byteSize());
  }

  private static long writeThrough(Region region, long address, MemorySegment from) {
    Store store = region.store();
    return store == null || !region.isShared()
        ? -EIO
        : store.write(region.offset() + address - region.address(), from);
  }

  private long transfer(int nr, long address, MemorySegment local) {
    return Syscalls.call(
        nr, process.memoryFile(), local.address(), local.byteSize(), address, 0, 0);
  }

  private void check(long done, long address, long bytes) {
    if (done == bytes) {
      return;
    }
    if (done >= 0 || done == -EIO || done == -EFAULT) {
      long missing = address + Math.max(done, 0);
      Map.Entry<Long, Region> entry = regions.floorEntry(missing);
      boolean mapped = entry != null && entry.getValue().contains(missing, 1);
      String expected = mapped ? "page before the end of its file" : "mapped page";
      throw new IllegalArgumentException("0x%x: expected a %s".formatted(missing, expected));
    }
    throw new IllegalStateException(
        "address 0x%x could not be accessed: %s".formatted(address, ErrorText.of((int) -done)));
  }

  void close() {
    regions.values().forEach(Region::leave);
    regions.clear();
  }
}
