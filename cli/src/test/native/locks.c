// Mutexes, condition variables, semaphores, barriers, read-write locks, once and join: plain POSIX, all contended.
//   locks [ROUNDS]      (default 300 items and 2000 increments per thread)
#include "check.h"

enum { THREADS = 4, CAPACITY = 3 };
static int rounds = 300;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t not_empty = PTHREAD_COND_INITIALIZER, not_full = PTHREAD_COND_INITIALIZER;
static int buffer[CAPACITY], in_buffer;
static long produced, consumed;

static void *producer(void *arg) {
  for (int i = 1; i <= rounds; i++) {
    pthread_mutex_lock(&lock);
    while (in_buffer == CAPACITY) pthread_cond_wait(&not_full, &lock);
    buffer[in_buffer++] = i;
    produced += i;
    pthread_cond_signal(&not_empty);
    pthread_mutex_unlock(&lock);
  }
  return arg;
}

static void *consumer(void *arg) {
  for (int i = 1; i <= rounds; i++) {
    pthread_mutex_lock(&lock);
    while (in_buffer == 0) pthread_cond_wait(&not_empty, &lock);
    consumed += buffer[--in_buffer];
    pthread_cond_signal(&not_full);
    pthread_mutex_unlock(&lock);
  }
  return arg;
}

static void all(void *(*body[])(void *), int kinds) {
  pthread_t threads[THREADS];
  for (long i = 0; i < THREADS; i++) MUST(pthread_create(&threads[i], NULL, body[i % kinds], (void *)i) == 0);
  for (long i = 0; i < THREADS; i++) {
    void *answer;
    EQUAL(0, pthread_join(threads[i], &answer));
    EQUAL(i, (long)answer);
  }
}

static void bounded_buffer(void) {
  all((void *(*[])(void *)){producer, consumer}, 2);
  EQUAL((long)THREADS / 2 * rounds * (rounds + 1) / 2, produced);
  EQUAL(produced, consumed);
  printf("bounded buffer: consumed %ld\n", consumed);
}

static long counter;

static void *increment(void *arg) {
  for (int i = 0; i < rounds * 7; i++) {
    pthread_mutex_lock(&lock);
    counter++;
    if (i % 50 == 0) sched_yield(); // gives the lock away while held, so that others queue up
    pthread_mutex_unlock(&lock);
  }
  return arg;
}

static void contended_mutex(void) {
  all((void *(*[])(void *)){increment}, 1);
  EQUAL((long)THREADS * rounds * 7, counter);
  printf("mutex: counter %ld\n", counter);
}

static sem_t ping, pong, permits;
static atomic_int inside, most_inside;

static void *pinger(void *arg) {
  for (int i = 0; i < rounds; i++) {
    sem_post(&ping);
    while (sem_wait(&pong) != 0) CHECK(errno == EINTR);
  }
  return arg;
}

static void *ponger(void *arg) {
  for (int i = 0; i < rounds; i++) {
    while (sem_wait(&ping) != 0) CHECK(errno == EINTR);
    sem_post(&pong);
  }
  return arg;
}

static void *two_at_once(void *arg) {
  for (int i = 0; i < rounds / 4; i++) {
    while (sem_wait(&permits) != 0) CHECK(errno == EINTR);
    int now = atomic_fetch_add(&inside, 1) + 1;
    if (now > atomic_load(&most_inside)) atomic_store(&most_inside, now);
    sched_yield();
    atomic_fetch_sub(&inside, 1);
    sem_post(&permits);
  }
  return arg;
}

static void semaphores(void) {
  int value;
  sem_init(&ping, 0, 0);
  sem_init(&pong, 0, 0);
  sem_init(&permits, 0, 2);
  all((void *(*[])(void *)){pinger, ponger}, 2);
  all((void *(*[])(void *)){two_at_once}, 1);
  CHECK(most_inside <= 2);
  sem_getvalue(&permits, &value);
  EQUAL(2, value);
  printf("semaphores: permits left %d\n", value);
}

static pthread_barrier_t barrier;
static atomic_long arrivals, serials;

static void *phases(void *arg) {
  for (long phase = 1; phase <= 50; phase++) {
    atomic_fetch_add(&arrivals, 1);
    int serial = pthread_barrier_wait(&barrier);
    CHECK(atomic_load(&arrivals) >= phase * THREADS);
    if (serial == PTHREAD_BARRIER_SERIAL_THREAD) atomic_fetch_add(&serials, 1);
    pthread_barrier_wait(&barrier);
  }
  return arg;
}

static void barriers(void) {
  pthread_barrier_init(&barrier, NULL, THREADS);
  all((void *(*[])(void *)){phases}, 1);
  EQUAL(50 * THREADS, arrivals);
  EQUAL(50, serials);
  printf("barrier: arrivals %ld serial %ld\n", arrivals, serials);
}

static pthread_rwlock_t rw = PTHREAD_RWLOCK_INITIALIZER;
static long first_half, second_half;

static void *reader(void *arg) {
  for (int i = 0; i < rounds; i++) {
    pthread_rwlock_rdlock(&rw);
    CHECK(first_half == second_half);
    if (i % 20 == 0) sched_yield();
    pthread_rwlock_unlock(&rw);
  }
  return arg;
}

static void *writer(void *arg) {
  for (int i = 0; i < rounds; i++) {
    pthread_rwlock_wrlock(&rw);
    first_half++;
    if (i % 20 == 0) sched_yield();
    second_half++;
    pthread_rwlock_unlock(&rw);
  }
  return arg;
}

static void rwlocks(void) {
  all((void *(*[])(void *)){reader, writer}, 2);
  EQUAL((long)THREADS / 2 * rounds, first_half);
  EQUAL(first_half, second_half);
  printf("rwlock: written %ld\n", first_half);
}

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int once_calls;

static void slowly(void) {
  pause_millis(20); // long enough for the others to be asleep on the once word
  once_calls++;
}

static void *do_once(void *arg) {
  pthread_once(&once, slowly);
  EQUAL(1, once_calls);
  return arg;
}

int main(int argc, char **argv) {
  watchdog(60);
  if (argc > 1) rounds = atoi(argv[1]);
  contended_mutex();
  bounded_buffer();
  semaphores();
  barriers();
  rwlocks();
  all((void *(*[])(void *)){do_once}, 1);
  printf("once: calls %d\n", once_calls);
  return verdict();
}
