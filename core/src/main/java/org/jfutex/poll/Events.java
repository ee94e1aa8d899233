package org.jfutex.poll;

/** What an object can be ready for: the bits of poll(2), with their numbers on Linux. */
public final class Events {
  /** Something can be read. */
  public static final int IN = 0x1;

  /** Something exceptional can be read, such as the urgent data of TCP. */
  public static final int PRI = 0x2;

  /** Something can be written. */
  public static final int OUT = 0x4;

  /** Something is wrong. Reported whether asked for or not. */
  public static final int ERR = 0x8;

  /** The other end has gone. Reported whether asked for or not. */
  public static final int HUP = 0x10;

  /** The object is closed. Reported whether asked for or not. */
  public static final int NVAL = 0x20;

  /** As {@link #IN}, and with it. */
  public static final int RDNORM = 0x40;

  /** Data of another priority can be read. */
  public static final int RDBAND = 0x80;

  /** As {@link #OUT}, and with it. */
  public static final int WRNORM = 0x100;

  /** Data of another priority can be written. */
  public static final int WRBAND = 0x200;

  /** The other end will write no more. */
  public static final int RDHUP = 0x2000;

  /** What is reported whether asked for or not. */
  public static final int ALWAYS = ERR | HUP | NVAL;

  /** All bits that there are. */
  public static final int ALL = 0x23ff;

  private static final String[] NAMES = {
    "IN", "PRI", "OUT", "ERR", "HUP", "NVAL", "RDNORM", "RDBAND", "WRNORM", "WRBAND", "", "", "",
    "RDHUP"
  };

  /** How far RDNORM is from IN, and WRNORM from OUT. */
  private static final int NORMAL_SHIFT = 6;

  private Events() {}

  /** What else is said whenever some events are: IN and OUT have two names. */
  static int withSynonyms(int events) {
    return (events | (events & (IN | OUT)) << NORMAL_SHIFT) & ALL;
  }

  /**
   * Events for people.
   *
   * @param events any bits
   * @return such as {@code IN|HUP}; 0 if there are none; unknown bits as a number
   */
  public static String describe(int events) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < NAMES.length; i++) {
      if ((events & ALL & 1 << i) != 0) {
        text.append(text.isEmpty() ? "" : "|").append(NAMES[i]);
      }
    }
    int unknown = events & ~ALL;
    if (unknown != 0 || text.isEmpty()) {
      text.append(text.isEmpty() ? "" : "|");
      text.append(unknown == 0 ? "0" : "0x" + Integer.toHexString(unknown));
    }
    return text.toString();
  }
}
