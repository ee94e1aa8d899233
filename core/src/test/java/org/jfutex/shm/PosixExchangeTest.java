package org.jfutex.shm;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jfutex.LockStatus;
import org.jfutex.testing.Delays;
import org.jfutex.time.Deadline;
import org.jfutex.word.MappedFile;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Java and C talk through one mutex and one condition variable in a file. */
class PosixExchangeTest {
  private static final long COND = 40;
  private static final long TURN = 88;
  private static final long VALUE = 96;
  private static final long FROM_JAVA = 1;
  private static final long FROM_C = 2;

  @TempDir Path folder;

  @Test
  void noMessageIsLost() throws Exception {
    exchange(100_000);
  }

  @Test
  @Tag("long")
  void noneOfAMillionMessagesIsLost() throws Exception {
    exchange(1_000_000);
  }

  private void exchange(int messages) throws Exception {
    Path path = Files.createFile(folder.resolve("exchange"));
    int rounds = messages / 2;
    try (MappedFile file = MappedFile.open(path, 0, Peer.BYTES);
        Peer c = Peer.c(path)) {
      PosixMutex mutex = PosixMutex.create(file, 0);
      PosixCondvar condvar = PosixCondvar.create(file, COND);
      MemorySegment memory = file.segment();
      c.send("echo " + rounds);
      Deadline giveUp = Deadline.after(Delays.GIVE_UP_LONG);
      long sum = 0;
      for (long value = 1; value <= rounds; value++) {
        assertThat(mutex.lock()).isEqualTo(LockStatus.LOCKED);
        memory.set(ValueLayout.JAVA_LONG, VALUE, value);
        memory.set(ValueLayout.JAVA_LONG, TURN, FROM_JAVA);
        condvar.signal();
        while (memory.get(ValueLayout.JAVA_LONG, TURN) != FROM_C) {
          // with a deadline and without in turn, as they are different calls
          PosixCondvar.Outcome outcome =
              value % 2 == 0 ? condvar.await(mutex) : condvar.await(mutex, giveUp);
          assertThat(outcome).isEqualTo(PosixCondvar.Outcome.WOKEN);
        }
        sum += memory.get(ValueLayout.JAVA_LONG, VALUE);
        mutex.unlock();
      }
      long expected = rounds * (rounds + 1L) / 2;
      assertThat(c.answer()).isEqualTo(expected);
      assertThat(sum).isEqualTo(3 * expected);
    }
  }
}
