package org.jfutex.shm;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jfutex.kernel.Syscalls;
import org.jfutex.word.MappedFile;

/**
 * The files of regions: made whole before they have their name, and checked before they are used.
 */
final class RegionFile {
  static final Set<PosixFilePermission> OWNER_ONLY =
      Set.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE);

  private static final Set<PosixFilePermission> OTHERS_WRITE =
      Set.of(PosixFilePermission.GROUP_WRITE, PosixFilePermission.OTHERS_WRITE);

  /** What a file of a process is reached by; a link, but one that nobody can put there. */
  private static final Pattern OF_PROCESS = Pattern.compile("/proc/(\\d+|self)/fd/\\d+");

  private static final int ZEROS = 1 << 16;
  private static final int NR_CLOSE = 3;
  private static final int NR_MEMFD_CREATE = 319;
  private static final long MFD_CLOEXEC = 1;

  private RegionFile() {}

  /**
   * What a file was when it was checked.
   *
   * @param identity which file it is, as {@link MappedFile#identity}
   * @param bytes how long it is
   */
  record Checked(Object identity, long bytes) {}

  /** Refuses files that another user may have put there, or may write to. */
  static Checked check(Path path, Set<PosixFilePermission> permissions) throws IOException {
    LinkOption[] options =
        OF_PROCESS.matcher(path.toString()).matches()
            ? new LinkOption[0]
            : new LinkOption[] {LinkOption.NOFOLLOW_LINKS};
    Map<String, Object> file =
        Files.readAttributes(
            path, "unix:isRegularFile,isSymbolicLink,size,uid,fileKey,permissions", options);
    if (!Boolean.TRUE.equals(file.get("isRegularFile"))) {
      throw new RegionException(
          path
              + (Boolean.TRUE.equals(file.get("isSymbolicLink")) ? ": a symbolic link" : "")
              + ": expected a regular file");
    }
    Object owner = file.get("uid");
    Object user = Files.getAttribute(Path.of("/proc/self"), "unix:uid");
    if (!Objects.equals(owner, user)) {
      throw new RegionException(
          "%s is user %s's: expected one of user %s".formatted(path, owner, user));
    }
    if (file.get("permissions") instanceof Set<?> given) {
      for (PosixFilePermission permission : OTHERS_WRITE) {
        if (given.contains(permission) && !permissions.contains(permission)) {
          throw new RegionException(
              "%s with %s: expected no such permission".formatted(path, permission));
        }
      }
    }
    long bytes = ((Number) Objects.requireNonNull(file.get("size"))).longValue();
    if (bytes < Header.DIRECTORY || bytes % Header.PAGE != 0) {
      throw new RegionException(
          "%s of %d bytes: expected a multiple of %d, at least %d"
              .formatted(path, bytes, Header.PAGE, Header.DIRECTORY));
    }
    return new Checked(Objects.requireNonNull(file.get("fileKey")), bytes);
  }

  /** Makes a region and gives it its name, unless there is one of this name. */
  static void create(Path path, Layout layout, Set<PosixFilePermission> permissions)
      throws IOException {
    Path name = Objects.requireNonNull(path.getFileName(), "a path without a name");
    Path draft = path.resolveSibling("." + name + "." + UUID.randomUUID());
    try {
      Files.createFile(draft, PosixFilePermissions.asFileAttribute(OWNER_ONLY));
    } catch (NoSuchFileException e) {
      throw new IOException(path + ": expected its directory to exist", e);
    }
    try {
      fill(draft, layout);
      Files.setPosixFilePermissions(draft, permissions);
      Files.createLink(path, draft);
    } catch (FileAlreadyExistsException e) {
      // another process was first: its region is opened
    } finally {
      Files.delete(draft);
    }
  }

  private static void fill(Path path, Layout layout) throws IOException {
    allocate(path, layout.regionBytes());
    try (MappedFile file = MappedFile.open(path, 0, layout.regionBytes())) {
      Header.write(file.segment(), layout);
    }
  }

  /** Writes zeros: a page that finds no memory when it is touched first ends the process. */
  private static void allocate(Path path, long bytes) throws IOException {
    ByteBuffer zeros = ByteBuffer.allocate(ZEROS);
    try (FileChannel file = FileChannel.open(path, StandardOpenOption.WRITE)) {
      for (long at = 0; at < bytes; ) {
        zeros.clear().limit((int) Math.min(ZEROS, bytes - at));
        at += file.write(zeros, at);
      }
    }
  }

  /** Makes a region in memory without a name; returns a path that leads to its descriptor. */
  static Path createAnonymous(Layout layout) throws IOException {
    long descriptor;
    try (Arena arena = Arena.ofConfined()) {
      descriptor =
          Syscalls.call(NR_MEMFD_CREATE, arena.allocateFrom("jfutex").address(), MFD_CLOEXEC, 0);
    }
    if (descriptor < 0) {
      throw new IOException("memfd_create failed with errno " + -descriptor);
    }
    Path path = Path.of("/proc/" + ProcessHandle.current().pid() + "/fd/" + descriptor);
    try {
      Files.setPosixFilePermissions(path, OWNER_ONLY);
      fill(path, layout);
    } catch (IOException | RuntimeException | Error e) {
      closeAnonymous(path);
      throw e;
    }
    return path;
  }

  /** Closes the descriptor that such a path leads to. */
  static void closeAnonymous(Path path) {
    Path name = Objects.requireNonNull(path.getFileName(), "a descriptor's path");
    long _ = Syscalls.call(NR_CLOSE, Long.parseLong(name.toString()), 0, 0);
  }
}
