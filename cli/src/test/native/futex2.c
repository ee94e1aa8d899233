// The futex2 calls: futex_wake, futex_wait, futex_requeue and futex_waitv, with exact results and waiters asleep.
#include "check.h"

struct entry {
  uint64_t val, uaddr;
  uint32_t flags, reserved;
};

enum { PRIVATE_U32 = F2_U32 | F2_PRIVATE };

static uint32_t words[128];

static long wake2(void *word, uint64_t mask, int count, unsigned flags) {
  return raw6(NR_FUTEX_WAKE, (long)word, (long)mask, count, flags, 0, 0);
}

static long wait2(void *word, uint64_t val, uint64_t mask, unsigned flags, const void *timeout, int clock) {
  return raw6(NR_FUTEX_WAIT, (long)word, (long)val, (long)mask, flags, (long)timeout, clock);
}

static long waitv(const struct entry *entries, unsigned n, unsigned flags, const void *timeout, int clock) {
  return raw6(NR_FUTEX_WAITV, (long)entries, n, flags, (long)timeout, clock, 0);
}

static long requeue2(const struct entry *pair, unsigned flags, int wakes, int moves) {
  return raw6(NR_FUTEX_REQUEUE, (long)pair, flags, wakes, moves, 0, 0);
}

static struct entry at(void *word, uint64_t val) {
  return (struct entry){.val = val, .uaddr = (uint64_t)word, .flags = PRIVATE_U32};
}

// A thread in futex_wait or futex_waitv.
struct sleeper {
  void *word; // for futex_wait
  uint64_t mask;
  struct entry *entries; // for futex_waitv
  unsigned n;
  const struct timespec *timeout;
  pthread_t thread;
  atomic_int tid;
  atomic_long result;
};

static void *sleeper_main(void *arg) {
  struct sleeper *s = arg;
  atomic_store(&s->tid, tid_of_self());
  long result = s->entries ? waitv(s->entries, s->n, 0, s->timeout, CLOCK_MONOTONIC)
                           : wait2(s->word, 0, s->mask, PRIVATE_U32, s->timeout, CLOCK_MONOTONIC);
  atomic_store(&s->result, result);
  return NULL;
}

static void begin(struct sleeper *s) {
  atomic_store(&s->tid, 0);
  atomic_store(&s->result, STILL_ASLEEP);
  MUST(pthread_create(&s->thread, NULL, sleeper_main, s) == 0);
  while (atomic_load(&s->tid) == 0) sched_yield();
  await_parked(atomic_load(&s->tid), s->entries ? (void *)s->entries : s->word);
}

static void begin_as(struct sleeper *s, struct sleeper kind) {
  *s = kind;
  begin(s);
}

static long end(struct sleeper *s) {
  pthread_join(s->thread, NULL);
  return atomic_load(&s->result);
}

static void wake_and_wait(void) {
  uint32_t *w = words;
  struct timespec past = {0, 0}, bad = {0, -1};
  EQUAL(-EINVAL, wake2(w, 1, 1, 0x40 | PRIVATE_U32));
  EQUAL(-EINVAL, wake2(w, 1, 1, 0)); // size 8 bits
  EQUAL(-EINVAL, wake2(w, 1, 1, 3)); // size 64 bits
  EQUAL(-EINVAL, wake2(w, 1UL << 32, 1, PRIVATE_U32));
  EQUAL(-EINVAL, wake2(w, 0, 1, PRIVATE_U32));
  EQUAL(-EINVAL, wake2((char *)w + 2, 1, 1, PRIVATE_U32));
  EQUAL(0, wake2(w, 1, 1, PRIVATE_U32));
  EQUAL(-EINVAL, wait2(w, 0, 0, PRIVATE_U32, NULL, 0));
  EQUAL(-EINVAL, wait2(w, 1UL << 32, 1, PRIVATE_U32, NULL, 0));
  EQUAL(-EINVAL, wait2(w, 0, 1, PRIVATE_U32, &past, 7));
  EQUAL(-EINVAL, wait2(w, 0, 1, PRIVATE_U32, &bad, CLOCK_MONOTONIC));
  EQUAL(-EFAULT, wait2(w, 0, 1, PRIVATE_U32, (void *)8, CLOCK_MONOTONIC));
  EQUAL(-EAGAIN, wait2(w, 1, 1, PRIVATE_U32, NULL, 7)); // without a timeout the clock is not looked at
  EQUAL(-ETIMEDOUT, wait2(w, 0, 1, PRIVATE_U32, &past, CLOCK_MONOTONIC));
  EQUAL(-ETIMEDOUT, wait2(w, 0, 1, PRIVATE_U32, &past, CLOCK_REALTIME));
  for (int i = 0; i < 2; i++) {
    int clock = i ? CLOCK_REALTIME : CLOCK_MONOTONIC;
    struct timespec soon = in_millis(clock, 40);
    int64_t before = nanos(CLOCK_MONOTONIC);
    EQUAL(-ETIMEDOUT, wait2(w, 0, 1, PRIVATE_U32, &soon, clock));
    CHECK(nanos(CLOCK_MONOTONIC) - before >= 39000000);
  }

  struct sleeper s[5];
  for (int i = 0; i < 5; i++) begin_as(&s[i], (struct sleeper){.word = w, .mask = 1u << i});
  EQUAL(0, wake2(w, ~0u, 0, PRIVATE_U32)); // 0 is none here,
  EQUAL(1, wake2(w, ~0u, -1, PRIVATE_U32)); // negative is still one
  EQUAL(2, wake2(w, 0xc, 9, PRIVATE_U32));
  EQUAL(1, wake(w, 1)); // both families meet
  EQUAL(1, wake2(w, ~0u, INT_MAX, PRIVATE_U32));
  for (int i = 0; i < 5; i++) EQUAL(0, end(&s[i]));
  printf("futex_wake and futex_wait: 5 woken\n");
}

static void vector_refusals(void) {
  struct timespec past = {0, 0};
  struct entry e[3] = {at(&words[0], 0), at(&words[1], 0), at(&words[2], 0)};
  EQUAL(-EINVAL, waitv(e, 3, 1, NULL, 0));
  EQUAL(-EINVAL, waitv(e, 0, 0, NULL, 0));
  EQUAL(-EINVAL, waitv(e, 129, 0, NULL, 0));
  EQUAL(-EINVAL, waitv(NULL, 1, 0, NULL, 0));
  EQUAL(-EINVAL, waitv(e, 3, 0, &past, 7));
  EQUAL(-EFAULT, waitv((void *)8, 1, 0, NULL, 0));
  EQUAL(-ETIMEDOUT, waitv(e, 3, 0, &past, CLOCK_MONOTONIC));
  EQUAL(-ETIMEDOUT, waitv(e, 3, 0, &past, CLOCK_REALTIME));
  e[1].val = 9;
  EQUAL(-EAGAIN, waitv(e, 3, 0, &past, CLOCK_MONOTONIC));
  EQUAL(-EAGAIN, waitv(e, 3, 0, NULL, 0));
  e[2].uaddr += 1; // misaligned beats the mismatch before it
  EQUAL(-EINVAL, waitv(e, 3, 0, NULL, 0));
  e[2] = at(&words[2], 0);
  e[2].reserved = 1;
  EQUAL(-EINVAL, waitv(e, 3, 0, NULL, 0));
  e[2] = at(&words[2], 0);
  e[2].flags = F2_PRIVATE;
  EQUAL(-EINVAL, waitv(e, 3, 0, NULL, 0));
  e[2] = at(&words[2], 1UL << 32);
  EQUAL(-EINVAL, waitv(e, 3, 0, NULL, 0));
  e[2] = at(NULL, 0); // a mismatch at 1 beats the unreadable word at 2
  EQUAL(-EAGAIN, waitv(e, 3, 0, NULL, 0));
  e[1].val = 0;
  EQUAL(-EFAULT, waitv(e, 3, 0, NULL, 0));
  EQUAL(0, wake(&words[0], INT_MAX) + wake(&words[1], INT_MAX)); // nobody is left queued
  printf("futex_waitv refusals: right\n");
}

static void vectors(void) {
  struct entry e[128];
  for (int i = 0; i < 128; i++) e[i] = at(&words[i], 0);
  struct sleeper s = {.entries = e, .n = 128};
  for (int i = 0; i < 128; i += 127) {
    begin(&s);
    EQUAL(1, wake(&words[i], 1));
    EQUAL(i, end(&s));
  }
  // two entries at once: the waker counts both, the sleeper names the highest
  s.n = 4;
  begin(&s);
  EQUAL(2, futex(&words[1], FUTEX_WAKE_OP_PRIVATE, 1, (void *)1L, &words[3], FUTEX_OP(FUTEX_OP_ADD, 0, FUTEX_OP_CMP_EQ, 0)));
  EQUAL(3, end(&s));
  // one word twice
  struct entry twice[3] = {at(&words[0], 0), at(&words[0], 0), at(&words[2], 0)};
  s = (struct sleeper){.entries = twice, .n = 3};
  begin(&s);
  EQUAL(2, wake(&words[0], INT_MAX));
  EQUAL(1, end(&s));
  begin(&s);
  EQUAL(1, wake(&words[0], 1));
  EQUAL(0, end(&s));
  // a moved entry keeps its index
  begin(&s);
  EQUAL(1, futex(&words[2], FUTEX_REQUEUE_PRIVATE, 0, (void *)1L, &words[9], 0));
  EQUAL(0, wake(&words[2], 1));
  EQUAL(1, wake(&words[9], 1));
  EQUAL(2, end(&s));
  // private and shared words in one call
  uint32_t *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  twice[1] = (struct entry){.uaddr = (uint64_t)shared, .flags = F2_U32};
  begin(&s);
  EQUAL(1, wake_shared(shared, 1));
  EQUAL(1, end(&s));
  struct timespec soon = in_millis(CLOCK_MONOTONIC, 40);
  EQUAL(-ETIMEDOUT, waitv(twice, 3, 0, &soon, CLOCK_MONOTONIC));
  CHECK(nanos(CLOCK_MONOTONIC) >= soon.tv_sec * 1000000000LL + soon.tv_nsec);
  EQUAL(0, wake(&words[0], 9) + wake_shared(shared, 9) + wake(&words[2], 9));
  printf("futex_waitv: highest index\n");
}

static void requeues(void) {
  uint32_t *from = &words[0], *to = &words[1];
  struct entry pair[2] = {at(from, 0), at(to, 0)};
  struct sleeper s[6];
  EQUAL(-EINVAL, requeue2(pair, 1, 1, 1));
  EQUAL(-EINVAL, requeue2(NULL, 0, 1, 1));
  EQUAL(-EINVAL, requeue2(pair, 0, -1, 1));
  EQUAL(-EINVAL, requeue2(pair, 0, 1, -1));
  pair[1].reserved = 1;
  EQUAL(-EINVAL, requeue2(pair, 0, 1, 1));
  pair[1] = at(to, 5); // the destination's value is not compared
  EQUAL(0, requeue2(pair, 0, 1, 1));
  for (int i = 0; i < 6; i++) begin_as(&s[i], (struct sleeper){.word = from, .mask = 2});
  pair[0].val = 3;
  EQUAL(-EAGAIN, requeue2(pair, 0, 1, 1));
  pair[0].val = 0;
  EQUAL(2, requeue2(pair, 0, 0, 2));
  EQUAL(3, requeue2(pair, 0, 1, 2));
  EQUAL(0, wake2(to, 1, INT_MAX, PRIVATE_U32)); // the mask travels along
  EQUAL(4, wake2(to, 2, INT_MAX, PRIVATE_U32));
  EQUAL(1, wake2(from, 2, INT_MAX, PRIVATE_U32));
  for (int i = 0; i < 6; i++) EQUAL(0, end(&s[i]));
  printf("futex_requeue: 6 woken\n");
}

int main(void) {
  watchdog(60);
  if (wake2(words, 1, 1, PRIVATE_U32) == -ENOSYS) {
    printf("no futex2 here\n");
    return verdict();
  }
  wake_and_wait();
  vector_refusals();
  vectors();
  requeues();
  return verdict();
}
