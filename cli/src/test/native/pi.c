// Priority inheritance: mutexes whose every contended operation is the kernel's own (LOCK_PI, UNLOCK_PI), beside
// ordinary condition variables, and robust ones whose owner ends.
#include "check.h"

enum { THREADS = 3, ROUNDS = 200 };

static pthread_mutex_t lock, robust;
static pthread_cond_t turned = PTHREAD_COND_INITIALIZER;
static long counter, turn;

static void make(pthread_mutex_t *mutex, int is_robust) {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT);
  if (is_robust) pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
  MUST(pthread_mutex_init(mutex, &attributes) == 0);
}

static void *increment(void *arg) {
  for (int i = 0; i < ROUNDS; i++) {
    EQUAL(0, pthread_mutex_lock(&lock));
    counter++;
    if (i % 4 == 0) sched_yield();
    EQUAL(0, pthread_mutex_unlock(&lock));
  }
  return arg;
}

static void *take_turns(void *arg) {
  for (int i = 0; i < ROUNDS; i++) {
    pthread_mutex_lock(&lock);
    while (turn % THREADS != (long)arg) pthread_cond_wait(&turned, &lock);
    turn++;
    pthread_cond_broadcast(&turned);
    pthread_mutex_unlock(&lock);
  }
  return arg;
}

static void *try_for_a_while(void *arg) {
  struct timespec until = in_millis(CLOCK_REALTIME, 50);
  EQUAL(ETIMEDOUT, pthread_mutex_timedlock(&lock, &until));
  return arg;
}

static void *end_owning(void *arg) {
  pthread_mutex_lock(&robust);
  return arg;
}

static void all(void *(*body)(void *)) {
  pthread_t threads[THREADS];
  for (long i = 0; i < THREADS; i++) pthread_create(&threads[i], NULL, body, (void *)i);
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
}

int main(void) {
  watchdog(60);
  make(&lock, 0);
  make(&robust, 1);
  all(increment);
  EQUAL(THREADS * ROUNDS, counter);
  all(take_turns);
  EQUAL(THREADS * ROUNDS, turn);
  pthread_t thread;
  pthread_mutex_lock(&lock);
  pthread_create(&thread, NULL, try_for_a_while, NULL);
  pthread_join(thread, NULL);
  pthread_mutex_unlock(&lock);
  pthread_create(&thread, NULL, end_owning, NULL);
  pthread_join(thread, NULL);
  EQUAL(EOWNERDEAD, pthread_mutex_lock(&robust));
  EQUAL(0, pthread_mutex_consistent(&robust));
  EQUAL(0, pthread_mutex_unlock(&robust));
  printf("priority inheritance: counter %ld turns %ld\n", counter, turn);
  return verdict();
}
