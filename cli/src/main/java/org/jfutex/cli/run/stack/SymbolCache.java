package org.jfutex.cli.run.stack;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** The symbols of the files whose code was met, by the identity of the file. */
final class SymbolCache {
  /*
   * State       a map in the order of use, oldest first.
   * Guards      files, functions: lock.
   * Lock order  after the supervisor's lock; nothing is taken inside.
   * Ordering    only the lock's.
   * Progress    the lock is held while a file is read, so that two threads do not read one twice.
   * Callbacks   none.
   * Checked by  SymbolCacheTest.
   */
  /** Functions kept of all files together, of 24 bytes each. */
  static final int MAX_FUNCTIONS = 1 << 21;

  /** Files kept, whatever their size. */
  static final int MAX_FILES = 256;

  private static final float LOAD = 0.75f;

  private final ReentrantLock lock = new ReentrantLock();

  @GuardedBy("lock")
  private final Map<Identity, ElfSymbols> files = new LinkedHashMap<>(MAX_FILES, LOAD, true);

  @GuardedBy("lock")
  private long functions;

  /** A file written anew in place is another one; so is one that replaced it under its name. */
  private record Identity(@Nullable Object key, long bytes, FileTime modified) {}

  /**
   * The symbols of a file.
   *
   * @param file the file
   * @return its symbols; none for anything but a regular file, which opening could block on
   */
  ElfSymbols of(Path file) {
    Identity identity;
    try {
      BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
      if (!attributes.isRegularFile()) {
        return ElfSymbols.NONE;
      }
      identity =
          new Identity(attributes.fileKey(), attributes.size(), attributes.lastModifiedTime());
    } catch (IOException gone) {
      return ElfSymbols.NONE;
    }
    lock.lock();
    try {
      ElfSymbols symbols = files.get(identity);
      if (symbols == null) {
        symbols = ElfSymbols.of(file);
        files.put(identity, symbols);
        functions += symbols.size();
        evictLocked();
      }
      return symbols;
    } finally {
      lock.unlock();
    }
  }

  /** Drops files, those unused for longest first; the newest stays, whatever its size. */
  @GuardedBy("lock")
  private void evictLocked() {
    Iterator<ElfSymbols> oldest = files.values().iterator();
    while (files.size() > 1 && (functions > MAX_FUNCTIONS || files.size() > MAX_FILES)) {
      functions -= oldest.next().size();
      oldest.remove();
    }
  }
}
