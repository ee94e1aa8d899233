/*
 * The peers that are two processes:
 *
 *   processes handoff|mutex|crowd FILE CPU CPU
 *
 * maps FILE, forks, and says "ready". Then it reads how much to do, and answers with nanoseconds
 * and operations, line by line: for handoff and mutex how many round trips or pairs, for crowd how
 * many nanoseconds to compete. The first process is kept on the first processor, its child on the
 * second. The process ends with its standard input, the child by PR_SET_PDEATHSIG.
 */
#define _GNU_SOURCE
#include <linux/futex.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define STRIDE 256
#define INSIDE 10
#define OUTSIDE 60
#define BETWEEN_LOOKS 64 /* sections between two looks at the clock */

struct shared {
  alignas(STRIDE) uint32_t ping;
  alignas(STRIDE) uint32_t pong;
  alignas(STRIDE) uint32_t round; /* of the crowd: begins when it grows */
  uint32_t over, finished;        /* the last rounds that are over, and whose count is there */
  long count;
  alignas(STRIDE) pthread_mutex_t lock;
  alignas(STRIDE) long guarded;
};

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void set(uint32_t *word, uint32_t value) { __atomic_store_n(word, value, __ATOMIC_SEQ_CST); }

static uint32_t get(uint32_t *word) { return __atomic_load_n(word, __ATOMIC_SEQ_CST); }

static void wake(uint32_t *word) { syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0); }

static void await(uint32_t *word, uint32_t value) {
  while (get(word) != value)
    syscall(SYS_futex, word, FUTEX_WAIT, value - 1, NULL, NULL, 0);
}

static void post(uint32_t *word, uint32_t value) {
  set(word, value);
  wake(word);
}

static long nanos(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return now.tv_sec * 1000000000L + now.tv_nsec;
}

static void pin(const char *cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(atoi(cpu), &set);
  if (sched_setaffinity(0, sizeof set, &set) != 0)
    fail("sched_setaffinity");
}

static void lock(struct shared *s) {
  if (pthread_mutex_lock(&s->lock) != 0)
    fail("pthread_mutex_lock");
}

static void unlock(struct shared *s) { pthread_mutex_unlock(&s->lock); }

/* The same work as in Crowd.Work. */
static long spend(long t, int tokens) {
  for (int i = tokens; i > 0; i--)
    t += (long)(((uint64_t)t * 0x5DEECE66DUL + 0xBUL + (uint64_t)i) & 0xFFFFFFFFFFFFUL);
  return t;
}

/* Competes until the round is over, which `until` decides where it is not 0. */
static long compete(struct shared *s, uint32_t round, long until) {
  static volatile long own = 42;
  long count = 0;
  while (get(&s->over) != round) {
    lock(s);
    s->guarded = spend(s->guarded, INSIDE);
    unlock(s);
    own = spend(own, OUTSIDE);
    if (++count % BETWEEN_LOOKS == 0 && until != 0 && nanos(CLOCK_MONOTONIC) >= until)
      set(&s->over, round);
  }
  return count;
}

static void child(struct shared *s, const char *what) {
  for (uint32_t i = 1;; i++) {
    if (strcmp(what, "handoff") == 0) {
      await(&s->ping, i);
      post(&s->pong, i);
    } else {
      await(&s->round, i);
      s->count = compete(s, i, 0);
      post(&s->finished, i);
    }
  }
}

static void initialize(struct shared *s) {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
  pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
  if (pthread_mutex_init(&s->lock, &attributes) != 0)
    fail("pthread_mutex_init");
}

int main(int argc, char **argv) {
  if (argc != 5) {
    fprintf(stderr, "processes: expected handoff|mutex|crowd FILE CPU CPU\n");
    return 2;
  }
  const char *what = argv[1];
  int file = open(argv[2], O_RDWR | O_CREAT | O_TRUNC, 0600);
  if (file < 0 || ftruncate(file, sizeof(struct shared)) != 0)
    fail(argv[2]);
  struct shared *s =
      mmap(NULL, sizeof(struct shared), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (s == MAP_FAILED)
    fail("mmap");
  initialize(s);
  pid_t parent = getpid();
  pid_t forked = fork();
  if (forked < 0)
    fail("fork");
  if (forked == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) /* it has died before */
      return 1;
    pin(argv[4]);
    child(s, what);
  }
  pin(argv[3]);
  printf("ready\n");
  fflush(stdout);
  uint32_t trips = 0, rounds = 0;
  long amount;
  while (scanf("%ld", &amount) == 1) {
    int crowd = strcmp(what, "crowd") == 0, mutex = strcmp(what, "mutex") == 0;
    long done = amount;
    clockid_t clock = mutex ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC;
    long start = nanos(clock);
    if (crowd) {
      post(&s->round, ++rounds);
      done = compete(s, rounds, start + amount);
    } else if (mutex) {
      for (long i = 0; i < amount; i++) {
        lock(s);
        unlock(s);
      }
    } else {
      for (long i = 0; i < amount; i++) {
        post(&s->ping, ++trips);
        await(&s->pong, trips);
      }
    }
    long end = nanos(clock);
    if (crowd) {
      await(&s->finished, rounds);
      done += s->count;
    }
    printf("%ld %ld\n", end - start, done);
    fflush(stdout);
  }
  return 0;
}
