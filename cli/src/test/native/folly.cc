// One word, several classes of waiters told apart by bits, absolute deadlines on both clocks: the shape of a read-write
// lock in a C++ library. Writers and readers sleep on the same word under different masks; an unlock wakes either one
// writer or all readers, so a wake that went to the wrong class would be a hang or a wrong count.
#include "check.h"

#include <atomic>
#include <chrono>
#include <optional>
#include <thread>
#include <vector>

namespace {

constexpr uint32_t kWriterBit = 1, kReaderBit = 2;

template <class Clock>
long waitUntil(std::atomic<uint32_t> &word, uint32_t expected, uint32_t mask, std::chrono::time_point<Clock> until) {
  auto since = std::chrono::duration_cast<std::chrono::nanoseconds>(until.time_since_epoch()).count();
  struct timespec t = timespec_of(since);
  int clock = std::is_same_v<Clock, std::chrono::system_clock> ? FUTEX_CLOCK_REALTIME : 0;
  return futex(&word, FUTEX_WAIT_BITSET_PRIVATE | clock, expected, &t, nullptr, mask);
}

long wakeClass(std::atomic<uint32_t> &word, int count, uint32_t mask) {
  return futex(&word, FUTEX_WAKE_BITSET_PRIVATE, (uint32_t)count, nullptr, nullptr, mask);
}

// State: bit 31 held by a writer; bits 0..1 writers, readers may be asleep; from bit 4 the number of readers inside.
class SharedLock {
  static constexpr uint32_t kHeld = 1u << 31, kReader = 1u << 4, kReaders = kHeld - kReader;
  std::atomic<uint32_t> state_{0};

  template <class Clock>
  bool acquire(uint32_t conflict, uint32_t change, uint32_t mask, std::chrono::time_point<Clock> until) {
    for (;;) {
      uint32_t now = state_.load();
      if ((now & conflict) == 0) {
        if (state_.compare_exchange_weak(now, now + change)) return true;
        continue;
      }
      uint32_t marked = now | mask;
      if (marked != now && !state_.compare_exchange_weak(now, marked)) continue;
      if (waitUntil(state_, marked, mask, until) == -ETIMEDOUT) return false;
    }
  }

  void wakeSleepers(uint32_t before) {
    if (before & kReaderBit) wakeClass(state_, INT_MAX, kReaderBit);
    if (before & kWriterBit) wakeClass(state_, INT_MAX, kWriterBit);
  }

 public:
  template <class TimePoint>
  bool lock(TimePoint until) { return acquire(kHeld | kReaders, kHeld, kWriterBit, until); }
  template <class TimePoint>
  bool lockShared(TimePoint until) { return acquire(kHeld, kReader, kReaderBit, until); }

  void unlock() { wakeSleepers(state_.fetch_and(~(kHeld | kReaderBit | kWriterBit))); }

  void unlockShared() {
    uint32_t before = state_.fetch_sub(kReader);
    if ((before & kReaders) != kReader) return;
    before = state_.fetch_and(~(kReaderBit | kWriterBit));
    wakeSleepers(before);
  }
};

constexpr int kRounds = 400;
SharedLock lock;
long first, second;
std::atomic<long> reads, timeouts;

template <class Clock>
void write() {
  for (int i = 0; i < kRounds;) {
    if (!lock.lock(Clock::now() + std::chrono::microseconds(i % 8 == 0 ? 20 : 5000000))) {
      timeouts++;
      i++; // counted as a round that came too late
      continue;
    }
    first++;
    if (i % 16 == 0) std::this_thread::yield();
    second++;
    lock.unlock();
    i++;
  }
}

template <class Clock>
void read() {
  for (int i = 0; i < kRounds; i++) {
    if (!lock.lockShared(Clock::now() + std::chrono::seconds(20))) {
      CHECK(!"a reader waited 20 s");
      continue;
    }
    CHECK(first == second);
    if (i % 16 == 0) std::this_thread::yield();
    reads++;
    lock.unlockShared();
  }
}

void contended() {
  std::vector<std::thread> threads;
  threads.emplace_back(write<std::chrono::steady_clock>);
  threads.emplace_back(write<std::chrono::system_clock>);
  threads.emplace_back(write<std::chrono::system_clock>);
  threads.emplace_back(read<std::chrono::steady_clock>);
  threads.emplace_back(read<std::chrono::system_clock>);
  threads.emplace_back(read<std::chrono::steady_clock>);
  for (auto &thread : threads) thread.join();
  EQUAL(3 * kRounds, first + timeouts);
  EQUAL(first, second);
  EQUAL(3 * kRounds, reads);
  fprintf(stderr, "%ld writes, %ld timeouts\n", first, timeouts.load());
  printf("shared lock: %d rounds accounted for, %ld reads\n", 3 * kRounds, reads.load());
}

// Both classes asleep on one word, each with a deadline on another clock: a wake takes from its own class only, and
// the deadlines of the others stay as they were.
void classes() {
  static std::atomic<uint32_t> word{5};
  struct timespec mono = in_millis(CLOCK_MONOTONIC, 800), real = in_millis(CLOCK_REALTIME, 800);
  struct waiter w[6];
  for (int i = 0; i < 6; i++) {
    w[i].word = &word;
    w[i].op = FUTEX_WAIT_BITSET_PRIVATE | (i % 2 ? FUTEX_CLOCK_REALTIME : 0);
    w[i].val = 5;
    w[i].val3 = i < 3 ? kWriterBit : kReaderBit;
    w[i].timeout = i % 2 ? &real : &mono;
    start(&w[i]);
  }
  EQUAL(1, wakeClass(word, 1, kReaderBit));
  EQUAL(0, finish(&w[3]));
  EQUAL(2, wakeClass(word, 2, kWriterBit));
  EQUAL(0, finish(&w[0]));
  EQUAL(0, finish(&w[1]));
  EQUAL(-ETIMEDOUT, finish(&w[2]));
  EQUAL(-ETIMEDOUT, finish(&w[4]));
  EQUAL(-ETIMEDOUT, finish(&w[5]));
  EQUAL(0, wakeClass(word, INT_MAX, ~0u));
  printf("classes: 1 reader and 2 writers woken, 3 timed out\n");
}

}  // namespace

int main() {
  watchdog(60);
  contended();
  classes();
  return verdict();
}
