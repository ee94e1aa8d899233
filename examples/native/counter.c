// Counts up the counter of java/SharedCounter.java, in a region that a program in Java has made.
#include <jfutex.h>
#include <stdio.h>
#include <stdlib.h>

// Stays in the middle of counting, with the lock, until it is killed; says who is to be killed.
static void hold(void) {
  fprintf(stderr, "holds the lock, in the middle of counting\n");
  printf("%d\n", (int)getpid());
  fflush(stdout);
  for (;;) {
    pause();
  }
}

int main(int argc, char **argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: counter PATH TIMES, or PATH hold\n");
    return 2;
  }
  struct jfutex_region region;
  int error = jfutex_attach(&region, argv[1]);
  void *lock = error ? NULL : jfutex_cell(&region, "lock", JFUTEX_MUTEX);
  volatile long *cells = error ? NULL : jfutex_cell(&region, "counter", JFUTEX_BYTES);
  if (!lock || !cells) {
    fprintf(stderr, "%s: %s\n", argv[1], error ? strerror(error) : "expected a lock and a counter");
    return 1;
  }
  int holds = strcmp(argv[2], "hold") == 0;
  int deaths = 0;
  for (long times = holds ? 1 : atol(argv[2]); times > 0; times--) {
    error = jfutex_mutex_lock(&region, lock);
    if (error == EOWNERDEAD) {
      printf("told of a death: %ld begun, %ld done\n", cells[0], cells[1]);
      cells[1] = cells[0]; // finish what was left half done
      deaths++;
    } else if (error != 0) {
      fprintf(stderr, "lock: %s\n", strerror(error));
      return 1;
    }
    cells[0]++;
    if (holds) {
      hold();
    }
    cells[1]++;
    jfutex_mutex_unlock(lock);
  }
  jfutex_mutex_lock(&region, lock);
  printf("%ld, after %d deaths: %s\n", cells[0], deaths, cells[0] == cells[1] ? "ok" : "wrong");
  jfutex_mutex_unlock(lock);
  jfutex_detach(&region);
  return 0;
}
