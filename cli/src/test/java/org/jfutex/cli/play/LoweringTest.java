package org.jfutex.cli.play;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import org.jfutex.time.ClockId;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which registers and which bytes an operation becomes. */
class LoweringTest {
  private static final long SCRATCH = 0x70000;

  private static final Lowering LOWERING =
      new Lowering(
          new Lowering.Names() {
            @Override
            public long address(Place place) {
              return (place.base() == null ? 0 : place.base().charAt(0) * 0x100) + place.offset();
            }

            @Override
            public int room(Place place) {
              return 40;
            }

            @Override
            public int tid(String thread) {
              return 77;
            }
          },
          clock -> clock == ClockId.MONOTONIC ? 5_000_000_000L : 9_000_000_001L);

  private static RawCall lower(String text) {
    List<String> words = List.of(text.split(" "));
    Scenario.Op op = new Scenario.Op(words.getFirst(), words.subList(1, words.size()));
    return LOWERING.lower((Action.SystemCall) OpParser.parse(op), SCRATCH);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "wait a 5                                   ; 202 6100 80 5 0 0 0",
        "wait a+4 -1 shared realtime                ; 202 6104 100 -1 0 0 0",
        "wait null 0 timespec=unmapped              ; 202 0 80 0 7500 0 0",
        "wait a 0 timeout=5ms                       ; 202 6100 80 0 70040 0 0",
        "wake a 2147483648                          ; 202 6100 81 80000000 0 0 0",
        "wait_bitset a 1 mask=6                     ; 202 6100 89 1 0 0 6",
        "wait_bitset a 1 realtime                   ; 202 6100 189 1 0 0 ffffffff",
        "wake_bitset a 1                            ; 202 6100 8a 1 0 0 ffffffff",
        "requeue a b wake=1 move=0x100000002        ; 202 6100 83 1 100000002 6200 0",
        "cmp_requeue a b wake=1 move=2 val=3        ; 202 6100 84 1 2 6200 3",
        "wake_op a b wake=1 wake2=2 op=or:5 cmp=ge:-1     ; 202 6100 85 1 2 6200 25005fff",
        "wake_op a b wake=1 wake2=2 op=xor<<:-1 cmp=eq:0  ; 202 6100 85 1 2 6200 c0fff000",
        "wake_op a b wake=1 wake2=2 enc=0xffffffff        ; 202 6100 85 1 2 6200 ffffffff",
        "lock_pi a                                  ; 202 6100 86 0 0 0 0",
        "unlock_pi a timespec=unmapped              ; 202 6100 87 0 7500 0 0",
        "trylock_pi a shared                        ; 202 6100 8 0 0 0 0",
        "wait_requeue_pi a 1 b                      ; 202 6100 8b 1 0 6200 0",
        "cmp_requeue_pi a b wake=1 move=2 val=3     ; 202 6100 8c 1 2 6200 3",
        "lock_pi2 a realtime                        ; 202 6100 18d 0 0 0 0",
        "futex 0x1ff a 1 2 b 3                      ; 202 6100 1ff 1 2 6200 3",
        "futex 0 a tid(x)|1 unmapped null 3         ; 202 6100 0 4d 7500 0 3",
        "futex_wait a 5                             ; 455 6100 5 ffffffff 82 0 1",
        "futex_wait a 5 mask=1 flags=u8|numa clock=realtime ; 455 6100 5 1 4 0 0",
        "futex_wait a 5 shared realtime deadline=+1s; 455 6100 5 ffffffff 2 70040 0",
        "futex_wake a 5                             ; 454 6100 ffffffff 5 82",
        "futex_requeue a 5 b wake=1 move=2 flags=9  ; 456 70080 9 1 2",
        "futex_waitv a:1 b:2                        ; 449 70080 2 0 0 1",
        "futex_waitv a:1 nr=200 flags=3 clock=5     ; 449 70080 c8 3 0 5",
        "futex_waitv array=null nr=1                ; 449 0 1 0 0 1",
        "set_robust_list size=24                    ; 273 70000 18",
        "set_robust_list size=24 head=a+1           ; 273 6101 18",
        "set_robust_list size=1 head=null           ; 273 0 1",
        "get_robust_list tid(x) head=a size=unmapped; 274 4d 6100 7500",
        "wait a addr(b-2)|1                         ; 202 6100 80 61ff 0 0 0",
        "futex_wait a addr(unmapped)|tid(x)         ; 455 6100 754d ffffffff 82 0 1",
        "hash set=16                                ; 157 4e 1 10 0",
        "hash get                                   ; 157 4e 2 0 0",
        "mbind m bind node=2                        ; 237 6d00 1000 2 70060 40",
      })
  void registers(String op, String expected) {
    RawCall call = lower(op);
    StringBuilder text = new StringBuilder(Long.toString(call.nr()));
    for (long arg : call.args()) {
      text.append(' ').append(arg == -1 ? "-1" : Long.toHexString(arg));
    }
    assertThat(text).hasToString(expected);
  }

  @ParameterizedTest
  @CsvSource({
    "wait a 0 timeout=1500ms, 1, 500000000",
    "wait_bitset a 0 deadline=+50ms, 5, 50000000",
    "wait_bitset a 0 deadline=-1s, 4, 0",
    "wait_bitset a 0 deadline=-60s, 0, 0",
    "wait_bitset a 0 deadline=0, 0, 0",
    "wait_bitset a 0 deadline=+1s realtime, 10, 1",
    "lock_pi a deadline=+1s, 10, 1",
    "lock_pi2 a deadline=+1s, 6, 0",
    "futex_wait a 0 deadline=+1s clock=realtime, 10, 1",
    "'wait a 0 timespec=-1,1000000000', -1, 1000000000",
  })
  void times(String op, long seconds, long nanos) {
    RawCall.Write write = lower(op).writes().getFirst();
    assertThat(write.address()).isEqualTo(SCRATCH + 64);
    assertThat(longs(write.bytes())).containsExactly(seconds, nanos);
  }

  private static long[] longs(byte[] bytes) {
    long[] longs = new long[bytes.length / Long.BYTES];
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asLongBuffer().get(longs);
    return longs;
  }

  @Test
  void elements() {
    RawCall.Write write =
        lower("futex_waitv a:-1 b:tid(x):u64|mpol reserved=9").writes().getFirst();
    assertThat(longs(write.bytes()))
        .containsExactly(-1, 0x6100, 9L << 32 | 0x82, 77, 0x6200, 9L << 32 | 11);
  }

  @Test
  void elementsOfARequeue() {
    RawCall.Write write =
        lower("futex_requeue a 5 b wake=0 move=1 flags2=u32 n2=6").writes().getFirst();
    assertThat(longs(write.bytes())).containsExactly(5, 0x6100, 0x82, 6, 0x6200, 2);
  }

  @Test
  void anArrayElsewhereEndsWithItsRegion() {
    RawCall call = lower("futex_waitv a:0 b:0 array=m+4");
    assertThat(call.args()[0]).isEqualTo(0x6d04);
    assertThat(call.writes().getFirst().address()).isEqualTo(0x6d04);
    assertThat(call.writes().getFirst().bytes()).hasSize(40);
  }

  @Test
  void theScratchMemoryHoldsTheMostElements() {
    String elements = " a:0".repeat(OpParser.MAX_ELEMENTS);
    RawCall.Write write = lower("futex_waitv" + elements).writes().getFirst();
    assertThat(write.address() - SCRATCH + write.bytes().length).isLessThanOrEqualTo(4096);
    assertThat(Arrays.stream(longs(write.bytes())).filter(value -> value == 0x6100)).hasSize(160);
  }
}
