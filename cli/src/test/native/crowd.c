// Many threads: 300 asleep on one condition variable and broadcast to; thousands that live for a moment only.
//   crowd                            all of it
//   crowd park THREADS SECONDS       parks that many, prints "parked PID", stays so, then broadcasts
#include "check.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t opened = PTHREAD_COND_INITIALIZER;
static int generation;
static atomic_long waiting, passed;

static void *wait_for_opening(void *arg) {
  pthread_mutex_lock(&lock);
  int seen = generation;
  waiting++;
  while (generation == seen) pthread_cond_wait(&opened, &lock);
  passed++;
  pthread_mutex_unlock(&lock);
  return arg;
}

static void *nothing(void *arg) { return arg; }

static pthread_attr_t small_stack;

static void make(pthread_t *thread, void *(*body)(void *), void *arg) {
  MUST((errno = pthread_create(thread, &small_stack, body, arg)) == 0);
}

static void park(int threads, int64_t ms) {
  pthread_t *crowd = calloc((size_t)threads, sizeof *crowd);
  waiting = passed = 0;
  for (int i = 0; i < threads; i++) make(&crowd[i], wait_for_opening, NULL);
  CHECK(await_at_least(&waiting, threads, 30000));
  pthread_mutex_lock(&lock); // the last one has released it, so all are in the wait
  if (ms > 0) {
    pthread_mutex_unlock(&lock);
    printf("parked %d\n", getpid());
    pause_millis(ms);
    pthread_mutex_lock(&lock);
  }
  generation++;
  pthread_cond_broadcast(&opened);
  pthread_mutex_unlock(&lock);
  for (int i = 0; i < threads; i++) pthread_join(crowd[i], NULL);
  EQUAL(threads, passed);
  free(crowd);
}

static void short_lives(int threads) {
  long sum = 0;
  for (long i = 0; i < threads; i++) {
    pthread_t thread;
    void *answer;
    make(&thread, nothing, (void *)i);
    EQUAL(0, pthread_join(thread, &answer));
    sum += (long)answer;
  }
  EQUAL((long)threads * (threads - 1) / 2, sum);
  printf("short lives: %d joined\n", threads);
}

static void *several_short(void *arg) {
  for (int i = 0; i < 100; i++) {
    pthread_t threads[5];
    for (long k = 0; k < 5; k++) make(&threads[k], nothing, (void *)k);
    for (long k = 0; k < 5; k++) EQUAL(0, pthread_join(threads[k], NULL));
  }
  return arg;
}

static void short_lives_in_parallel(void) {
  pthread_t parents[3];
  for (int i = 0; i < 3; i++) make(&parents[i], several_short, NULL);
  for (int i = 0; i < 3; i++) pthread_join(parents[i], NULL);
  printf("short lives in parallel: 1500 joined\n");
}

int main(int argc, char **argv) {
  pthread_attr_init(&small_stack);
  pthread_attr_setstacksize(&small_stack, 64 * 1024);
  if (argc == 4 && strcmp(argv[1], "park") == 0) {
    watchdog((unsigned)atoi(argv[3]) + 60);
    park(atoi(argv[2]), atoi(argv[3]) * 1000L);
    return verdict();
  }
  watchdog(60);
  for (int i = 0; i < 3; i++) park(300, 0);
  printf("broadcast: 3 x 300 passed\n");
  short_lives(3000);
  short_lives_in_parallel();
  return verdict();
}
