// RegionVisitor in C: uses a region that somebody else writes nonsense into, with deadlines; errors
// are expected, but no end by a signal, and no wait much longer than its deadline. Arguments: PATH
// SEED MILLIS. Prints how many calls it made, how many were errors, and by how many milliseconds
// the latest was late.
#define _GNU_SOURCE
#include <jfutex.h>

enum { WAIT_MILLIS = 5 };

static long calls, errors, late;

static long millis(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static struct timespec soon(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  time.tv_nsec += WAIT_MILLIS * 1000000;
  time.tv_sec += time.tv_nsec / 1000000000;
  time.tv_nsec %= 1000000000;
  return time;
}

static int ended(int error) {
  calls++;
  if (error != 0 && error != EOWNERDEAD && error != ETIMEDOUT) errors++;
  return error == 0 || error == EOWNERDEAD;
}

// Of a call with a deadline that began at a time.
static int timed(long start, int error) {
  long by = millis() - start - WAIT_MILLIS;
  if (by > late) late = by;
  return ended(error);
}

int main(int argc, char **argv) {
  struct jfutex_region region, other;
  int error = argc == 4 ? jfutex_attach(&region, argv[1]) : EINVAL;
  void *mutex = error ? NULL : jfutex_cell(&region, "mutex", JFUTEX_MUTEX);
  void *semaphore = error ? NULL : jfutex_cell(&region, "semaphore", JFUTEX_SEMAPHORE);
  void *event = error ? NULL : jfutex_cell(&region, "event", JFUTEX_EVENT);
  void *condvar = error ? NULL : jfutex_cell(&region, "condvar", JFUTEX_CONDVAR);
  if (!mutex || !semaphore || !event || !condvar) return 2;
  printf("ready\n");
  fflush(stdout);
  getchar(); // until all are ready
  srand48(atol(argv[2]));
  long end = millis() + atol(argv[3]);
  uint32_t *found;
  while (millis() < end) {
    struct timespec deadline = soon();
    long start = millis();
    switch (lrand48() % 6) {
    case 0:
      if (timed(start, jfutex_mutex_timedlock(&region, mutex, &deadline))) {
        ended(jfutex_mutex_unlock(mutex));
      }
      break;
    case 1:
      if (timed(start, jfutex_semaphore_wait(&region, semaphore, &deadline))) {
        ended(jfutex_semaphore_post(&region, semaphore));
      }
      break;
    case 2:
      timed(start, jfutex_event_wait(&region, event, &deadline));
      jfutex_event_set(event);
      break;
    case 3:
      if (timed(start, jfutex_mutex_timedlock(&region, mutex, &deadline))) {
        ended(jfutex_condvar_wait(&region, condvar, mutex, &deadline));
        ended(jfutex_mutex_unlock(mutex));
      }
      break;
    case 4:
      jfutex_condvar_broadcast(condvar);
      found = jfutex_cell(&region, "semaphore", JFUTEX_SEMAPHORE);
      if (found != NULL) jfutex_load(found);
      break;
    default:
      if (lrand48() % 8 == 0 && ended(jfutex_attach(&other, argv[1]))) {
        jfutex_detach(&other);
      }
    }
  }
  printf("%ld %ld %ld\n", calls, errors, late);
  return 0;
}
