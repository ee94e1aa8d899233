// The ways a program can end, and what outlives it.
//   ends exit N | signal N | thread-exit N | outlive FILE MILLISECONDS | asleep
#include "check.h"

#include <sys/resource.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turned = PTHREAD_COND_INITIALIZER;
static int turn, number;

static void *play(void *arg) {
  int me = (int)(long)arg;
  for (int i = 0; i < 50; i++) {
    pthread_mutex_lock(&lock);
    while (turn % 2 != me) pthread_cond_wait(&turned, &lock);
    turn++;
    pthread_cond_broadcast(&turned);
    pthread_mutex_unlock(&lock);
  }
  return NULL;
}

static void *park(void *arg) {
  static uint32_t word;
  long result;
  do result = futex(&word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
  while (result == 0 || result == -EINTR);
  _exit(9); // as a C library would abort: nobody serves this call any more
  return arg;
}

static void *leave(void *arg) {
  exit(number);
  return arg;
}

static void some_asleep(void) {
  pthread_t thread;
  for (int i = 0; i < 3; i++) pthread_create(&thread, NULL, park, NULL);
}

// Not a child of anybody who waits: works on when the first program is long gone, and writes a file when done.
static void outlive(const char *name, int64_t ms) {
  if (fork() != 0) return;
  setsid();
  if (fork() != 0) _exit(0);
  alarm(60);
  for (int fd = 0; fd < 3; fd++) close(fd);
  pthread_t threads[2];
  while (getppid() != 1 && ms > 0) {
    pause_millis(10);
    ms -= 10;
  }
  for (int i = 0; i < 10; i++) {
    turn = 0;
    for (long k = 0; k < 2; k++) pthread_create(&threads[k], NULL, play, (void *)k);
    for (int k = 0; k < 2; k++) pthread_join(threads[k], NULL);
    pause_millis(ms / 10);
  }
  int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (fd < 0 || write(fd, turn == 100 ? "served\n" : "wrong!\n", 7) != 7) _exit(1);
  _exit(0);
}

int main(int argc, char **argv) {
  watchdog(60);
  struct rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);
  const char *how = argc > 1 ? argv[1] : "";
  number = argc > 2 ? atoi(argv[2]) : 0;
  if (strcmp(how, "outlive") == 0) {
    outlive(argv[2], atoi(argv[3]));
    return 3;
  }
  some_asleep();
  if (strcmp(how, "exit") == 0) return number;
  if (strcmp(how, "signal") == 0) {
    signal(number, SIG_DFL);
    kill(getpid(), number);
    pause_millis(5000);
    return 99;
  }
  if (strcmp(how, "thread-exit") == 0) {
    pthread_t thread;
    pthread_create(&thread, NULL, leave, NULL);
    pthread_exit(NULL);
  }
  if (strcmp(how, "asleep") == 0) {
    printf("asleep %d\n", getpid());
    park(NULL);
  }
  return 2;
}
