package org.jfutex.shm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.lmax.disruptor.AlertException;
import com.lmax.disruptor.EventHandler;
import com.lmax.disruptor.RingBuffer;
import com.lmax.disruptor.Sequence;
import com.lmax.disruptor.SequenceBarrier;
import com.lmax.disruptor.dsl.Disruptor;
import com.lmax.disruptor.dsl.ProducerType;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jfutex.testing.Crew;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A Disruptor whose event processors sleep for a signal. */
class SignalWaitStrategyTest {
  private static final int PRODUCERS = 2;
  private static final int MESSAGES = 100_000;
  private static final int SIZE = 1024;

  private SharedRegion region;
  private SignalWaitStrategy strategy;

  @BeforeEach
  void open() throws Exception {
    region = SharedRegion.anonymous(Layout.builder().signal("published").build());
    strategy = new SignalWaitStrategy(region.signal("published"));
  }

  @AfterEach
  void close() {
    region.close();
  }

  private static final class Event {
    int producer;
    long message;
    boolean first;
  }

  /** Expects the messages of each producer in their order. */
  private static final class Counter implements EventHandler<Event> {
    private final boolean first;
    private final long[] next = new long[PRODUCERS];
    private volatile long count;
    private volatile long wrong;

    Counter(boolean first) {
      this.first = first;
    }

    @Override
    public void onEvent(Event event, long sequence, boolean endOfBatch) {
      if (event.message != next[event.producer]++ || event.first == first) {
        wrong++;
      }
      event.first = first;
      count = sequence + 1;
    }
  }

  @Test
  void aChainOfProcessorsSleepsUntilSomebodyPublishes() throws Exception {
    List<Thread> processors = new CopyOnWriteArrayList<>();
    Disruptor<Event> disruptor =
        new Disruptor<>(
            Event::new,
            SIZE,
            body -> {
              Thread thread = Thread.ofPlatform().daemon().unstarted(body);
              processors.add(thread);
              return thread;
            },
            ProducerType.MULTI,
            strategy);
    Counter first = new Counter(true);
    Counter second = new Counter(false);
    disruptor.handleEventsWith(first).then(second);
    RingBuffer<Event> ring = disruptor.start();
    try (Crew crew = new Crew()) {
      SignalIdleStrategyTest.sleepsWithoutProcessorTime(region, "published", processors);
      for (int i = 0; i < PRODUCERS; i++) {
        int me = i;
        crew.start(
            () -> {
              for (long message = 0; message < MESSAGES / PRODUCERS; message++) {
                publish(ring, me, message);
              }
              return null;
            });
      }
      crew.joinAll();
      Crew.until("all are through", () -> second.count == MESSAGES);
    } finally {
      disruptor.halt();
    }
    assertThat(first.count).isEqualTo(MESSAGES);
    assertThat(first.wrong + second.wrong).isZero();
    Crew.until("they end", () -> processors.stream().noneMatch(Thread::isAlive));
  }

  private static void publish(RingBuffer<Event> ring, int producer, long message) {
    long sequence = ring.next();
    Event event = ring.get(sequence);
    event.producer = producer;
    event.message = message;
    ring.publish(sequence);
  }

  @Test
  void whatIsPublishedAfterTheLookEndsTheSleep() {
    Sequence cursor =
        new Sequence() {
          @Override
          public long get() {
            long before = super.get();
            set(0); // by somebody else, between the look and the sleep
            strategy.signalAllWhenBlocking();
            return before;
          }
        };
    SequenceBarrier barrier =
        RingBuffer.createSingleProducer(Event::new, SIZE, strategy).newBarrier();
    try (Crew crew = new Crew()) {
      var waits = crew.start(() -> strategy.waitFor(0, cursor, new Sequence(0), barrier));
      assertThat(waits.join()).isZero();
    }
  }

  @Test
  void aWaitEndsByAnAlertOrAnInterrupt() throws Exception {
    RingBuffer<Event> ring = RingBuffer.createSingleProducer(Event::new, SIZE, strategy);
    SequenceBarrier barrier = ring.newBarrier();
    try (Crew crew = new Crew()) {
      var alerted =
          crew.start(
              () ->
                  assertThatThrownBy(() -> barrier.waitFor(0)).isInstanceOf(AlertException.class));
      SignalIdleStrategyTest.sleepsWithoutProcessorTime(
          region, "published", List.of(alerted.thread()));
      barrier.alert();
      alerted.join();
      barrier.clearAlert();
      var interrupted =
          crew.start(
              () -> {
                assertThatThrownBy(() -> barrier.waitFor(0))
                    .isInstanceOf(InterruptedException.class);
                return Thread.currentThread().isInterrupted();
              });
      interrupted.thread().interrupt();
      assertThat(interrupted.join()).isFalse();
    }
  }
}
