// Address spaces: processes that share memory without being threads meet on private words; a fork does not; vfork,
// posix_spawn and exec, also a failing exec, disturb no sleeper.
#include "check.h"

#include <spawn.h>

extern char **environ;

static uint32_t word, answered;
static char stack[65536] __attribute__((aligned(64)));

static int wait_in_clone(void *arg) {
  (void)arg;
  long result = raw6(NR_FUTEX, (long)&word, FUTEX_WAIT_PRIVATE, 0, 0, 0, 0);
  __atomic_store_n(&answered, 1, __ATOMIC_SEQ_CST);
  raw6(NR_FUTEX, (long)&answered, FUTEX_WAKE_PRIVATE, 1, 0, 0, 0);
  raw6(SYS_exit_group, result == 0 ? 0 : 1, 0, 0, 0, 0, 0);
  return 0;
}

static int wake_in_clone(void *arg) {
  (void)arg;
  long result = raw6(NR_FUTEX, (long)&word, FUTEX_WAKE_PRIVATE, 1, 0, 0, 0);
  raw6(SYS_exit_group, result, 0, 0, 0, 0, 0);
  return 0;
}

static int exit_status(pid_t child) {
  int status;
  MUST(child > 0);
  MUST(waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

// CLONE_VM without CLONE_THREAD: another process, the same memory.
static void shared_memory_process(void) {
  pid_t child = clone(wait_in_clone, stack + sizeof stack, CLONE_VM | SIGCHLD, NULL);
  MUST(child > 0);
  await_parked_in(child, child, &word);
  EQUAL(1, wake(&word, 1));
  while (__atomic_load_n(&answered, __ATOMIC_SEQ_CST) == 0) futex(&answered, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
  EQUAL(0, exit_status(child));

  struct waiter w = {.word = &word, .op = FUTEX_WAIT_PRIVATE};
  start(&w);
  EQUAL(1, exit_status(clone(wake_in_clone, stack + sizeof stack, CLONE_VM | SIGCHLD, NULL)));
  EQUAL(0, finish(&w));
  start(&w); // and while the parent is held by vfork
  EQUAL(1, exit_status(clone(wake_in_clone, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD, NULL)));
  EQUAL(0, finish(&w));
  printf("processes with one memory: met\n");
}

// After a fork the same address is another word.
static void forked_process(void) {
  struct waiter w = {.word = &word, .op = FUTEX_WAIT_PRIVATE};
  start(&w);
  pid_t child = fork();
  if (child == 0) {
    die_with_parent();
    long own = wake(&word, 1) + wake_shared(&word, 1);
    struct waiter mine = {.word = &word, .op = FUTEX_WAIT_PRIVATE};
    start(&mine);
    own += 10 * wake(&word, INT_MAX);
    own += finish(&mine);
    _exit((int)own);
  }
  EQUAL(10, exit_status(child));
  EQUAL(STILL_ASLEEP, w.result);
  EQUAL(1, wake(&word, INT_MAX));
  EQUAL(0, finish(&w));
  printf("forked process: apart\n");
}

static void vfork_and_spawn(void) {
  struct waiter w = {.word = &word, .op = FUTEX_WAIT_PRIVATE};
  start(&w);
  for (int i = 0; i < 10; i++) {
    pid_t child = vfork();
    if (child == 0) {
      execl("/bin/sh", "sh", "-c", "exit 3", (char *)NULL);
      _exit(9);
    }
    EQUAL(3, exit_status(child));
    char *arguments[] = {"sh", "-c", "exit 4", NULL};
    MUST(posix_spawn(&child, "/bin/sh", NULL, NULL, arguments, environ) == 0);
    EQUAL(4, exit_status(child));
    EQUAL(0, system(":"));
  }
  EQUAL(STILL_ASLEEP, w.result);
  // a SIGCHLD that system() blocked went to it, and was ignored there: it may have to come to its queue again
  while (wake(&word, 1) == 0) sched_yield();
  EQUAL(0, finish(&w));
  printf("vfork, spawn, exec: sleeper undisturbed\n");
}

static void failing_exec(void) {
  struct waiter w[3];
  for (int i = 0; i < 3; i++) {
    w[i] = (struct waiter){.word = &word, .op = FUTEX_WAIT_PRIVATE};
    start(&w[i]);
  }
  EQUAL(-1, execl("/nonexistent/program", "program", (char *)NULL));
  EQUAL(ENOENT, errno);
  EQUAL(-1, execl("/etc/passwd", "passwd", (char *)NULL));
  EQUAL(EACCES, errno);
  pid_t child;
  char *arguments[] = {"program", NULL};
  EQUAL(ENOENT, posix_spawn(&child, "/nonexistent/program", NULL, NULL, arguments, environ));
  // the spawned child's SIGCHLD went to one of them: procfs may show it asleep before it is in its queue again
  int woken = 0;
  for (; woken < 3; sched_yield()) woken += wake(&word, INT_MAX);
  EQUAL(3, woken);
  for (int i = 0; i < 3; i++) EQUAL(0, finish(&w[i]));
  printf("failing exec: 3 sleepers undisturbed\n");
}

// A thread other than the leader executes: the process goes on as its new image, with locks that work.
static void *exec_from_thread(void *arg) {
  execl("/proc/self/exe", "spaces", "after-exec", (char *)NULL);
  return arg;
}

static void exec_by_thread(void) {
  pid_t child = fork();
  if (child == 0) {
    die_with_parent();
    pthread_t thread;
    pthread_create(&thread, NULL, exec_from_thread, NULL);
    futex(&word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0); // ended by the exec
    _exit(9);
  }
  EQUAL(0, exit_status(child));
  printf("exec by a thread: went on\n");
}

// The same address as before the exec, in a new memory: no old sleeper must answer.
static int after_exec(void) {
  struct waiter w = {.word = &word, .op = FUTEX_WAIT_PRIVATE};
  EQUAL(0, wake(&word, INT_MAX));
  start(&w);
  EQUAL(1, wake(&word, INT_MAX));
  EQUAL(0, finish(&w));
  return failures ? 1 : 0;
}

int main(int argc, char **argv) {
  watchdog(60);
  if (argc > 1 && strcmp(argv[1], "after-exec") == 0) return after_exec();
  shared_memory_process();
  forked_process();
  vfork_and_spawn();
  failing_exec();
  exec_by_thread();
  return verdict();
}
