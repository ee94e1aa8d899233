package org.jfutex.cli.machine;

/** What memory is mapped from. */
public enum Backing {
  /** Anonymous memory of the process, copied on fork. */
  PRIVATE,
  /** Anonymous memory that forked processes share. */
  SHARED,
  /** A fresh file, mapped shared. */
  FILE,
  /** A fresh file, mapped private: written pages become the process's own. */
  FILE_PRIVATE
}
