// The C++20 library: mutex, condition variable, shared timed mutex, semaphore, latch, barrier, atomic wait, futures.
#include "check.h"

#include <barrier>
#include <chrono>
#include <condition_variable>
#include <future>
#include <latch>
#include <mutex>
#include <numeric>
#include <semaphore>
#include <shared_mutex>
#include <stop_token>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

namespace {

void locksAndConditions() {
  std::mutex mutex;
  std::condition_variable_any changed;
  std::vector<int> queue;
  long sum = 0;
  std::jthread consumer([&](std::stop_token stop) {
    std::unique_lock hold(mutex);
    while (changed.wait(hold, stop, [&] { return !queue.empty(); })) {
      sum = std::accumulate(queue.begin(), queue.end(), sum);
      queue.clear();
    }
  });
  std::vector<std::thread> producers;
  for (int p = 0; p < 3; p++)
    producers.emplace_back([&] {
      for (int i = 1; i <= 200; i++) {
        std::lock_guard hold(mutex);
        queue.push_back(i);
        changed.notify_one();
      }
    });
  for (auto &producer : producers) producer.join();
  for (;;) {
    std::lock_guard hold(mutex);
    if (queue.empty()) break;
  }
  consumer.request_stop();
  consumer.join();
  EQUAL(3 * 200 * 201 / 2, sum);
  std::unique_lock hold(mutex);
  std::condition_variable never;
  CHECK(never.wait_for(hold, 30ms) == std::cv_status::timeout);
  CHECK(never.wait_until(hold, std::chrono::system_clock::now() + 30ms) == std::cv_status::timeout);
  printf("mutex and condition: sum %ld\n", sum);
}

void sharedTimedMutex() {
  std::shared_timed_mutex mutex;
  mutex.lock();
  std::thread late([&] {
    CHECK(!mutex.try_lock_for(20ms));
    CHECK(!mutex.try_lock_shared_until(std::chrono::system_clock::now() + 20ms));
    CHECK(!mutex.try_lock_until(std::chrono::steady_clock::now() + 20ms));
  });
  late.join();
  std::vector<std::thread> readers;
  std::atomic<int> inside = 0;
  for (int i = 0; i < 3; i++)
    readers.emplace_back([&] {
      std::shared_lock hold(mutex);
      inside++;
    });
  mutex.unlock();
  for (auto &reader : readers) reader.join();
  EQUAL(3, inside);
  printf("shared timed mutex: %d readers\n", inside.load());
}

void atomicWait() {
  std::atomic<int> turn = 0;
  std::thread other([&] {
    for (int i = 1; i < 400; i += 2) {
      turn.wait(i - 1);
      turn = i + 1;
      turn.notify_all();
    }
  });
  for (int i = 0; i < 400; i += 2) {
    turn = i + 1;
    turn.notify_all();
    turn.wait(i + 1);
    CHECK(turn == i + 2);
  }
  other.join();
  EQUAL(400, turn);
  printf("atomic wait: turn %d\n", turn.load());
}

void countersAndMeetings() {
  std::counting_semaphore<8> items(0);
  std::latch all(4);
  int completions = 0;
  auto completed = [&]() noexcept { completions++; };
  std::barrier meeting(4, completed);
  std::atomic<long> taken = 0;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; i++)
    threads.emplace_back([&] {
      for (int k = 0; k < 50; k++) meeting.arrive_and_wait();
      items.acquire();
      taken++;
      all.count_down();
    });
  for (int i = 0; i < 4; i++) items.release();
  all.wait();
  threads.clear();
  CHECK(!items.try_acquire_for(20ms));
  EQUAL(4, taken);
  EQUAL(50, completions);
  printf("semaphore, latch, barrier: taken %ld completions %d\n", taken.load(), completions);
}

void futures() {
  std::vector<std::future<long>> answers;
  for (long i = 0; i < 20; i++) answers.push_back(std::async(std::launch::async, [i] { return i * i; }));
  long sum = 0;
  for (auto &answer : answers) sum += answer.get();
  EQUAL(2470, sum);
  std::promise<int> promise;
  auto future = promise.get_future();
  CHECK(future.wait_for(20ms) == std::future_status::timeout);
  std::jthread keeper([&] { promise.set_value(5); });
  EQUAL(5, future.get());
  printf("futures: sum %ld\n", sum);
}

}  // namespace

int main() {
  watchdog(60);
  locksAndConditions();
  sharedTimedMutex();
  for (int i = 0; i < 3; i++) atomicWait();
  countersAndMeetings();
  futures();
  return verdict();
}
