// futex(2) by number: results, counts and errors exactly as the kernel gives them, with waiters seen asleep first.
#include "check.h"

static uint32_t a, b;

static struct waiter on(uint32_t *word) { return (struct waiter){.word = word, .op = FUTEX_WAIT_PRIVATE}; }

static struct waiter masked(uint32_t *word, uint32_t mask) {
  return (struct waiter){.word = word, .op = FUTEX_WAIT_BITSET_PRIVATE, .val3 = mask};
}

static void start_as(struct waiter *w, struct waiter kind) {
  *w = kind;
  start(w);
}

static long still_asleep(struct waiter *w, int n) {
  long count = 0;
  for (int i = 0; i < n; i++) count += atomic_load(&w[i].result) == STILL_ASLEEP;
  return count;
}

static void join_all(struct waiter *w, int n) {
  for (int i = 0; i < n; i++) EQUAL(0, finish(&w[i]));
}

// Woken threads run on their own; wait for their answers before asking who still sleeps.
static void await_woken(struct waiter *w, int n, int woken) {
  int64_t limit = nanos(CLOCK_MONOTONIC) + 10000000000LL;
  while (still_asleep(w, n) > n - woken && nanos(CLOCK_MONOTONIC) < limit) pause_millis(1);
  EQUAL(n - woken, still_asleep(w, n));
}

static long cmp_requeue(uint32_t *from, int wakes, long moves, uint32_t *to, uint32_t expected) {
  return futex(from, FUTEX_CMP_REQUEUE_PRIVATE, (uint32_t)wakes, (void *)moves, to, expected);
}

static long requeue(uint32_t *from, int wakes, long moves, uint32_t *to) {
  return futex(from, FUTEX_REQUEUE_PRIVATE, (uint32_t)wakes, (void *)moves, to, 0);
}

static void counts(void) {
  struct waiter w[8];
  for (int i = 0; i < 8; i++) start_as(&w[i], on(&a));
  EQUAL(1, wake(&a, 1));
  await_woken(w, 8, 1);
  CHECK(atomic_load(&w[0].result) == 0); // first come, first woken
  EQUAL(1, wake(&a, 0));                 // 0 and negative counts wake one
  EQUAL(1, wake(&a, -1));
  EQUAL(1, wake(&a, INT_MIN));
  await_woken(w, 8, 4);
  CHECK(atomic_load(&w[3].result) == 0);
  EQUAL(2, wake(&a, 2));
  EQUAL(2, wake(&a, INT_MAX));
  EQUAL(0, wake(&a, INT_MAX));
  join_all(w, 8);
  printf("counts: 8 woken\n");
}

static void bitsets(void) {
  struct waiter w[5] = {masked(&a, 1), masked(&a, 2), masked(&a, 4), masked(&a, 3), masked(&a, 0x80000000u)};
  for (int i = 0; i < 5; i++) start(&w[i]);
  EQUAL(0, futex(&a, FUTEX_WAKE_BITSET_PRIVATE, INT_MAX, NULL, NULL, 8));
  EQUAL(2, futex(&a, FUTEX_WAKE_BITSET_PRIVATE, INT_MAX, NULL, NULL, 2));
  await_woken(w, 5, 2);
  CHECK(atomic_load(&w[0].result) == STILL_ASLEEP && atomic_load(&w[2].result) == STILL_ASLEEP);
  EQUAL(1, futex(&a, FUTEX_WAKE_BITSET_PRIVATE, 1, NULL, NULL, 5));
  await_woken(w, 5, 3);
  CHECK(atomic_load(&w[0].result) == 0);
  EQUAL(1, futex(&a, FUTEX_WAKE_BITSET_PRIVATE, 5, NULL, NULL, 0x80000000u));
  EQUAL(1, wake(&a, INT_MAX)); // a plain wake matches any bits
  join_all(w, 5);
  printf("bitsets: 5 woken\n");
}

static void requeues(void) {
  struct waiter w[6];
  for (int i = 0; i < 6; i++) start_as(&w[i], on(&a));
  EQUAL(-EAGAIN, cmp_requeue(&a, 1, 1, &b, 1));
  EQUAL(-EINVAL, cmp_requeue(&a, -1, 1, &b, 0));
  EQUAL(-EINVAL, cmp_requeue(&a, 1, -1, &b, 0));
  EQUAL(-EINVAL, requeue(&a, -1, 0, &b));
  EQUAL(2, requeue(&a, 0, 2, &b));     // 0 really wakes none; the answer counts woken and moved
  EQUAL(3, cmp_requeue(&a, 1, 2, &b, 0));
  await_woken(w, 6, 1);
  EQUAL(1, wake(&a, INT_MAX));
  EQUAL(1, wake(&b, 1));
  EQUAL(3, wake(&b, INT_MAX));
  EQUAL(0, requeue(&a, 5, 5, &b));
  join_all(w, 6);
  printf("requeue: 6 woken\n");
}

static void requeue_details(void) {
  struct waiter w[4];
  for (int i = 0; i < 4; i++) start_as(&w[i], on(&a));
  EQUAL(4, cmp_requeue(&a, 1, INT_MAX, &a, 0)); // onto itself: legal, ends
  await_woken(w, 4, 1);
  EQUAL(3, wake(&a, INT_MAX));
  join_all(w, 4);

  // only the low half of the fourth argument is the count
  for (int i = 0; i < 3; i++) start_as(&w[i], on(&a));
  EQUAL(1, requeue(&a, 0, 0x100000001L, &b));
  EQUAL(-EINVAL, requeue(&a, 0, 0xffffffffL, &b));
  EQUAL(2, wake(&a, INT_MAX));
  EQUAL(1, wake(&b, INT_MAX));
  join_all(w, 3);

  // the mask travels along, and so does the deadline
  struct waiter bits = masked(&a, 4);
  start(&bits);
  EQUAL(1, requeue(&a, 0, 1, &b));
  EQUAL(0, futex(&b, FUTEX_WAKE_BITSET_PRIVATE, 1, NULL, NULL, 3));
  EQUAL(1, futex(&b, FUTEX_WAKE_BITSET_PRIVATE, 1, NULL, NULL, 4));
  EQUAL(0, finish(&bits));

  struct timespec t = timespec_of(400000000);
  struct waiter timed = on(&a);
  timed.timeout = &t;
  start(&timed);
  EQUAL(1, requeue(&a, 0, 1, &b));
  EQUAL(-ETIMEDOUT, finish(&timed));
  CHECK(timed.elapsed >= 399000000);
  EQUAL(0, wake(&b, INT_MAX));
  printf("requeue details: right\n");
}

static void refusals(void) {
  struct timespec bad = {0, 1000000000}, negative = {-1, 0};
  char *pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  uint32_t *gone = (uint32_t *)(pages + 4096);
  munmap(gone, 4096);
  EQUAL(-EAGAIN, futex(&a, FUTEX_WAIT_PRIVATE, 1, NULL, NULL, 0));
  EQUAL(-EAGAIN, futex(&a, FUTEX_WAIT_BITSET_PRIVATE, 1, NULL, NULL, 1));
  EQUAL(-EINVAL, futex((char *)&a + 1, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0));
  EQUAL(-EINVAL, futex((char *)&a + 2, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0));
  EQUAL(-EFAULT, futex(gone, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0));
  EQUAL(-EFAULT, futex(NULL, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0));
  EQUAL(-EFAULT, futex(gone, FUTEX_WAKE, 1, NULL, NULL, 0));
  EQUAL(0, futex(gone, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0));
  EQUAL(0, futex(NULL, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0));
  EQUAL(-EFAULT, futex((void *)0x8000000000000000UL, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0));
  EQUAL(-EFAULT, cmp_requeue(NULL, 1, 1, &b, 0));
  EQUAL(0, requeue(&a, 1, 1, NULL));
  EQUAL(-EINVAL, futex(&a, FUTEX_WAIT_PRIVATE, 0, &bad, NULL, 0));
  EQUAL(-EINVAL, futex(&a, FUTEX_WAIT_PRIVATE, 1, &negative, NULL, 0));
  EQUAL(-EFAULT, futex(&a, FUTEX_WAIT_PRIVATE, 0, gone, NULL, 0));
  EQUAL(-EFAULT, futex(&a, FUTEX_WAIT_BITSET_PRIVATE, 0, gone, NULL, 0));
  EQUAL(-EINVAL, futex(&a, FUTEX_WAIT_BITSET_PRIVATE, 0, NULL, NULL, 0));
  EQUAL(-EINVAL, futex(&a, FUTEX_WAKE_BITSET_PRIVATE, 1, NULL, NULL, 0));
  EQUAL(-ENOSYS, futex(&a, FUTEX_WAIT_PRIVATE | FUTEX_CLOCK_REALTIME, 0, NULL, NULL, 0));
  EQUAL(-ENOSYS, futex(&a, FUTEX_WAKE_PRIVATE | FUTEX_CLOCK_REALTIME, 1, NULL, NULL, 0));
  EQUAL(-ENOSYS, futex(&a, FUTEX_WAKE_PRIVATE | 0x200, 1, NULL, NULL, 0));
  EQUAL(-ENOSYS, futex(&a, (int)0x80000000u | FUTEX_WAKE, 1, NULL, NULL, 0));
  EQUAL(-ENOSYS, futex(&a, FUTEX_FD, 0, NULL, NULL, 0));
  EQUAL(-ENOSYS, futex(&a, 14, 0, NULL, NULL, 0));
  EQUAL(-ENOSYS, futex(&a, 99, 0, NULL, NULL, 0));
  EQUAL(0, raw6(NR_FUTEX, (long)&a, 0x7700000000L | FUTEX_WAKE_PRIVATE, 1, 0, 0, 0)); // op is an int
  EQUAL(-EAGAIN, raw6(NR_FUTEX, (long)&a, FUTEX_WAIT_PRIVATE, 0x100000001L, 0, 0, 0));
  printf("refusals: right\n");
}

// A private wait and a shared wake (or the reverse) on the same ordinary memory do not meet.
static void private_and_shared(void) {
  struct waiter mine = on(&a), ours = on(&b);
  ours.op = FUTEX_WAIT;
  start(&mine);
  start(&ours);
  EQUAL(0, wake_shared(&a, INT_MAX));
  EQUAL(0, wake(&b, INT_MAX));
  EQUAL(1, wake(&a, INT_MAX));
  EQUAL(1, wake_shared(&b, INT_MAX));
  EQUAL(0, finish(&mine));
  EQUAL(0, finish(&ours));
  printf("private and shared: apart\n");
}

// Two mappings of one file meet, offset by offset; with the private flag they are two addresses.
static void two_mappings(void) {
  int fd = memfd_create("words", MFD_CLOEXEC);
  MUST(fd >= 0 && ftruncate(fd, 8192) == 0);
  uint32_t *one = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  uint32_t *two = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 4096);
  uint32_t *cow = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
  MUST(one != MAP_FAILED && two != MAP_FAILED && cow != MAP_FAILED);
  struct waiter w = on(&one[1024 + 3]);
  w.op = FUTEX_WAIT;
  start(&w);
  EQUAL(0, wake_shared(&one[3], 1));
  EQUAL(0, wake_shared(&two[4], 1));
  EQUAL(0, wake(&two[3], 1));
  EQUAL(0, wake_shared(&cow[1024 + 3], 1)); // a private copy of the page is other memory
  EQUAL(1, wake_shared(&two[3], 1));
  EQUAL(0, finish(&w));
  w = on(&one[5]);
  start(&w);
  EQUAL(0, wake_shared(&one[5], 1));
  EQUAL(1, wake(&one[5], 1));
  EQUAL(0, finish(&w));
  struct timespec soon = in_millis(CLOCK_MONOTONIC, 20);
  uint32_t *beyond = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 4096); // its second page is past the end
  EQUAL(-EFAULT, wake_shared(&beyond[1024], 1));
  EQUAL(-EFAULT, futex(&beyond[1024], FUTEX_WAIT_BITSET, 0, &soon, NULL, 1));
  printf("two mappings: met\n");
}

int main(void) {
  watchdog(60);
  counts();
  bitsets();
  requeues();
  requeue_details();
  refusals();
  private_and_shared();
  two_mappings();
  return verdict();
}
