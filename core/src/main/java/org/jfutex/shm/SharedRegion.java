package org.jfutex.shm;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import org.jfutex.word.MappedFile;
import org.jfutex.word.Word;
import org.jspecify.annotations.Nullable;

/**
 * Memory that several processes share, with named cells in it: locks, conditions, semaphores and
 * the like, and bytes for the user. They survive the death of any process at any moment; {@code
 * docs/layout.md} is their layout, and says what they cannot do.
 *
 * <p>A region is a file, usually in memory ({@code /dev/shm}), or an anonymous one that other
 * processes are given. It is made whole before anybody can open it, readable and writable by its
 * owner alone. Whoever opens one checks that it is a regular file of the same user, that others
 * cannot write to it (unless the permissions asked for say so), and all that its header says.
 *
 * <p>What is in a region may be overwritten by every process that has it open. Locks may then hang
 * or be taken twice; an operation ends with an error or waits until its deadline, and the JVM goes
 * on. Nobody may make the file shorter: see {@link MappedFile}.
 *
 * <p>A process has a region open until it closes it or ends. At most 64 processes at a time.
 */
public final class SharedRegion implements AutoCloseable {
  /*
   * State       opened: the primitives by name, made when first asked for. The file's pins: what
   *             threads of this process hold here or wait for, and the members' own word.
   *             isDetached: this process is no member any more.
   * Guards      opened, pins: atomic. isDetached: closing.
   * Lock order  closing; nothing is taken inside.
   * Ordering    none: what others see of a primitive is in final fields.
   * Progress    closing waits for the keeper of Members, which waits for nobody.
   * Callbacks   none.
   * Checked by  SharedRegionTest.
   */
  private static final Path MEMORY = Path.of("/dev/shm");
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}");
  private static final int OPEN_ATTEMPTS = 100;

  private final Path path;
  private final MappedFile file;
  private final Layout layout;
  private final UnaryOperator<Word> words;
  private final Members members;
  private final Map<String, Object> opened = new ConcurrentHashMap<>();
  private final ReentrantLock closing = new ReentrantLock();
  private boolean isDetached;

  /** Leads to the descriptor of an anonymous region, in the object that has made it. */
  private volatile @Nullable Path descriptor;

  private SharedRegion(Path path, MappedFile file, Layout layout, UnaryOperator<Word> words) {
    this.path = path;
    this.file = file;
    this.layout = layout;
    this.words = words;
    this.members = new Members(file, words);
  }

  /**
   * Opens a region in {@code /dev/shm}, and makes it if there is none; readable and writable by the
   * user alone.
   *
   * @param name its name: letters, digits, {@code . _ -}, as that of shm_open(3) without the slash
   * @param layout its cells
   * @return the region
   * @throws RegionException if there is one that is not as expected; the message says what differs
   * @throws IOException if it cannot be made or mapped
   */
  public static SharedRegion open(String name, Layout layout) throws IOException {
    return open(named(name), layout);
  }

  /**
   * Opens a region in a file, and makes it if there is none; readable and writable by the user
   * alone.
   *
   * @param path the file; its last part may not be a symbolic link
   * @param layout its cells
   * @return the region
   * @throws RegionException if there is a file that is not as expected
   * @throws IOException if it cannot be made or mapped
   */
  public static SharedRegion open(Path path, Layout layout) throws IOException {
    return open(path, layout, RegionFile.OWNER_ONLY);
  }

  /**
   * Opens a region in a file, and makes it with given permissions if there is none.
   *
   * @param path the file; its last part may not be a symbolic link
   * @param layout its cells
   * @param permissions those of a new file, whatever the umask; an existing one may give no others
   *     to group and others
   * @return the region
   * @throws RegionException if there is a file that is not as expected
   * @throws IOException if it cannot be made or mapped
   */
  public static SharedRegion open(Path path, Layout layout, Set<PosixFilePermission> permissions)
      throws IOException {
    for (int attempt = 0; attempt < OPEN_ATTEMPTS; attempt++) {
      try {
        SharedRegion region = attach(path, permissions, UnaryOperator.identity());
        if (region.layout.equals(layout)) {
          return region;
        }
        region.close();
        throw new RegionException(
            path + " with the cells " + region.layout + ": expected " + layout);
      } catch (NoSuchFileException e) {
        RegionFile.create(path, layout, permissions); // or somebody else does
      }
    }
    throw new IOException(path + ": made and removed " + OPEN_ATTEMPTS + " times");
  }

  /**
   * Opens a region that exists, with the cells that it has.
   *
   * @param path the file
   * @return the region
   * @throws NoSuchFileException if there is none
   * @throws RegionException if the file is no region, or another user's, or others can write to it
   * @throws IOException if it cannot be mapped
   */
  public static SharedRegion attach(Path path) throws IOException {
    return attach(path, UnaryOperator.identity());
  }

  /** Likewise, with every word of its cells and members as a function makes it of the real one. */
  static SharedRegion attach(Path path, UnaryOperator<Word> words) throws IOException {
    return attach(path, RegionFile.OWNER_ONLY, words);
  }

  private static SharedRegion attach(
      Path path, Set<PosixFilePermission> permissions, UnaryOperator<Word> words)
      throws IOException {
    RegionFile.Checked checked = RegionFile.check(path, permissions);
    MappedFile file = MappedFile.open(path, 0, checked.bytes());
    try {
      if (!file.identity().equals(checked.identity())) {
        throw new RegionException(path + ": replaced while it was opened");
      }
      return new SharedRegion(path, file, Header.read(file.segment()), words);
    } catch (RegionException e) {
      file.close();
      throw new RegionException(path + ": " + e.getMessage());
    } catch (InternalError e) { // what the JDK makes of SIGBUS
      file.close();
      throw new RegionException(path + ": made shorter while it was opened");
    } catch (IOException | RuntimeException | Error e) {
      file.close();
      throw e;
    }
  }

  /**
   * Makes a region without a name. Other processes of the user open it by {@link #path}, as long as
   * this one has it open; it goes when the last one has closed it.
   *
   * @param layout its cells
   * @return the region
   * @throws IOException if it cannot be made
   */
  public static SharedRegion anonymous(Layout layout) throws IOException {
    Path path = RegionFile.createAnonymous(layout);
    try {
      SharedRegion region = attach(path);
      region.descriptor = path;
      return region;
    } catch (IOException | RuntimeException | Error e) {
      RegionFile.closeAnonymous(path);
      throw e;
    }
  }

  /**
   * Removes the name of a region in {@code /dev/shm}. Who has it open keeps it; who opens the name
   * afterwards makes another one.
   *
   * @param name its name
   * @return whether there was one
   * @throws IOException if it cannot be removed
   */
  public static boolean delete(String name) throws IOException {
    return Files.deleteIfExists(named(name));
  }

  private static Path named(String name) {
    if (!NAME.matcher(name).matches()) {
      throw new IllegalArgumentException(
          "name \"%s\": expected up to 200 letters, digits and . _ -".formatted(name));
    }
    return MEMORY.resolve(name);
  }

  /**
   * Where it is.
   *
   * @return the path it was opened by; of an anonymous region one that leads to it while this
   *     process has it open
   */
  public Path path() {
    return path;
  }

  /**
   * Its cells.
   *
   * @return the layout
   */
  public Layout layout() {
    return layout;
  }

  /**
   * Which processes have it open.
   *
   * @return their process ids, as they state them
   */
  public List<Integer> members() {
    return members.pids();
  }

  /**
   * The lock of a name.
   *
   * @param name its name in the layout
   * @return always the same object
   * @throws IllegalArgumentException if the layout has none of this name
   */
  public SharedMutex mutex(String name) {
    return cell(name, Kind.MUTEX, SharedMutex.class, SharedMutex::new);
  }

  /**
   * The condition of a name.
   *
   * @param name its name in the layout
   * @return always the same object
   * @throws IllegalArgumentException if the layout has none of this name
   */
  public SharedCondvar condvar(String name) {
    return cell(name, Kind.CONDVAR, SharedCondvar.class, SharedCondvar::new);
  }

  /**
   * The semaphore of a name.
   *
   * @param name its name in the layout
   * @return always the same object
   * @throws IllegalArgumentException if the layout has none of this name
   */
  public SharedSemaphore semaphore(String name) {
    return cell(name, Kind.SEMAPHORE, SharedSemaphore.class, SharedSemaphore::new);
  }

  /**
   * The read-write lock of a name.
   *
   * @param name its name in the layout
   * @return always the same object
   * @throws IllegalArgumentException if the layout has none of this name
   */
  public SharedRwLock rwLock(String name) {
    return cell(name, Kind.RW_LOCK, SharedRwLock.class, SharedRwLock::new);
  }

  /**
   * The event of a name.
   *
   * @param name its name in the layout
   * @return always the same object
   * @throws IllegalArgumentException if the layout has none of this name
   */
  public SharedEvent event(String name) {
    return cell(name, Kind.EVENT, SharedEvent.class, SharedEvent::new);
  }

  /**
   * The barrier of a name.
   *
   * @param name its name in the layout
   * @return always the same object
   * @throws IllegalArgumentException if the layout has none of this name
   */
  public SharedBarrier barrier(String name) {
    return cell(name, Kind.BARRIER, SharedBarrier.class, SharedBarrier::new);
  }

  /**
   * The latch of a name.
   *
   * @param name its name in the layout
   * @return always the same object
   * @throws IllegalArgumentException if the layout has none of this name
   */
  public SharedLatch latch(String name) {
    return cell(name, Kind.LATCH, SharedLatch.class, SharedLatch::new);
  }

  /**
   * The once of a name.
   *
   * @param name its name in the layout
   * @return always the same object
   * @throws IllegalArgumentException if the layout has none of this name
   */
  public SharedOnce once(String name) {
    return cell(name, Kind.ONCE, SharedOnce.class, SharedOnce::new);
  }

  /**
   * The signal of a name.
   *
   * @param name its name in the layout
   * @return always the same object
   * @throws IllegalArgumentException if the layout has none of this name
   */
  public Signal signal(String name) {
    return cell(name, Kind.SIGNAL, Signal.class, Signal::new);
  }

  /**
   * The memory of a name.
   *
   * @param name its name in the layout
   * @return the memory, until the region is closed
   * @throws IllegalArgumentException if the layout has none of this name
   */
  public MemorySegment bytes(String name) {
    Layout.Cell cell = layout.cell(name, Kind.BYTES);
    return file.segment().asSlice(cell.offset(), cell.bytes());
  }

  /**
   * A futex word in the memory of a name.
   *
   * @param name its name in the layout
   * @param offset where in it, in bytes; a multiple of 4
   * @return a 32-bit word that all processes share
   * @throws IllegalArgumentException if the layout has no bytes of this name
   * @throws IndexOutOfBoundsException if the word would not be inside
   */
  public Word word(String name, long offset) {
    Layout.Cell cell = layout.cell(name, Kind.BYTES);
    Objects.checkFromIndexSize(offset, Integer.BYTES, cell.bytes());
    return Word.of(file, cell.offset() + offset);
  }

  private <T> T cell(
      String name, Kind kind, Class<T> type, BiFunction<SharedRegion, Layout.Cell, T> make) {
    Layout.Cell cell = layout.cell(name, kind);
    return type.cast(opened.computeIfAbsent(name, _ -> make.apply(this, cell)));
  }

  Members attached() {
    return members;
  }

  MappedFile file() {
    return file;
  }

  /** The word at a place of a cell. */
  Word word(Layout.Cell cell, long offset, int bits) {
    return words.apply(Word.of(file, cell.offset() + offset, bits));
  }

  /** The words of a cell in which each place of {@link Members} has what it holds. */
  Word[] holdings(Layout.Cell cell, long offset) {
    Word[] words = new Word[Members.MOST];
    for (int i = 0; i < words.length; i++) {
      words[i] = word(cell, offset + i * (long) Long.BYTES, Long.SIZE);
    }
    return words;
  }

  /** Makes a call during which the region cannot be closed. */
  <T> T use(Supplier<T> call) {
    file.pin();
    try {
      return call.get();
    } finally {
      file.unpin();
    }
  }

  /**
   * Closes the region: its memory is unmapped, and this process is no member any more. Idempotent.
   *
   * @throws IllegalStateException if a thread of this process holds something in it, or waits
   *     there; it stays open then
   */
  @Override
  public void close() {
    closing.lock();
    try {
      if (!isDetached) {
        if (!file.retire(Members.PINS)) {
          throw new IllegalStateException(
              path + " is in use: threads of this process hold locks or permits in it, or wait");
        }
        members.close();
        isDetached = true;
        if (descriptor != null) {
          RegionFile.closeAnonymous(descriptor);
        }
      }
      file.close();
    } finally {
      closing.unlock();
    }
  }

  @Override
  public String toString() {
    return "region " + path + " " + layout;
  }
}
