package org.jfutex.cli.machine;

/** What a process may do with its memory; see mprotect(2). */
public enum Protection {
  /** PROT_NONE. */
  NONE,
  /** PROT_READ. */
  READ,
  /** PROT_READ and PROT_WRITE. */
  READ_WRITE
}
