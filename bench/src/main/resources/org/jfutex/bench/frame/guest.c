/*
 * A program whose futex calls somebody may serve:
 *
 *   guest wake             FUTEX_WAKE with nobody waiting
 *   guest park             from before the wake of a thread that sleeps until that thread runs
 *   guest continue WHAT    the same, supervised by another process that lets every futex call go
 *                          on (SECCOMP_USER_NOTIF_FLAG_CONTINUE) and does nothing else
 *
 * says "ready". Then it reads how many, and answers with the median of their nanoseconds and 1,
 * line by line. It ends with its standard input.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS _IOW('!', 4, uint64_t)
#endif
#define SYNC_WAKE_UP 1UL
#define FALL_ASLEEP_NANOS 300000 /* more than what a thread takes to do so under a supervisor */

static uint32_t empty, word, seen;
static long began, *latencies;

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void set(uint32_t *at, uint32_t value) { __atomic_store_n(at, value, __ATOMIC_SEQ_CST); }

static uint32_t get(uint32_t *at) { return __atomic_load_n(at, __ATOMIC_SEQ_CST); }

static long futex(uint32_t *at, int operation, uint32_t value) {
  return syscall(SYS_futex, at, operation | FUTEX_PRIVATE_FLAG, value, NULL, NULL, 0);
}

static long nanos(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000000L + now.tv_nsec;
}

static void *sleeper(void *unused) {
  for (uint32_t i = 0;; i++) {
    while (get(&word) == i)
      futex(&word, FUTEX_WAIT, i);
    latencies[0] = nanos() - began;
    set(&seen, i + 1);
  }
  return unused;
}

static long wake_nobody(void) {
  long start = nanos();
  futex(&empty, FUTEX_WAKE, 1);
  return nanos() - start;
}

static long wake_sleeper(void) {
  struct timespec pause = {0, FALL_ASLEEP_NANOS};
  nanosleep(&pause, NULL);
  uint32_t next = get(&word) + 1;
  began = nanos();
  set(&word, next);
  futex(&word, FUTEX_WAKE, 1);
  while (get(&seen) != next)
    sched_yield();
  return latencies[0];
}

static int compare(const void *a, const void *b) {
  long x = *(const long *)a, y = *(const long *)b;
  return (x > y) - (x < y);
}

static int serve(const char *what) {
  int park = strcmp(what, "park") == 0;
  latencies = malloc(sizeof(long));
  pthread_t thread;
  if (park && pthread_create(&thread, NULL, sleeper, NULL) != 0)
    fail("pthread_create");
  printf("ready\n");
  fflush(stdout);
  long amount;
  while (scanf("%ld", &amount) == 1) {
    long *samples = malloc(sizeof(long) * amount);
    for (long i = 0; i < amount; i++)
      samples[i] = park ? wake_sleeper() : wake_nobody();
    qsort(samples, amount, sizeof(long), compare);
    printf("%ld 1\n", samples[amount / 2]);
    fflush(stdout);
    free(samples);
  }
  return 0;
}

/* Lets go on whatever is asked about, until the process that is supervised has ended. */
static void supervise(int listener) {
  uint64_t flags = SYNC_WAKE_UP;
  ioctl(listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, flags); /* older kernels do without */
  while (1) {
    struct seccomp_notif call;
    memset(&call, 0, sizeof call);
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call) != 0) {
      if (errno == EINTR || errno == ENOENT)
        continue;
      return;
    }
    struct seccomp_notif_resp answer;
    memset(&answer, 0, sizeof answer);
    answer.id = call.id;
    answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
  }
}

/* The filter asks about futex(2) alone. */
static int filter(void) {
  struct sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_futex, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {sizeof code / sizeof code[0], code};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
    fail("PR_SET_NO_NEW_PRIVS");
  return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
}

static void ended(int unused) {
  (void)unused;
  _exit(0);
}

/* The two share their files, so that the listener is known by one number in both. */
static int supervised(const char *what) {
  int *listener =
      mmap(NULL, sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (listener == MAP_FAILED)
    fail("mmap");
  *listener = -1;
  signal(SIGCHLD, ended);
  pid_t parent = getpid();
  long child = syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);
  if (child < 0)
    fail("clone");
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) /* it has died before */
      return 1;
    int number = filter();
    if (number < 0)
      fail("seccomp");
    __atomic_store_n(listener, number, __ATOMIC_SEQ_CST);
    return serve(what);
  }
  struct timespec pause = {0, 1000000};
  while (__atomic_load_n(listener, __ATOMIC_SEQ_CST) < 0)
    nanosleep(&pause, NULL);
  supervise(*listener);
  return 0;
}

int main(int argc, char **argv) {
  int continued = argc == 3 && strcmp(argv[1], "continue") == 0;
  if (argc != (continued ? 3 : 2)) {
    fprintf(stderr, "guest: expected wake, park, or continue and one of them\n");
    return 2;
  }
  return continued ? supervised(argv[2]) : serve(argv[1]);
}
