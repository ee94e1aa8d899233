package org.jfutex.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.jfutex.OwnerWord.OWNER_DIED;
import static org.jfutex.OwnerWord.WAITERS;
import static org.jfutex.linux.Guest.BASE;
import static org.jfutex.linux.Guest.KERNEL;
import static org.jfutex.linux.Guest.PAGE;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.jfutex.engine.JvmFutex;
import org.jfutex.engine.Task;
import org.jfutex.linux.AddressSpace.Scope;
import org.jfutex.linux.SegmentSpace.Protection;
import org.jfutex.testing.Crew;
import org.jfutex.testing.Crew.Job;
import org.jfutex.testing.FaultyWord;
import org.jfutex.testing.FaultyWord.Faults;
import org.jfutex.word.Key;
import org.jfutex.word.Word;
import org.jfutex.word.WordFault;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The walk of a robust list at the end of its thread, row by row of the law, and over memory that
 * means harm.
 */
class RobustWalkTest {
  private static final int ID = 77;
  private static final int OTHER = 78;
  private static final int DEAD = OWNER_DIED;
  private static final int LOCK_PI = 6;
  private static final int PAGES = 32;

  /** The last page of the guest; the list is in the first ones. */
  private static final long EDGE = BASE + (PAGES - 1) * PAGE;

  private static final long END = BASE + PAGES * PAGE;
  private static final long HEAD = BASE + 64;
  private static final long FIRST = BASE + 256;
  private static final long STRIDE = 32;
  private static final long OFFSET = 8;

  private final JvmFutex engine = new JvmFutex();
  private final Guest guest =
      new Guest(64, engine, MemorySegment.ofArray(new long[(int) (PAGES * PAGE / Long.BYTES)]));
  private final RobustList robustList = new RobustList();
  private final Task task = new Task(ID, "dying", 0);

  /** A thread of the guest that has a task. */
  private record Owner(Task task, @Nullable RobustList list, AddressSpace space, Task known)
      implements Caller {
    @Override
    public @Nullable Task task(int id, Scope scope) {
      return id == known.id() ? known : null;
    }

    @Override
    public @Nullable RobustList robustList(int id) {
      return list;
    }
  }

  private static long entry(int index) {
    return FIRST + index * STRIDE;
  }

  private static long word(int index) {
    return entry(index) + OFFSET;
  }

  private void pointer(long address, long value) {
    guest.memory.set(ValueLayout.JAVA_LONG_UNALIGNED, address - BASE, value);
  }

  /** A list of entries and nothing pending; bit 0 of an entry says what it is. */
  private void list(long... entries) {
    pointer(HEAD, entries.length == 0 ? HEAD : entries[0]);
    pointer(HEAD + 8, OFFSET);
    pointer(HEAD + 16, 0);
    for (int i = 0; i < entries.length; i++) {
      pointer(entries[i] & ~1, i + 1 < entries.length ? entries[i + 1] : HEAD);
    }
    robustList.head(HEAD);
  }

  /** A list of entries from 0 up whose words have these values. */
  private void listOf(int... values) {
    long[] entries = new long[values.length];
    Arrays.setAll(entries, RobustWalkTest::entry);
    list(entries);
    for (int i = 0; i < values.length; i++) {
      guest.set(word(i), values[i]);
    }
  }

  private void pending(long entry) {
    pointer(HEAD + 16, entry);
  }

  private void exit() {
    exit(guest.space);
  }

  private void exit(AddressSpace space) {
    guest.futex.exit(new Owner(task, robustList, space, task));
  }

  private GuestThread waiter(long address, int flag) {
    return guest.asleep(address, Guest.WAIT | flag, guest.get(address), 0, 0, 0);
  }

  private void assertWords(int... values) {
    int[] found = new int[values.length];
    Arrays.setAll(found, i -> guest.get(word(i)));
    assertThat(found).containsExactly(values);
  }

  @Test
  void anOwnedWordLosesTheIdAndGetsTheMark() {
    listOf(ID, ID | WAITERS, ID | OWNER_DIED, ID | WAITERS | OWNER_DIED);
    exit();
    assertWords(DEAD, WAITERS | DEAD, DEAD, WAITERS | DEAD);
  }

  @Test
  void wordsOfOthersAreLeftAloneAndTheWalkGoesOn() {
    listOf(0, OTHER, OTHER | WAITERS | OWNER_DIED, WAITERS, OWNER_DIED, ID);
    GuestThread other = waiter(word(3), 0);
    exit();
    assertWords(0, OTHER, OTHER | WAITERS | OWNER_DIED, WAITERS, OWNER_DIED, DEAD);
    assertThat(other.isAsleep()).isTrue();
  }

  @Test
  void oneSharedWaiterIsWokenWhereTheBitIsSet() {
    listOf(ID | WAITERS, ID);
    GuestThread first = waiter(word(0), 0);
    GuestThread second = waiter(word(0), 0);
    GuestThread unmarked = waiter(word(1), 0);
    exit();
    assertThat(first.result()).isZero();
    assertThat(second.isAsleep()).isTrue();
    assertThat(unmarked.isAsleep()).isTrue();
  }

  @Test
  void aPrivateWaiterIsNotFound() {
    listOf(ID | WAITERS);
    GuestThread waiter = waiter(word(0), Guest.PRIVATE);
    exit();
    assertWords(WAITERS | DEAD);
    assertThat(waiter.isAsleep()).isTrue();
  }

  @Test
  void anEntryOfAPriorityInheritanceLockIsMarkedAndNobodyIsWoken() {
    listOf(ID | WAITERS, ID | WAITERS);
    list(entry(0) | 1, entry(1));
    GuestThread waiter = waiter(word(0), 0);
    exit();
    assertWords(WAITERS | DEAD, WAITERS | DEAD);
    assertThat(waiter.isAsleep()).isTrue();
  }

  /** The walk comes first: the heir finds a word that names nobody, and writes itself in. */
  @Test
  void aLockThatSomebodyWaitsForIsInheritedAfterTheWalk() {
    listOf(ID);
    list(entry(0) | 1);
    try (Crew crew = new Crew()) {
      Caller heir = new Owner(new Task(OTHER, "heir", 0), null, guest.space, task);
      Job<Long> job =
          crew.start(
              () ->
                  guest.futex.call(
                      heir, Operation.NR_FUTEX, word(0), LOCK_PI | Guest.PRIVATE, 0, 0, 0, 0));
      Crew.until("it waits", () -> engine.waiters().size() == 1);
      exit();
      assertThat(job.join()).isZero();
      assertWords(OTHER | WAITERS | OWNER_DIED);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, WAITERS, OWNER_DIED, WAITERS | OWNER_DIED})
  void aPendingUnlockThatGotAsFarAsTheWordIsFinishedByAWake(int value) {
    listOf(ID);
    guest.set(word(5), value);
    pending(entry(5));
    GuestThread first = waiter(word(5), 0);
    GuestThread second = waiter(word(5), 0);
    exit();
    assertWords(DEAD);
    assertThat(guest.get(word(5))).isEqualTo(value);
    assertThat(first.result()).isZero();
    assertThat(second.isAsleep()).isTrue();
  }

  @Test
  void aPendingLockOfPriorityInheritanceIsNotWoken() {
    listOf();
    pending(entry(5) | 1);
    GuestThread waiter = waiter(word(5), 0);
    exit();
    assertThat(guest.get(word(5))).isZero();
    assertThat(waiter.isAsleep()).isTrue();
  }

  @Test
  void aPendingWordIsMarkedIfItIsOwned() {
    listOf();
    guest.set(word(5), ID | WAITERS);
    pending(entry(5));
    GuestThread waiter = waiter(word(5), 0);
    exit();
    assertThat(guest.get(word(5))).isEqualTo(WAITERS | DEAD);
    assertThat(waiter.result()).isZero();
    guest.set(word(5), OTHER | WAITERS);
    GuestThread others = waiter(word(5), 0);
    exit();
    assertThat(guest.get(word(5))).isEqualTo(OTHER | WAITERS);
    assertThat(others.isAsleep()).isTrue();
  }

  /** In the list it would not be woken, as its word names nobody. */
  @Test
  void anEntryThatIsPendingIsDealtWithAsPendingOnly() {
    listOf(ID, 0, ID);
    pending(entry(1));
    GuestThread waiter = waiter(word(1), 0);
    exit();
    assertWords(DEAD, 0, DEAD);
    assertThat(waiter.result()).isZero();
  }

  /** Dealt with twice, its word would name nobody the second time and wake another one. */
  @Test
  void anOwnedEntryThatIsPendingWakesOnlyOne() {
    listOf(ID | WAITERS);
    pending(entry(0));
    GuestThread first = waiter(word(0), 0);
    GuestThread second = waiter(word(0), 0);
    exit();
    assertWords(WAITERS | DEAD);
    assertThat(first.result()).isZero();
    assertThat(second.isAsleep()).isTrue();
  }

  @Test
  void aWordThatIsNotAlignedEndsTheWalkAndThePendingOneIsLeft() {
    listOf(ID, ID, ID);
    list(entry(0), entry(1) + 2, entry(2));
    guest.set(word(5), ID);
    pending(entry(5));
    exit();
    assertThat(guest.get(word(0))).isEqualTo(DEAD);
    assertThat(guest.get(word(2))).isEqualTo(ID);
    assertThat(guest.get(word(5))).isEqualTo(ID);
  }

  @ParameterizedTest
  @ValueSource(longs = {END - OFFSET, KERNEL, -8, Long.MIN_VALUE, 0})
  void anEntryThatCannotBeReadEndsTheWalkAndThePendingOneIsLeft(long bad) {
    listOf(ID, ID);
    pointer(entry(0), bad);
    pending(entry(1));
    exit();
    assertWords(DEAD, ID);
  }

  /** Its word can be read, its own memory cannot: processed, and then there is no way on. */
  @Test
  void anEntryWithoutANextIsProcessedAndEndsTheWalk() {
    listOf();
    pointer(HEAD, 4096); // below all memory
    pointer(HEAD + 8, FIRST); // so that its word is in a later page
    guest.set(FIRST + 4096, ID);
    guest.set(FIRST, ID); // that of an entry at 0, were the walk to go on
    pending(8192);
    guest.set(FIRST + 8192, ID);
    exit();
    assertThat(guest.get(FIRST + 4096)).isEqualTo(DEAD);
    assertThat(guest.get(FIRST)).isEqualTo(ID);
    assertThat(guest.get(FIRST + 8192)).isEqualTo(ID);
  }

  @Test
  void aWordThatCannotBeWrittenEndsTheWalkIfItIsOwned() {
    listOf(ID, ID);
    list(entry(0), EDGE, entry(1));
    guest.set(EDGE + OFFSET, OTHER);
    guest.space.protect(EDGE, PAGE, Protection.READ);
    exit();
    assertWords(DEAD, DEAD); // another's is only read
    guest.space.protect(EDGE, PAGE, Protection.READ_WRITE);
    listOf(ID, ID);
    list(entry(0), EDGE, entry(1));
    guest.set(EDGE + OFFSET, ID);
    guest.space.protect(EDGE, PAGE, Protection.READ);
    pending(entry(1));
    exit();
    assertWords(DEAD, ID);
    assertThat(guest.get(EDGE + OFFSET)).isEqualTo(ID);
  }

  /** As one on memory that has gone meanwhile: the walk goes on. */
  @Test
  void aWakeThatFailsIsNobodysConcern() {
    listOf(ID | WAITERS, ID);
    exit(
        new ForwardingSpace(guest.space, 1) {
          @Override
          public Key key(long address, Scope scope, Access access) {
            if (scope == Scope.SHARED) {
              throw new WordFault("gone");
            }
            return super.key(address, scope, access);
          }
        });
    assertWords(WAITERS | DEAD, DEAD);
    pending(EDGE);
    guest.space.protect(EDGE, PAGE, Protection.READ);
    exit();
    assertThat(guest.get(EDGE + OFFSET)).isZero();
  }

  @Test
  void offsetsAreSignedAndWrapAround() {
    listOf(ID);
    for (long place : new long[] {HEAD + 32, word(9), END - 4}) {
      pointer(HEAD + 8, place - entry(0));
      guest.set(place, ID);
      exit();
      assertThat(guest.get(place)).isEqualTo(DEAD);
    }
    for (long offset :
        new long[] {Long.MIN_VALUE, Long.MAX_VALUE, -entry(0) - 4, KERNEL, 2, END - entry(0)}) {
      listOf(ID, ID);
      pointer(HEAD + 8, offset);
      pending(entry(1));
      exit();
      assertWords(ID, ID);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, 4096, KERNEL, KERNEL - 4, -1, -8, Long.MIN_VALUE, END, END - 4})
  void aHeadThatCannotBeReadIsGivenUp(long head) {
    listOf(ID);
    pending(entry(0));
    robustList.head(head);
    exit();
    assertWords(ID);
  }

  /** Of its three words one after the other cannot be read. */
  @ParameterizedTest
  @ValueSource(longs = {END - 8, END - 16})
  void aHeadThatCannotBeReadToItsEndIsGivenUpEntirely(long head) {
    listOf(ID);
    for (long address = head; address < END; address += 8) {
      pointer(address, address == head ? entry(0) : OFFSET);
    }
    robustList.head(head);
    exit();
    assertWords(ID);
  }

  @Test
  void aHeadNeedNotBeAligned() {
    listOf(ID);
    long head = BASE + 3;
    for (int i = 0; i < 3; i++) {
      long value = i == 0 ? entry(0) : i == 1 ? OFFSET : 0;
      pointer(head + i * 8L, value);
    }
    pointer(entry(0), head);
    robustList.head(head);
    exit();
    assertWords(DEAD);
  }

  @Test
  void theWalkStopsAfter2048EntriesAndThePendingOneIsDealtWith() {
    int[] values = new int[3000];
    Arrays.fill(values, ID);
    listOf(values);
    guest.set(EDGE + OFFSET, ID);
    pending(EDGE);
    exit();
    for (int i = 0; i < values.length; i++) {
      assertThat(guest.get(word(i))).as("word %s", i).isEqualTo(i < 2048 ? DEAD : ID);
    }
    assertThat(guest.get(EDGE + OFFSET)).isEqualTo(DEAD);
  }

  @Test
  void aListWithoutAnEndIsWalkedToTheLimit() {
    listOf(ID, ID, ID);
    pointer(entry(2), entry(0)); // past the head
    pending(entry(5));
    guest.set(word(5), ID);
    exit();
    assertWords(DEAD, DEAD, DEAD);
    assertThat(guest.get(word(5))).isEqualTo(DEAD);
    listOf(ID);
    pointer(entry(0), entry(0) | 1); // to itself
    exit();
    assertWords(DEAD);
  }

  /** Whoever gets the lock may use the entry's memory at once. */
  @Test
  void anEntryThatIsReusedOnceItsWordIsFreeDoesNotLeadAstray() {
    listOf(ID, ID);
    exit(
        new ForwardingSpace(guest.space, 1) {
          @Override
          public Word word(long address, Key key) {
            Word word = super.word(address, key);
            return address != RobustWalkTest.word(0)
                ? word
                : new ForwardingWord(word) {
                  @Override
                  public boolean compareAndSet(long expected, long value) {
                    boolean done = super.compareAndSet(expected, value);
                    pointer(entry(0), KERNEL);
                    return done;
                  }
                };
          }
        });
    assertWords(DEAD, DEAD);
  }

  /** A waiter that comes while the word is changed: the bit is kept, and it is woken. */
  @Test
  void aWordThatChangesMeanwhileIsReadAgain() {
    listOf(ID);
    GuestThread[] waiter = new GuestThread[1];
    Faults comes =
        new Faults(
            1,
            () -> {
              guest.set(word(0), ID | WAITERS);
              waiter[0] = waiter(word(0), 0);
            });
    exit(
        new ForwardingSpace(guest.space, 1) {
          @Override
          public Word word(long address, Key key) {
            return new FaultyWord(super.word(address, key), comes);
          }
        });
    assertWords(WAITERS | DEAD);
    assertThat(waiter[0].result()).isZero();
  }

  @Test
  void aThreadWithoutAListHasNothingToWalk() {
    listOf(ID);
    guest.futex.exit(new Owner(task, null, guest.space, task));
    guest.futex.exit(() -> guest.space);
    assertWords(ID);
  }

  /** Of a 32-bit guest pointers are 4 bytes, and entry and offset are added in 32 bits. */
  @Test
  void a32BitGuestHasShorterPointers() {
    Guest small = new Guest(32, engine);
    RobustList list = new RobustList();
    long head = BASE + 64;
    long entry = BASE + 128;
    for (int offset : new int[] {4, -16, (int) (BASE + PAGE - entry)}) {
      small.set(head, (int) entry);
      small.set(head + 4, offset);
      small.set(head + 8, 0);
      small.set(entry, (int) head);
      small.set(entry + offset, ID);
      list.head(head);
      small.futex.exit(new Owner(task, list, small.space, task));
      assertThat(small.get(entry + offset)).isEqualTo(DEAD);
    }
  }

  /** A word that is another. */
  private static class ForwardingWord implements Word {
    private final Word word;

    ForwardingWord(Word word) {
      this.word = word;
    }

    @Override
    public int bits() {
      return word.bits();
    }

    @Override
    public long load() {
      return word.load();
    }

    @Override
    public boolean compareAndSet(long expected, long value) {
      return word.compareAndSet(expected, value);
    }

    @Override
    public Key key() {
      return word.key();
    }
  }
}
