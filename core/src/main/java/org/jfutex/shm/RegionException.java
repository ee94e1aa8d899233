package org.jfutex.shm;

import java.io.IOException;

/** A file is no region, or not the one that was expected. The message says which part is wrong. */
public final class RegionException extends IOException {
  private static final long serialVersionUID = 1;

  /**
   * An exception with a message.
   *
   * @param message what was found and what was expected
   */
  RegionException(String message) {
    super(message);
  }
}
