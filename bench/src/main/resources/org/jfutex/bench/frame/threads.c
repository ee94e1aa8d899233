/*
 * The peers that are two threads of one process, which hand a turn to each other:
 *
 *   threads handoff CPU CPU       through one word, FUTEX_WAIT and FUTEX_WAKE
 *   threads waitv CPU CPU WORDS   each waits for any of its own words, futex_waitv
 *
 * says "ready". Then it reads how many round trips to make, and answers with nanoseconds and round
 * trips, line by line. The first thread is kept on the first processor, the other on the second.
 * The process ends with its standard input.
 */
#define _GNU_SOURCE
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifndef SYS_futex_waitv
#define SYS_futex_waitv 449
#endif
#define SIZE_U32 2
#define MOST_WORDS 128
#define STRIDE 256

struct waitv {
  uint64_t value, address;
  uint32_t flags, reserved;
};

struct side {
  alignas(STRIDE) uint32_t words[MOST_WORDS];
  struct waitv entries[MOST_WORDS];
};

static alignas(STRIDE) uint32_t turn;
static struct side sides[2];
static int words; /* of each side; 0 for one word of both */
static const char *other_cpu;

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void set(uint32_t *word, uint32_t value) { __atomic_store_n(word, value, __ATOMIC_SEQ_CST); }

static uint32_t get(uint32_t *word) { return __atomic_load_n(word, __ATOMIC_SEQ_CST); }

static void wake(uint32_t *word) {
  syscall(SYS_futex, word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, NULL, NULL, 0);
}

static void pin(const char *cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(atoi(cpu), &set);
  if (sched_setaffinity(0, sizeof set, &set) != 0)
    fail("sched_setaffinity");
}

/* The last word of a side is the one that changes, as the one that is found last. */
static void give(int side) {
  uint32_t *word = words == 0 ? &turn : &sides[side].words[words - 1];
  set(word, words == 0 ? (uint32_t)side : get(word) + 1);
  wake(word);
}

static void await(int side) {
  if (words == 0) {
    while (get(&turn) != (uint32_t)side)
      syscall(SYS_futex, &turn, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, 1 - side, NULL, NULL, 0);
    return;
  }
  struct waitv *entries = sides[side].entries;
  uint32_t *word = &sides[side].words[words - 1];
  while (get(word) == entries[words - 1].value)
    syscall(SYS_futex_waitv, entries, words, 0, NULL, CLOCK_MONOTONIC);
  entries[words - 1].value++;
}

static void *answer(void *unused) {
  pin(other_cpu);
  while (1) {
    await(1);
    give(0);
  }
  return unused;
}

static long nanos(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000000L + now.tv_nsec;
}

int main(int argc, char **argv) {
  int vector = argc == 5 && strcmp(argv[1], "waitv") == 0;
  if (!vector && !(argc == 4 && strcmp(argv[1], "handoff") == 0)) {
    fprintf(stderr, "threads: expected handoff CPU CPU, or waitv CPU CPU WORDS\n");
    return 2;
  }
  words = vector ? atoi(argv[4]) : 0;
  for (int side = 0; side < 2; side++)
    for (int i = 0; i < words; i++)
      sides[side].entries[i] = (struct waitv){
          0, (uintptr_t)&sides[side].words[i], SIZE_U32 | FUTEX_PRIVATE_FLAG, 0};
  other_cpu = argv[3];
  pthread_t thread;
  if (pthread_create(&thread, NULL, answer, NULL) != 0)
    fail("pthread_create");
  pin(argv[2]);
  printf("ready\n");
  fflush(stdout);
  long trips;
  while (scanf("%ld", &trips) == 1) {
    long start = nanos();
    for (long i = 0; i < trips; i++) {
      give(1);
      await(0);
    }
    printf("%ld %ld\n", nanos() - start, trips);
    fflush(stdout);
  }
  return 0;
}
