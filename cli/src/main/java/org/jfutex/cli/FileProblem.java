package org.jfutex.cli;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Says to people why a file could not be read or written. */
public final class FileProblem {
  private FileProblem() {}

  /**
   * The file and the reason.
   *
   * @param path what was asked for; named unless the problem is with a file below it
   * @param e the problem
   * @return as in {@code a.ftx: permission denied}
   */
  public static String of(Path path, IOException e) {
    @Nullable String named = e instanceof FileSystemException problem ? problem.getFile() : null;
    return (named == null ? path : named) + ": " + reason(e);
  }

  /**
   * The file, if the problem tells which, and the reason.
   *
   * @param e the problem
   * @return as in {@code a.ftx: permission denied}
   */
  public static String of(IOException e) {
    @Nullable String named = e instanceof FileSystemException problem ? problem.getFile() : null;
    return named == null ? String.valueOf(e.getMessage()) : named + ": " + reason(e);
  }

  /**
   * The reason alone.
   *
   * @param e the problem
   * @return as in {@code permission denied}
   */
  public static String reason(IOException e) {
    return switch (e) {
      case NoSuchFileException _ -> "no such file or folder";
      case AccessDeniedException _ -> "permission denied";
      case CharacterCodingException _ -> "expected text in UTF-8";
      case FileSystemException problem -> text(problem, problem.getReason());
      default -> text(e, e.getMessage());
    };
  }

  /** The system's words begin with a capital letter. */
  private static String text(IOException e, @Nullable String told) {
    return told == null || told.isEmpty()
        ? e.getClass().getSimpleName()
        : told.substring(0, 1).toLowerCase(Locale.ROOT) + told.substring(1);
  }
}
