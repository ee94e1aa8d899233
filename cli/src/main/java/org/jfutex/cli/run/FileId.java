package org.jfutex.cli.run;

/**
 * What a file is, whoever maps it: where shared futexes of different processes meet.
 *
 * @param major the major number of its device
 * @param minor the minor number of its device
 * @param inode its inode number; not given to another file while a mapping holds it
 */
record FileId(int major, int minor, long inode) {
  @Override
  public String toString() {
    return major + ":" + minor + "/" + inode;
  }
}
