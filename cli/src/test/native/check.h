// What the test programs share: checks that count, a watchdog, system calls without errno, and threads seen asleep.
//
// A program prints one line per case, always the same line, so that its output under jfutex can be compared with its
// output without. What differs from run to run (times, how often a signal won) goes to stderr.
#ifndef CHECK_H
#define CHECK_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#ifdef __cplusplus
#include <atomic>
using std::atomic_fetch_add;
using std::atomic_int;
using std::atomic_load;
using std::atomic_long;
using std::atomic_store;
#else
#include <stdatomic.h>
#endif
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// futex2 calls: newer than the headers of some distributions
enum { NR_RESTART_SYSCALL = 219, NR_FUTEX = 202, NR_FUTEX_WAITV = 449, NR_FUTEX_WAKE = 454, NR_FUTEX_WAIT = 455, NR_FUTEX_REQUEUE = 456 };
enum { F2_U32 = 2, F2_PRIVATE = 128 };

// Statics are used by some programs and not by others.
#define MAY_BE_UNUSED __attribute__((unused))

static atomic_int failures;

#define CHECK(condition)                                                               \
  do {                                                                                 \
    if (!(condition)) {                                                                \
      atomic_fetch_add(&failures, 1);                                                  \
      printf("FAILED %s:%d: %s\n", __FILE_NAME__, __LINE__, #condition);               \
    }                                                                                  \
  } while (0)

#define EQUAL(expected, actual)                                                        \
  do {                                                                                 \
    long expected_ = (long)(expected), actual_ = (long)(actual);                       \
    if (expected_ != actual_) {                                                        \
      atomic_fetch_add(&failures, 1);                                                  \
      printf("FAILED %s:%d: %s is %ld, expected %ld\n", __FILE_NAME__, __LINE__,       \
             #actual, actual_, expected_);                                             \
    }                                                                                  \
  } while (0)

// For calls whose failure leaves nothing to test.
#define MUST(condition)                                                                \
  do {                                                                                 \
    if (!(condition)) {                                                                \
      printf("FAILED %s:%d: %s: %s\n", __FILE_NAME__, __LINE__, #condition, strerror(errno)); \
      fflush(stdout);                                                                  \
      _exit(3);                                                                        \
    }                                                                                  \
  } while (0)

// A hang ends as death by SIGALRM, and takes children along that called die_with_parent.
MAY_BE_UNUSED static void watchdog(unsigned seconds) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  alarm(seconds);
}

MAY_BE_UNUSED static void die_with_parent(void) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  alarm(150);
}

MAY_BE_UNUSED static int verdict(void) {
  printf(failures ? "failed\n" : "ok\n");
  return failures ? 1 : 0;
}

// A system call that answers -errno and touches no thread-local memory: usable from a thread made by a bare clone.
static inline long raw6(long nr, long a, long b, long c, long d, long e, long f) {
  long result;
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}

MAY_BE_UNUSED static long futex(void *word, int op, uint32_t val, const void *timeout, void *word2, uint32_t val3) {
  return raw6(NR_FUTEX, (long)word, op, val, (long)timeout, (long)word2, val3);
}

MAY_BE_UNUSED static long wake(void *word, int count) { return futex(word, FUTEX_WAKE_PRIVATE, (uint32_t)count, NULL, NULL, 0); }

MAY_BE_UNUSED static long wake_shared(void *word, int count) { return futex(word, FUTEX_WAKE, (uint32_t)count, NULL, NULL, 0); }

MAY_BE_UNUSED static pid_t tid_of_self(void) { return (pid_t)raw6(SYS_gettid, 0, 0, 0, 0, 0, 0); }

MAY_BE_UNUSED static int64_t nanos(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

MAY_BE_UNUSED static struct timespec timespec_of(int64_t ns) {
  struct timespec t = {.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};
  return t;
}

MAY_BE_UNUSED static struct timespec in_millis(clockid_t clock, int64_t ms) { return timespec_of(nanos(clock) + ms * 1000000); }

MAY_BE_UNUSED static void pause_millis(int64_t ms) {
  struct timespec t = timespec_of(ms * 1000000);
  while (nanosleep(&t, &t) == -1 && errno == EINTR) {
  }
}

// Is the thread asleep in a futex call? If address is not NULL, only a call whose first argument is it counts.
// The kernel shows the arguments of a blocked call, and only of a blocked one, in /proc (proc_pid_syscall(5)).
MAY_BE_UNUSED static int is_parked(pid_t pid, pid_t tid, const void *address) {
  char path[64], line[256] = "";
  snprintf(path, sizeof path, "/proc/%d/task/%d/syscall", pid, tid);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  ssize_t n = read(fd, line, sizeof line - 1);
  close(fd);
  long nr = -1;
  unsigned long argument = 0;
  if (n <= 0 || sscanf(line, "%ld 0x%lx", &nr, &argument) != 2) return 0;
  // a timed wait that was stopped and continued shows as restart_syscall, with its old arguments
  int is_wait = nr == NR_FUTEX || nr == NR_FUTEX_WAITV || nr == NR_FUTEX_WAIT || nr == NR_RESTART_SYSCALL;
  return is_wait && (address == NULL || argument == (unsigned long)address);
}

// Waits until it is; gives up (and fails) after 20 s.
MAY_BE_UNUSED static void await_parked_in(pid_t pid, pid_t tid, const void *address) {
  int64_t limit = nanos(CLOCK_MONOTONIC) + 20000000000LL;
  while (!is_parked(pid, tid, address)) {
    if (nanos(CLOCK_MONOTONIC) > limit) {
      printf("FAILED: thread %d never went to sleep\n", tid);
      fflush(stdout);
      _exit(3);
    }
    pause_millis(1);
  }
}

MAY_BE_UNUSED static void await_parked(pid_t tid, const void *address) { await_parked_in(getpid(), tid, address); }

// Waits until *value is at least target; false after the given time.
MAY_BE_UNUSED static int await_at_least(atomic_long *value, long target, int64_t ms) {
  int64_t limit = nanos(CLOCK_MONOTONIC) + ms * 1000000;
  for (int spins = 0; atomic_load(value) < target; spins++) {
    if (spins < 100) {
      sched_yield();
      continue;
    }
    if (nanos(CLOCK_MONOTONIC) > limit) return 0;
    struct timespec t = {0, 20000};
    nanosleep(&t, NULL);
  }
  return 1;
}

// One thread that makes one futex(2) call and keeps the answer.
struct waiter {
  void *word;
  int op;
  uint32_t val;
  uint32_t val3;
  const struct timespec *timeout;
  pthread_t thread;
  atomic_int tid;
  atomic_long result;
  int64_t elapsed;
};

enum { STILL_ASLEEP = 4711 };

static void *waiter_main(void *argument) {
  struct waiter *w = (struct waiter *)argument;
  int64_t before = nanos(CLOCK_MONOTONIC);
  atomic_store(&w->tid, tid_of_self());
  long result = futex(w->word, w->op, w->val, w->timeout, NULL, w->val3);
  w->elapsed = nanos(CLOCK_MONOTONIC) - before;
  atomic_store(&w->result, result);
  return NULL;
}

// Starts the thread and returns when it sleeps.
MAY_BE_UNUSED static void start(struct waiter *w) {
  atomic_store(&w->tid, 0);
  atomic_store(&w->result, STILL_ASLEEP);
  MUST((errno = pthread_create(&w->thread, NULL, waiter_main, w)) == 0);
  while (atomic_load(&w->tid) == 0) sched_yield();
  await_parked(atomic_load(&w->tid), w->word);
}

MAY_BE_UNUSED static long finish(struct waiter *w) {
  pthread_join(w->thread, NULL);
  return atomic_load(&w->result);
}

#endif
