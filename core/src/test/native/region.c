// The C side of RegionNativeTest: uses the region it is given through jfutex.h, obeys one command a
// line, and answers each with a number: 0 or an errno, unless the command says otherwise.
#define _GNU_SOURCE
#include <jfutex.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>

enum { NOBODY, FROM_JAVA, FROM_C };

static struct jfutex_region region;

static struct timespec in_millis(long millis) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  time.tv_nsec += millis % 1000 * 1000000;
  time.tv_sec += millis / 1000 + time.tv_nsec / 1000000000;
  time.tv_nsec %= 1000000000;
  return time;
}

// Answers every message of Java with its triple; returns the sum of what came.
static long echo(long messages) {
  void *mutex = jfutex_cell(&region, "mutex", JFUTEX_MUTEX);
  void *condvar = jfutex_cell(&region, "condvar", JFUTEX_CONDVAR);
  volatile long *data = jfutex_cell(&region, "data", JFUTEX_BYTES); // whose turn, the value
  long sum = 0;
  for (long i = 0; i < messages; i++) {
    if (jfutex_mutex_lock(&region, mutex) != 0) abort();
    while (data[0] != FROM_JAVA) {
      if (jfutex_condvar_wait(&region, condvar, mutex, NULL) != 0) abort();
    }
    sum += data[1];
    data[1] *= 3;
    data[0] = FROM_C;
    jfutex_condvar_broadcast(condvar);
    jfutex_mutex_unlock(mutex);
  }
  return sum;
}

// A thread that waits until the process ends.
static void *wait_for_ever(void *event) {
  jfutex_event_wait(&region, event, NULL);
  return NULL;
}

int main(int argc, char **argv) {
  int error = argc == 2 ? jfutex_attach(&region, argv[1]) : EINVAL;
  if (error != 0) {
    fprintf(stderr, "attaching to a region: %s\n", strerror(error));
    return 2;
  }
  void *mutex = jfutex_cell(&region, "mutex", JFUTEX_MUTEX);
  void *semaphore = jfutex_cell(&region, "semaphore", JFUTEX_SEMAPHORE);
  void *event = jfutex_cell(&region, "event", JFUTEX_EVENT);
  void *automatic = jfutex_cell(&region, "auto", JFUTEX_EVENT);
  if (!mutex || !semaphore || !event || !automatic || jfutex_cell(&region, "mutex", JFUTEX_EVENT)) {
    fprintf(stderr, "expected other cells\n");
    return 3;
  }
  char line[100];
  while (fgets(line, sizeof line, stdin)) {
    char command[20] = "";
    long number = 0;
    sscanf(line, "%19s %ld", command, &number);
    struct timespec deadline = in_millis(number);
    long answer = -1;
    if (!strcmp(command, "lock")) answer = jfutex_mutex_lock(&region, mutex);
    if (!strcmp(command, "timedlock")) answer = jfutex_mutex_timedlock(&region, mutex, &deadline);
    if (!strcmp(command, "unlock")) answer = jfutex_mutex_unlock(mutex);
    if (!strcmp(command, "epoch")) answer = (long)jfutex_mutex_epoch(mutex);
    if (!strcmp(command, "acquire")) answer = jfutex_semaphore_wait(&region, semaphore, NULL);
    if (!strcmp(command, "timedacquire")) {
      answer = jfutex_semaphore_wait(&region, semaphore, &deadline);
    }
    if (!strcmp(command, "release")) answer = jfutex_semaphore_post(&region, semaphore);
    if (!strcmp(command, "set")) answer = (jfutex_event_set(event), 0);
    if (!strcmp(command, "setauto")) answer = (jfutex_event_set(automatic), 0);
    if (!strcmp(command, "reset")) answer = (jfutex_event_reset(event), 0);
    if (!strcmp(command, "await")) answer = jfutex_event_wait(&region, event, NULL);
    if (!strcmp(command, "timedawait")) answer = jfutex_event_wait(&region, automatic, &deadline);
    if (!strcmp(command, "echo")) answer = echo(number);
    if (!strcmp(command, "sleeper")) {
      pthread_t thread;
      answer = pthread_create(&thread, NULL, wait_for_ever, event);
    }
    if (!strcmp(command, "rename")) answer = prctl(PR_SET_NAME, "\xff) Z 1");
    if (!strcmp(command, "detach")) answer = (jfutex_detach(&region), 0);
    printf("%ld\n", answer);
    fflush(stdout);
  }
  return 0;
}
