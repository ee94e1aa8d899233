// RegionWorker in C, as far as jfutex.h has the primitives: uses one after the other, at random,
// and notes what it is inside of and which deaths it was told of. No wait has a deadline.
// Arguments: PATH SLOT - SEED OPERATION PHASE POINT, see RegionHarness.command.
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>

static void step(void);
#define JFUTEX_STEP() step()
#include <jfutex.h>

// The state, as RegionWorker has it: offsets of ints and longs in the bytes "state".
enum { STOP = 0, BROKEN = 4, COUNTER = 8, FREE = 16, TOLD = 64, SLOT = 128, SLOT_BYTES = 64 };
enum { ROUNDS = 0, UPDATES = 8, TOKEN = 16, MARK = 24, ORDERS = 32 };
enum { SLOTS = 8, TOKENS = 2, SECTION_NANOS = 20000, PAUSE_NANOS = 50000, SIGNAL_SHIFT = 16 };
enum inside { NOTHING, MUTEX, WRITER, READER, PERMIT };

static struct jfutex_region region;
static void *mutex, *condvar, *semaphore, *event;
static char *state;
static int slot;
static const char *phase;
static long point, left;
static int signal_number = SIGKILL;

static uint32_t *word(int offset) { return (uint32_t *)(void *)(state + offset); }
static volatile int64_t *number(int offset) { return (volatile int64_t *)(void *)(state + offset); }
static int mine(int field) { return SLOT + slot * SLOT_BYTES + field; }
static void increment(int offset) { __atomic_add_fetch(word(offset), 1, __ATOMIC_SEQ_CST); }
static void mark(enum inside what) { __atomic_store_n(word(mine(MARK)), what, __ATOMIC_SEQ_CST); }

// A fail point: see Steps.
static void step(void) {
  uint32_t order = state == NULL ? 0 : __atomic_exchange_n(word(mine(ORDERS)), 0, __ATOMIC_SEQ_CST);
  if (order != 0) {
    signal_number = (int)(order >> SIGNAL_SHIFT);
    left = order & ((1 << SIGNAL_SHIFT) - 1);
  }
  if (left > 0 && --left == 0) kill(getpid(), signal_number);
}

static void begin(const char *name) { left = strcmp(name, phase) == 0 ? point : 0; }

static void check(int is_right) {
  if (!is_right) increment(BROKEN);
}

static void fail(const char *what, int error) {
  fprintf(stderr, "%s in slot %d: %s\n", what, slot, strerror(error));
  if (state != NULL) *word(BROKEN) = 200 + (uint32_t)slot;
  exit(3);
}

static void stay(void) {
  struct timespec start, now;
  clock_gettime(CLOCK_MONOTONIC, &start);
  do {
    clock_gettime(CLOCK_MONOTONIC, &now);
  } while ((now.tv_sec - start.tv_sec) * 1000000000L + now.tv_nsec - start.tv_nsec < SECTION_NANOS);
}

static int64_t sum_of(int field) {
  int64_t sum = 0;
  for (int i = 0; i < SLOTS; i++) sum += *number(SLOT + i * SLOT_BYTES + field);
  return sum;
}

// What locking the mutex has ended with: repairs what it protects.
static void locked(int error) {
  if (error == EOWNERDEAD) {
    increment(TOLD + 4 * MUTEX);
    *number(COUNTER) = sum_of(UPDATES);
    *number(FREE) = TOKENS - sum_of(TOKEN);
  } else if (error != 0) {
    fail("the mutex", error);
  }
  check(*number(COUNTER) == sum_of(UPDATES) && *number(FREE) + sum_of(TOKEN) == TOKENS);
}

static void lock(void) { locked(jfutex_mutex_lock(&region, mutex)); }

static void unlock(void) {
  int error = jfutex_mutex_unlock(mutex);
  if (error != 0) fail("unlocking", error);
}

static void give_token(void) {
  *number(FREE) += 1;
  *number(mine(TOKEN)) -= 1;
  jfutex_condvar_broadcast(condvar);
}

static void take_back(void) {
  lock();
  if (*number(mine(TOKEN)) != 0) give_token();
  unlock();
}

static void update(void) {
  lock();
  mark(MUTEX);
  step();
  *number(COUNTER) += 1;
  step();
  stay();
  *number(mine(UPDATES)) += 1;
  step();
  mark(NOTHING);
  unlock();
}

static void permit(void) {
  int error = jfutex_semaphore_wait(&region, semaphore, NULL);
  if (error == EOWNERDEAD) increment(TOLD + 4 * PERMIT);
  else if (error != 0) fail("the semaphore", error);
  mark(PERMIT);
  step();
  stay();
  mark(NOTHING);
  error = jfutex_semaphore_post(&region, semaphore);
  if (error != 0) fail("releasing", error);
}

static int is_stopped(void) { return jfutex_load(word(STOP)) != 0; }

static void token(void) {
  lock();
  while (*number(FREE) == 0 && !is_stopped()) {
    locked(jfutex_condvar_wait(&region, condvar, mutex, NULL));
  }
  if (is_stopped()) {
    unlock();
    return;
  }
  *number(FREE) -= 1;
  *number(mine(TOKEN)) += 1;
  unlock();
  step();
  lock();
  give_token();
  unlock();
}

static void meet(void) {
  jfutex_event_set(event);
  int error = jfutex_event_wait(&region, event, NULL);
  if (error != 0) fail("the event", error);
  jfutex_event_set(event);
}

static void perform(const char *operation) {
  if (!strcmp(operation, "update")) update();
  if (!strcmp(operation, "permit")) permit();
  if (!strcmp(operation, "token")) token();
  if (!strcmp(operation, "event")) meet();
}

int main(int argc, char **argv) {
  static const char *const all[] = {"update", "permit", "token", "event"};
  if (argc != 8) return 2;
  slot = atoi(argv[2]);
  srand48(atol(argv[4]));
  phase = argv[6];
  point = atol(argv[7]);
  begin("attach");
  int error = jfutex_attach(&region, argv[1]);
  if (error != 0) fail(argv[1], error);
  begin("prepare");
  mutex = jfutex_cell(&region, "mutex", JFUTEX_MUTEX);
  condvar = jfutex_cell(&region, "condvar", JFUTEX_CONDVAR);
  semaphore = jfutex_cell(&region, "semaphore", JFUTEX_SEMAPHORE);
  event = jfutex_cell(&region, "event", JFUTEX_EVENT);
  state = jfutex_cell(&region, "state", JFUTEX_BYTES);
  if (!mutex || !condvar || !semaphore || !event || !state) fail("the cells", ENOENT);
  if (strcmp(argv[5], "all") != 0 && strcmp(argv[5], "alone") != 0) {
    begin("operation");
    perform(argv[5]);
  } else {
    take_back();
    while (!is_stopped()) {
      perform(all[lrand48() % 4]);
      increment(mine(ROUNDS));
      if (lrand48() % 2 == 0) nanosleep(&(struct timespec){.tv_nsec = PAUSE_NANOS}, NULL);
    }
    jfutex_condvar_broadcast(condvar);
    jfutex_event_set(event);
  }
  begin("close");
  state = NULL; // no orders any more: the memory goes
  jfutex_detach(&region);
  return 0;
}
