// FUTEX_WAKE_OP: the memory operation, the condition, and the exact number woken on both words.
#include "check.h"

static uint32_t a, b;

static long wake_op(uint32_t *first, int nr, uint32_t *second, long nr2, uint32_t encoded) {
  return futex(first, FUTEX_WAKE_OP_PRIVATE, (uint32_t)nr, (void *)nr2, second, encoded);
}

static uint32_t op(uint32_t operation, uint32_t operand, uint32_t comparison, uint32_t comparand) {
  return operation << 28 | comparison << 24 | (operand & 0xfff) << 12 | (comparand & 0xfff);
}

static void memory(void) {
  enum { SHIFT = FUTEX_OP_OPARG_SHIFT };
  const struct {
    uint32_t before, encoded, after;
  } cases[] = {
      {5, FUTEX_OP(FUTEX_OP_SET, 9, FUTEX_OP_CMP_EQ, 0), 9},
      {5, FUTEX_OP(FUTEX_OP_ADD, 3, FUTEX_OP_CMP_EQ, 0), 8},
      {0xffffffffu, FUTEX_OP(FUTEX_OP_ADD, 1, FUTEX_OP_CMP_EQ, 0), 0},
      {5, FUTEX_OP(FUTEX_OP_ADD, 0xfff, FUTEX_OP_CMP_EQ, 0), 4}, // the operand is signed
      {4, FUTEX_OP(FUTEX_OP_OR, 3, FUTEX_OP_CMP_EQ, 0), 7},
      {0, FUTEX_OP(FUTEX_OP_OR, 0x800, FUTEX_OP_CMP_EQ, 0), 0xfffff800u},
      {7, FUTEX_OP(FUTEX_OP_ANDN, 2, FUTEX_OP_CMP_EQ, 0), 5},
      {7, FUTEX_OP(FUTEX_OP_XOR, 2, FUTEX_OP_CMP_EQ, 0), 5},
      {0, op(FUTEX_OP_SET | SHIFT, 5, FUTEX_OP_CMP_EQ, 0), 32},
      {0, op(FUTEX_OP_SET | SHIFT, 32, FUTEX_OP_CMP_EQ, 0), 1},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    b = cases[i].before;
    EQUAL(0, wake_op(&a, 1, &b, 1, cases[i].encoded));
    EQUAL(cases[i].after, b);
  }
  b = 5;
  EQUAL(-ENOSYS, wake_op(&a, 1, &b, 1, op(5, 9, 0, 0)));
  EQUAL(5, b); // an unknown operation leaves the word alone,
  EQUAL(-ENOSYS, wake_op(&a, 1, &b, 1, op(0, 9, 6, 0)));
  EQUAL(9, b); // an unknown comparison comes too late for that
  EQUAL(-EFAULT, wake_op(&a, 1, NULL, 1, op(0, 9, 0, 0)));
  EQUAL(-EINVAL, wake_op(&a, 1, (uint32_t *)((char *)&b + 1), 1, op(0, 9, 0, 0)));
  b = 1;
  EQUAL(0, wake_op(NULL, 1, &b, 1, op(0, 9, 0, 0))); // a private key looks up no mapping
  EQUAL(9, b);
  a = b = 0;
  printf("memory: right\n");
}

static void start_on(struct waiter *w, int n, uint32_t *word) {
  for (int i = 0; i < n; i++) {
    w[i] = (struct waiter){.word = word, .op = FUTEX_WAIT_PRIVATE, .val = *word};
    start(&w[i]);
  }
}

static void finish_all(struct waiter *w, int n) {
  for (int i = 0; i < n; i++) EQUAL(0, finish(&w[i]));
}

static void condition(void) {
  static const struct {
    uint32_t old, comparison, comparand;
    int holds;
  } cases[] = {
      {5, FUTEX_OP_CMP_EQ, 5, 1},          {5, FUTEX_OP_CMP_EQ, 4, 0}, {5, FUTEX_OP_CMP_NE, 4, 1},
      {0xffffffffu, FUTEX_OP_CMP_LT, 0, 1}, {5, FUTEX_OP_CMP_LT, 5, 0}, {0x80000000u, FUTEX_OP_CMP_LE, 0, 1},
      {5, FUTEX_OP_CMP_GT, 0xfff, 1},      {5, FUTEX_OP_CMP_GE, 6, 0}, {0xffffffffu, FUTEX_OP_CMP_EQ, 0xfff, 1},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct waiter w[2];
    b = cases[i].old;
    start_on(&w[0], 1, &a);
    start_on(&w[1], 1, &b);
    long expected = 1 + cases[i].holds;
    EQUAL(expected, wake_op(&a, 1, &b, 1, op(FUTEX_OP_ADD, 1, cases[i].comparison, cases[i].comparand)));
    EQUAL(cases[i].old + 1, b);
    EQUAL(!cases[i].holds, wake(&b, 1));
    finish_all(w, 2);
  }
  b = 0;
  printf("condition: right\n");
}

static void counts(void) {
  struct waiter w[7];
  start_on(w, 3, &a);
  start_on(w + 3, 4, &b);
  EQUAL(4, wake_op(&a, 2, &b, 2, op(FUTEX_OP_SET, 1, FUTEX_OP_CMP_EQ, 0)));
  EQUAL(1, b);
  EQUAL(1, wake_op(&a, 5, &b, 2, op(FUTEX_OP_SET, 2, FUTEX_OP_CMP_EQ, 0))); // condition false: first word only
  EQUAL(2, b);
  EQUAL(2, wake_op(&a, 5, &b, INT_MAX, op(FUTEX_OP_SET, 0, FUTEX_OP_CMP_EQ, 2)));
  EQUAL(0, wake(&a, INT_MAX) + wake(&b, INT_MAX));
  finish_all(w, 7);

  start_on(w, 3, &a);
  EQUAL(2, wake_op(&a, 1, &a, 1, op(FUTEX_OP_ADD, 0, FUTEX_OP_CMP_EQ, 0))); // the same word twice
  EQUAL(1, wake(&a, INT_MAX));
  finish_all(w, 3);

  start_on(w, 2, &a);
  start_on(w + 2, 2, &b);
  EQUAL(2, wake_op(&a, 0, &b, 0, op(FUTEX_OP_ADD, 0, FUTEX_OP_CMP_EQ, 0))); // counts below one wake one
  EQUAL(2, wake_op(&a, -1, &b, 0xffffffffL, op(FUTEX_OP_ADD, 0, FUTEX_OP_CMP_EQ, 0)));
  finish_all(w, 4);
  printf("counts: exact\n");
}

// Waiters with a mask or a deadline are woken and counted like any other.
static void mixed_waiters(void) {
  static struct timespec later;
  later = timespec_of(20000000000LL);
  struct waiter w[2] = {{.word = &a, .op = FUTEX_WAIT_BITSET_PRIVATE, .val3 = 0x40},
                        {.word = &a, .op = FUTEX_WAIT_PRIVATE, .timeout = &later}};
  start(&w[0]);
  start(&w[1]);
  EQUAL(2, wake_op(&a, 10, &b, 10, op(FUTEX_OP_OR, 1, FUTEX_OP_CMP_NE, 0)));
  EQUAL(1, b);
  b = 0;
  EQUAL(0, wake(&a, INT_MAX) + wake(&b, INT_MAX));
  finish_all(w, 2);
  printf("mixed waiters: 2 woken\n");
}

// Waiters that a requeue has brought to the word: those counted are those that end with 0.
static void requeued_waiters(void) {
  struct waiter w[3];
  long ended_by_wake = 0;
  start_on(w, 2, &b);
  EQUAL(2, futex(&b, FUTEX_REQUEUE_PRIVATE, 0, (void *)2L, &a, 0));
  start_on(w + 2, 1, &a);
  long result = wake_op(&a, 10, &b, 10, op(FUTEX_OP_OR, 1, FUTEX_OP_CMP_NE, 0));
  b = 0;
  EQUAL(0, wake(&a, INT_MAX) + wake(&b, INT_MAX));
  for (int i = 0; i < 3; i++) {
    long answer = finish(&w[i]);
    CHECK(answer == 0 || answer == -EAGAIN);
    ended_by_wake += answer == 0;
  }
  EQUAL(result, ended_by_wake);
  fprintf(stderr, "requeued waiters: %ld of 3 woken\n", result);
  printf("requeued waiters: all ended, wakes counted equal waits woken\n");
}

static void shared_words(void) {
  uint32_t *one = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  struct waiter w[2];
  for (int i = 0; i < 2; i++) {
    w[i] = (struct waiter){.word = &one[i], .op = FUTEX_WAIT};
    start(&w[i]);
  }
  EQUAL(0, wake_op(&one[0], 1, &one[1], 1, op(FUTEX_OP_ADD, 0, FUTEX_OP_CMP_EQ, 0)));
  EQUAL(2, futex(&one[0], FUTEX_WAKE_OP, 1, (void *)1L, &one[1], op(FUTEX_OP_SET, 3, FUTEX_OP_CMP_EQ, 0)));
  EQUAL(3, one[1]);
  finish_all(w, 2);
  printf("shared words: 2 woken\n");
}

// Three sleepers, two wakers: what all WAKE_OPs return is what all sleepers report as woken.
static atomic_long woken, counted, slept;
static atomic_int stop;

static void *sleeper(void *arg) {
  struct timespec t = timespec_of(3000000);
  while (!atomic_load(&stop)) {
    long result = futex(arg, FUTEX_WAIT_PRIVATE, 0, &t, NULL, 0);
    if (result == 0) atomic_fetch_add(&woken, 1);
    atomic_fetch_add(&slept, 1);
  }
  return NULL;
}

static void *waker(void *arg) {
  int rounds = *(int *)arg;
  for (int i = 0; i < rounds; i++) {
    long result = wake_op(&a, 1, &b, 1, op(FUTEX_OP_ADD, 0, FUTEX_OP_CMP_EQ, 0));
    CHECK(result >= 0 && result <= 2);
    atomic_fetch_add(&counted, result);
    if (i % 4 == 0) sched_yield();
  }
  return NULL;
}

static void equation(int rounds) {
  pthread_t sleepers[4], wakers[2];
  for (int i = 0; i < 4; i++) pthread_create(&sleepers[i], NULL, sleeper, i % 2 ? &a : &b);
  for (int i = 0; i < 2; i++) pthread_create(&wakers[i], NULL, waker, &rounds);
  for (int i = 0; i < 2; i++) pthread_join(wakers[i], NULL);
  atomic_store(&stop, 1);
  for (int i = 0; i < 4; i++) pthread_join(sleepers[i], NULL);
  EQUAL(counted, woken);
  fprintf(stderr, "equation: %ld sleeps, %ld woken\n", slept, woken);
  printf("equation: wakes counted equal waits woken\n");
}

int main(int argc, char **argv) {
  watchdog(60);
  memory();
  condition();
  counts();
  mixed_waiters();
  requeued_waiters();
  shared_words();
  equation(argc > 1 ? atoi(argv[1]) : 500);
  return verdict();
}
