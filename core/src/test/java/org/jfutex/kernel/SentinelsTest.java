package org.jfutex.kernel;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.jfutex.testing.Crew;
import org.jfutex.testing.ThreadKind;
import org.jfutex.word.MappedFile;
import org.jfutex.word.NativePlace;
import org.jfutex.word.Word;
import org.jfutex.word.WordFault;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The lists as the kernel would walk them, after every step. */
class SentinelsTest {
  private static final int NO_ROOM_LEFT = Sentinels.MOST_LOCKS;

  private final Sentinels sentinels = new Sentinels();
  private final MemorySegment words = Arena.ofAuto().allocate(8L * 8192, 4096);

  @TempDir Path folder;

  private NativePlace word(int index) {
    return place(words, 8L * index);
  }

  private static NativePlace place(MemorySegment memory, long offset) {
    return requireNonNull(Word.of(memory, offset, Integer.SIZE).nativePlace());
  }

  /** The memory goes: no list may lead there. */
  @AfterEach
  void leaveNothing() {
    sentinels.unlinkIdle();
  }

  /** Walks the list of a thread, as exit_robust_list does. */
  private static Set<Long> walk(int id) {
    MemorySegment answer = Arena.ofAuto().allocate(16, 8);
    assertThat(
            Syscalls.call(
                FutexCalls.NR_GET_ROBUST_LIST, id, answer.address(), answer.address() + 8))
        .isZero();
    long head = answer.get(ValueLayout.JAVA_LONG, 0);
    long offset = at(head + 8);
    assertThat(at(head + 16)).as("nothing pending").isZero();
    Set<Long> found = new HashSet<>();
    for (long entry = at(head); entry != head; entry = at(entry)) {
      assertThat(found.add(entry + offset)).as("no cycle").isTrue();
    }
    return found;
  }

  private static long at(long address) {
    return MemorySegment.ofAddress(address).reinterpret(8).get(ValueLayout.JAVA_LONG, 0);
  }

  @Test
  void whatIsEnlistedIsInTheListAndWhatWasUntilItIsTakenOut() {
    SplittableRandom random = new SplittableRandom(4);
    Map<Long, Deque<Sentinels.Node>> enlisted = new HashMap<>();
    Set<Long> idle = new HashSet<>();
    int id = 0;
    for (int step = 0; step < 3_000; step++) {
      NativePlace word = word(random.nextInt(60) * 100);
      Deque<Sentinels.Node> nodes =
          enlisted.computeIfAbsent(word.address(), _ -> new ArrayDeque<>());
      if (nodes.isEmpty() || random.nextInt(3) == 0) {
        nodes.add(sentinels.enlist(word));
        id = nodes.getLast().id();
        idle.remove(word.address());
      } else {
        nodes.remove().delist();
      }
      if (nodes.isEmpty()) {
        idle.add(word.address());
        enlisted.remove(word.address());
      }
      if (random.nextInt(50) == 0) {
        sentinels.unlinkIdle();
        idle.clear();
      }
      Set<Long> linked = new HashSet<>(enlisted.keySet());
      linked.addAll(idle);
      assertThat(walk(id)).isEqualTo(linked);
    }
    enlisted.values().forEach(nodes -> nodes.forEach(Sentinels.Node::delist));
  }

  @Test
  void aWordIsEnlistedAgainAsLongAsItIsLinked() {
    Sentinels.Node node = sentinels.enlist(word(0));
    node.delist();
    assertThat(node.enlist()).isTrue();
    sentinels.unlinkIdle();
    assertThat(walk(node.id())).as("it is enlisted").containsExactly(word(0).address());
    assertThat(sentinels.enlist(word(0))).isSameAs(node);
    node.delist();
    node.delist();
    sentinels.unlinkIdle();
    assertThat(walk(node.id())).isEmpty();
    assertThat(node.enlist()).isFalse();
    assertThat(node.isUnlinked()).isTrue();
    Sentinels.Node next = sentinels.enlist(word(0));
    assertThat(walk(next.id())).containsExactly(word(0).address());
    next.delist();
  }

  @Test
  void aFullListIsFollowedByAnother() {
    List<Sentinels.Node> nodes = new ArrayList<>();
    for (int i = 0; i < NO_ROOM_LEFT + 10; i++) {
      nodes.add(sentinels.enlist(word(i)));
    }
    int first = nodes.getFirst().id();
    int last = nodes.getLast().id();
    assertThat(nodes).extracting(Sentinels.Node::id).containsOnly(first, last);
    assertThat(walk(first)).hasSize(NO_ROOM_LEFT);
    assertThat(walk(last)).hasSize(10).contains(word(NO_ROOM_LEFT).address());
    nodes.removeFirst().delist();
    sentinels.unlinkIdle();
    nodes.add(sentinels.enlist(word(8000)));
    assertThat(nodes.getLast().id()).as("room again").isEqualTo(first);
    nodes.forEach(Sentinels.Node::delist);
    sentinels.unlinkIdle();
    assertThat(walk(first)).isEmpty();
    assertThat(walk(last)).isEmpty();
  }

  @Test
  void fewWordsStayLinkedThatNobodyHasEnlisted() {
    for (int i = 0; i < 8_000; i++) {
      Sentinels.Node node = sentinels.enlist(word(i));
      node.delist();
      assertThat(walk(node.id())).hasSizeLessThanOrEqualTo(Sentinels.MOST_IDLE);
    }
  }

  /** The kernel's walk would end there. */
  @Test
  void aFileIsNotUnmappedBeforeItsWordsAreTakenOut() throws IOException {
    Path path = folder.resolve("words");
    try (MappedFile other = MappedFile.open(Files.createFile(path), 0, 64)) {
      NativePlace kept = requireNonNull(Word.of(other, 0).nativePlace());
      Sentinels.Node held = sentinels.enlist(kept);
      MappedFile file = MappedFile.open(path, 0, 64);
      NativePlace place = requireNonNull(Word.of(file, 0).nativePlace());
      Sentinels.Node node = sentinels.enlist(place);
      assertThatThrownBy(file::close).hasMessageContaining("1 times");
      assertThat(file.retire(0)).isFalse();
      assertThat(walk(node.id())).contains(place.address());
      node.delist();
      file.close();
      assertThat(walk(node.id())).containsExactly(kept.address());
      assertThatThrownBy(() -> sentinels.enlist(place)).isInstanceOf(WordFault.class);
      assertThat(walk(node.id())).containsExactly(kept.address());
      held.delist();
    }
  }

  /** Each takes words in and out; what it has enlisted nobody takes out. */
  @Test
  void threadsEnlistWhileOthersTakeOut() throws IOException {
    Path path = Files.createFile(folder.resolve("words"));
    int id;
    try (MappedFile file = MappedFile.open(path, 0, 4096);
        Crew crew = new Crew()) {
      List<Crew.Job<Integer>> jobs = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        int seed = i;
        jobs.add(crew.start(ThreadKind.PLATFORM, () -> comeAndGo(file, seed)));
      }
      while (jobs.stream().anyMatch(job -> job.thread().isAlive())) {
        sentinels.unlinkIdle();
      }
      id = jobs.getFirst().join();
      for (Crew.Job<Integer> job : jobs) {
        assertThat(job.join()).isEqualTo(id);
      }
    } // nothing is pinned
    assertThat(walk(id)).isEmpty();
  }

  private int comeAndGo(MappedFile file, int seed) {
    SplittableRandom random = new SplittableRandom(seed);
    NativePlace[] places = new NativePlace[4];
    Sentinels.Node[] nodes = new Sentinels.Node[places.length];
    for (int i = 0; i < places.length; i++) {
      places[i] = requireNonNull(Word.of(file, 8L * i).nativePlace());
      nodes[i] = sentinels.enlist(places[i]);
      nodes[i].delist();
    }
    for (int round = 0; round < 30_000; round++) {
      int i = random.nextInt(places.length);
      if (!nodes[i].enlist()) {
        nodes[i] = sentinels.enlist(places[i]);
      }
      assertThat(nodes[i].isUnlinked()).isFalse();
      Sentinels.Node again = sentinels.enlist(places[i]);
      assertThat(again).as("the one node of the word").isSameAs(nodes[i]);
      again.delist();
      nodes[i].delist();
    }
    return nodes[0].id();
  }

  @Test
  void anInterruptIsKeptWhileASentinelStarts() {
    Thread.currentThread().interrupt();
    Sentinels.Node node = sentinels.enlist(word(0));
    assertThat(Thread.interrupted()).isTrue();
    assertThat(node.id()).isPositive();
    node.delist();
  }

  /** The pages that one keeps lie where another needs them. */
  @Test
  void othersMayEnlistTheSameWords() {
    NativePlace word = word(0);
    for (Sentinels each : List.of(sentinels, new Sentinels())) {
      Sentinels.Node node = each.enlist(word);
      assertThat(walk(node.id())).containsExactly(word.address());
      node.delist();
      each.unlinkIdle();
    }
  }

  /** Entries far apart take a page each, and pages that nobody needs are given back. */
  @Test
  void pagesAreGivenBack() {
    MemorySegment wide = Arena.ofAuto().allocate(4096L * 2_000, 4096);
    for (int i = 0; i < 2_000; i++) {
      NativePlace word = place(wide, 4096L * i);
      Sentinels.Node node = sentinels.enlist(word);
      assertThat(walk(node.id())).contains(word.address());
      node.delist();
    }
    assertThat(Shadow.OF_PROCESS.pages()).isLessThanOrEqualTo(Shadow.MOST_PAGES);
    sentinels.unlinkIdle(); // before the memory goes
  }
}
