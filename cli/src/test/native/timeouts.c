// Waits that end by the clock: POSIX timed waits, and futex(2) with relative and absolute deadlines on both clocks.
#include "check.h"

enum { WAIT_MS = 60, LATE_MS = 1500 };

// Ran for the asked time, and not absurdly longer: an hour read as relative instead of absolute must show.
static void check_elapsed(const char *what, int64_t ns) {
  CHECK(ns >= (WAIT_MS - 1) * 1000000LL);
  CHECK(ns < LATE_MS * 1000000LL);
  fprintf(stderr, "%s took %.1f ms\n", what, ns / 1e6);
}

#define TIMED(what, expected, call)                     \
  do {                                                  \
    int64_t before_ = nanos(CLOCK_MONOTONIC);           \
    long result_ = (call);                              \
    check_elapsed(what, nanos(CLOCK_MONOTONIC) - before_); \
    EQUAL(expected, result_);                           \
    printf("%s: timed out\n", what);                    \
  } while (0)

static void *hold(void *lock) {
  pthread_mutex_lock(lock);
  return NULL;
}

static void posix(void) {
  pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  pthread_mutex_t held = PTHREAD_MUTEX_INITIALIZER;
  pthread_cond_t real = PTHREAD_COND_INITIALIZER, monotonic;
  pthread_condattr_t attributes;
  pthread_t owner;
  sem_t none;
  struct timespec until;

  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_cond_init(&monotonic, &attributes);
  sem_init(&none, 0, 0);
  pthread_create(&owner, NULL, hold, &held);
  pthread_join(owner, NULL);

  pthread_mutex_lock(&lock);
  until = in_millis(CLOCK_REALTIME, WAIT_MS);
  TIMED("condition, real time", ETIMEDOUT, pthread_cond_timedwait(&real, &lock, &until));
  until = in_millis(CLOCK_MONOTONIC, WAIT_MS);
  TIMED("condition, monotonic", ETIMEDOUT, pthread_cond_timedwait(&monotonic, &lock, &until));
  until = in_millis(CLOCK_REALTIME, WAIT_MS);
  TIMED("semaphore", ETIMEDOUT, sem_timedwait(&none, &until) == -1 ? errno : 0);
  until = in_millis(CLOCK_REALTIME, WAIT_MS);
  TIMED("mutex", ETIMEDOUT, pthread_mutex_timedlock(&held, &until));
  pthread_mutex_unlock(&lock);
}

static void bare(void) {
  uint32_t word = 7;
  struct timespec t = timespec_of(WAIT_MS * 1000000LL);
  TIMED("WAIT, relative", -ETIMEDOUT, futex(&word, FUTEX_WAIT_PRIVATE, 7, &t, NULL, 0));
  t = timespec_of(WAIT_MS * 1000000LL);
  TIMED("WAIT, relative, shared", -ETIMEDOUT, futex(&word, FUTEX_WAIT, 7, &t, NULL, 0));
  t = in_millis(CLOCK_MONOTONIC, WAIT_MS);
  TIMED("WAIT_BITSET, monotonic", -ETIMEDOUT, futex(&word, FUTEX_WAIT_BITSET_PRIVATE, 7, &t, NULL, ~0u));
  t = in_millis(CLOCK_REALTIME, WAIT_MS);
  TIMED("WAIT_BITSET, real time", -ETIMEDOUT,
        futex(&word, FUTEX_WAIT_BITSET_PRIVATE | FUTEX_CLOCK_REALTIME, 7, &t, NULL, ~0u));
}

static void past(void) {
  uint32_t word = 7;
  struct timespec zero = {0, 0}, now;
  EQUAL(-ETIMEDOUT, futex(&word, FUTEX_WAIT_PRIVATE, 7, &zero, NULL, 0));
  EQUAL(-EAGAIN, futex(&word, FUTEX_WAIT_PRIVATE, 8, &zero, NULL, 0));
  EQUAL(-ETIMEDOUT, futex(&word, FUTEX_WAIT_BITSET_PRIVATE, 7, &zero, NULL, 1));
  EQUAL(-ETIMEDOUT, futex(&word, FUTEX_WAIT_BITSET_PRIVATE | FUTEX_CLOCK_REALTIME, 7, &zero, NULL, 1));
  EQUAL(-EAGAIN, futex(&word, FUTEX_WAIT_BITSET_PRIVATE | FUTEX_CLOCK_REALTIME, 8, &zero, NULL, 1));
  clock_gettime(CLOCK_REALTIME, &now);
  EQUAL(-ETIMEDOUT, futex(&word, FUTEX_WAIT_BITSET_PRIVATE | FUTEX_CLOCK_REALTIME, 7, &now, NULL, 1));
  printf("deadlines already past: answered at once\n");
}

// Seconds that overflow nanoseconds mean never; the waiter must still be there to be woken.
static void never(void) {
  static uint32_t word;
  static const struct timespec forever = {INT64_MAX, 999999999};
  struct waiter relative = {.word = &word, .op = FUTEX_WAIT_PRIVATE, .timeout = &forever};
  struct waiter absolute = {.word = &word, .op = FUTEX_WAIT_BITSET_PRIVATE, .timeout = &forever, .val3 = ~0u};
  struct waiter real = absolute;
  real.op |= FUTEX_CLOCK_REALTIME;
  start(&relative);
  start(&absolute);
  start(&real);
  EQUAL(3, wake(&word, INT_MAX));
  EQUAL(0, finish(&relative));
  EQUAL(0, finish(&absolute));
  EQUAL(0, finish(&real));
  printf("deadlines beyond time: woken\n");
}

// Many deadlines at once come in the order of the deadlines, each exactly once, and leave nobody queued.
static void many(void) {
  enum { N = 40 };
  static uint32_t word;
  static struct waiter waiters[N];
  static struct timespec deadlines[N];
  for (int i = 0; i < N; i++) {
    deadlines[i] = in_millis(CLOCK_MONOTONIC, 1000 + 5 * ((i * 17) % N));
    waiters[i] = (struct waiter){.word = &word, .op = FUTEX_WAIT_BITSET_PRIVATE, .timeout = &deadlines[i], .val3 = ~0u};
    start(&waiters[i]);
  }
  int timed_out = 0;
  for (int i = 0; i < N; i++) timed_out += finish(&waiters[i]) == -ETIMEDOUT;
  EQUAL(N, timed_out);
  EQUAL(0, wake(&word, INT_MAX));
  printf("many deadlines: %d timed out\n", timed_out);
}

int main(void) {
  watchdog(60);
  posix();
  bare();
  past();
  never();
  many();
  return verdict();
}
