package org.jfutex.cli.fuzz;

import java.util.ArrayList;
import java.util.List;
import org.jfutex.OwnerWord;
import org.jfutex.cli.play.Num;
import org.jspecify.annotations.Nullable;

/** What whoever makes the next step of a program may know of the steps before. */
interface View {
  /** Whether a thread is there and in no call. */
  boolean isIdle(String thread);

  /** Whether a thread is in a call. */
  boolean isBusy(String thread);

  /** What a word holds. */
  int value(String word);

  /** What the step before returned; {@link Moment#NONE} before the first. */
  long lastResult();

  /** The thread whose id it is, which may have gone; null if it is none of the program's. */
  @Nullable String thread(int id);

  /** A value as the language has it: by the name of the thread whose id is in it. */
  default Num named(int value) {
    String thread = thread(OwnerWord.owner(value));
    if (thread == null) {
      return Num.of(value);
    }
    List<Num.Term> terms = new ArrayList<>(List.of(new Num.TidOf(thread)));
    long flags = value & ~OwnerWord.OWNER_MASK & 0xffff_ffffL;
    if (flags != 0) {
      terms.add(new Num.Literal(flags, "0x" + Long.toHexString(flags)));
    }
    return new Num(terms);
  }
}
