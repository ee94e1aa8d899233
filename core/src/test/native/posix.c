// The C side of the tests of org.jfutex.shm: maps the file it is given, obeys one command a line,
// and answers each with a number: 0 or an errno, unless the command says otherwise.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define BYTES 4096

enum { NOBODY, FROM_JAVA, FROM_C };

struct exchange {
  pthread_mutex_t mutex; // at byte 0
  pthread_cond_t cond;   // at byte 40
  long turn;             // at byte 88: one of the enum
  long value;            // at byte 96
};

static char *memory;

static void *at(long offset) { return memory + offset; }

static long init_mutex(long offset, long shared, long type, long robust, long protocol) {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  if (shared) pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
  if (type) pthread_mutexattr_settype(&attributes, type);
  if (robust) pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
  if (protocol) pthread_mutexattr_setprotocol(&attributes, protocol);
  return pthread_mutex_init(at(offset), &attributes);
}

static long init_cond(long offset, long shared) {
  pthread_condattr_t attributes;
  pthread_condattr_init(&attributes);
  pthread_condattr_setpshared(&attributes, shared);
  return pthread_cond_init(at(offset), &attributes);
}

// Answers every message of Java with its triple; returns the sum of what came.
static long echo(long messages) {
  struct exchange *x = at(0);
  long sum = 0;
  for (long i = 0; i < messages; i++) {
    pthread_mutex_lock(&x->mutex);
    while (x->turn != FROM_JAVA) pthread_cond_wait(&x->cond, &x->mutex);
    sum += x->value;
    x->value *= 3;
    x->turn = FROM_C;
    pthread_cond_signal(&x->cond);
    pthread_mutex_unlock(&x->mutex);
  }
  return sum;
}

// Takes from one semaphore and gives to another.
static long relay(long from, long to, long times) {
  for (long i = 0; i < times; i++) {
    if (sem_wait(at(from)) || sem_post(at(to))) return errno;
  }
  return 0;
}

int main(int argc, char **argv) {
  int fd = argc == 2 ? open(argv[1], O_RDWR) : -1;
  memory = fd < 0 ? MAP_FAILED : mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) return 2;
  char line[256];
  while (fgets(line, sizeof line, stdin)) {
    char op[32];
    long a = 0, b = 0, c = 0, d = 0, e = 0, answer;
    sscanf(line, "%31s %ld %ld %ld %ld %ld", op, &a, &b, &c, &d, &e);
    if (!strcmp(op, "mutex")) answer = init_mutex(a, b, c, d, e);
    else if (!strcmp(op, "cond")) answer = init_cond(a, b);
    else if (!strcmp(op, "sem")) answer = sem_init(at(a), b, c) ? errno : 0;
    else if (!strcmp(op, "lock")) answer = pthread_mutex_lock(at(a));
    else if (!strcmp(op, "trylock")) answer = pthread_mutex_trylock(at(a));
    else if (!strcmp(op, "unlock")) answer = pthread_mutex_unlock(at(a));
    else if (!strcmp(op, "consistent")) answer = pthread_mutex_consistent(at(a));
    else if (!strcmp(op, "destroy")) answer = pthread_mutex_destroy(at(a));
    else if (!strcmp(op, "wait")) answer = pthread_cond_wait(at(a), at(b));
    else if (!strcmp(op, "signal")) answer = pthread_cond_signal(at(a));
    else if (!strcmp(op, "echo")) answer = echo(a);
    else if (!strcmp(op, "relay")) answer = relay(a, b, c);
    else return 3;
    printf("%ld\n", answer);
    fflush(stdout);
  }
  return 0;
}
