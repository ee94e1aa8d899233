// Threads and processes that end while somebody sleeps on a word their end is to change.
#include "check.h"

enum { THREAD_FLAGS = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM };

static uint32_t *shared;

static void expect_child_ok(pid_t child) {
  int status;
  MUST(waitpid(child, &status, 0) == child);
  EQUAL(0, status);
}

// ---- joins -----------------------------------------------------------------------------------------------------

static void *sleep_a_little(void *arg) {
  pause_millis(2);
  return arg;
}

static void joins(void) {
  long sum = 0;
  for (long i = 0; i < 60; i++) {
    pthread_t thread;
    void *answer;
    pthread_create(&thread, NULL, sleep_a_little, (void *)i);
    EQUAL(0, pthread_join(thread, &answer));
    sum += (long)answer;
  }
  EQUAL(59 * 60 / 2, sum);
  printf("joins: 60\n");
}

static void *join_main(void *arg) {
  EQUAL(0, pthread_join(*(pthread_t *)arg, NULL));
  exit(failures ? 1 : 0);
}

// The main thread leaves first; another one joins it and ends the process.
static void leader_leaves_first(void) {
  pid_t child = fork();
  MUST(child >= 0);
  if (child == 0) {
    die_with_parent();
    static pthread_t leader, joiner;
    leader = pthread_self();
    pthread_create(&joiner, NULL, join_main, &leader);
    pause_millis(30); // the usual order: the joiner sleeps before the leader leaves
    pthread_exit(NULL);
  }
  expect_child_ok(child);
  printf("leader leaves first: joined\n");
}

static void *outlive_leader(void *arg) {
  static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  pthread_t leader = *(pthread_t *)arg, others[4];
  pthread_join(leader, NULL); // the leader is a zombie from here on
  pthread_mutex_lock(&lock);
  for (int i = 0; i < 4; i++) pthread_create(&others[i], NULL, sleep_a_little, NULL);
  for (int i = 0; i < 4; i++) EQUAL(0, pthread_join(others[i], NULL));
  struct waiter w = {.word = &shared[8], .op = FUTEX_WAIT};
  start(&w);
  EQUAL(1, wake_shared(&shared[8], 1));
  EQUAL(0, finish(&w));
  uint32_t mine = 0;
  w = (struct waiter){.word = &mine, .op = FUTEX_WAIT_PRIVATE};
  start(&w);
  EQUAL(0, wake_shared(&mine, 1));
  EQUAL(1, wake(&mine, 1));
  EQUAL(0, finish(&w));
  exit(failures ? 1 : 0);
}

static void threads_go_on_without_leader(void) {
  pid_t child = fork();
  MUST(child >= 0);
  if (child == 0) {
    die_with_parent();
    static pthread_t leader, other;
    leader = pthread_self();
    pthread_create(&other, NULL, outlive_leader, &leader);
    pthread_exit(NULL);
  }
  expect_child_ok(child);
  printf("threads go on without their leader: right\n");
}

// ---- clear-tid words that do not hold a thread's number ---------------------------------------------------------

static uint32_t gate, cleared;

// Runs without thread-local storage of its own: nothing but bare system calls.
static int bare_thread(void *arg) {
  (void)arg;
  raw6(NR_FUTEX, (long)&gate, FUTEX_WAIT, 0, 0, 0, 0);
  raw6(SYS_exit, 0, 0, 0, 0, 0, 0);
  return 0;
}

static void open_gate(void) {
  __atomic_store_n(&gate, 1, __ATOMIC_SEQ_CST);
  wake_shared(&gate, INT_MAX);
}

// Asleep for procfs is not yet asleep in a queue where the calls are served from outside: the exit may come first.
static void woken_or_too_late(struct waiter *w) {
  int result = finish(w);
  CHECK(result == 0 || result == -EAGAIN);
}

static void clear_tid_by_clone(void) {
  char *stack = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  for (int i = 0; i < 20; i++) {
    gate = 0;
    cleared = 7777; // not the number of any thread
    pid_t tid = clone(bare_thread, stack + 65536, THREAD_FLAGS | CLONE_CHILD_CLEARTID, NULL, NULL, NULL, &cleared);
    MUST(tid > 0);
    struct waiter w = {.word = &cleared, .op = FUTEX_WAIT, .val = 7777};
    start(&w);
    open_gate();
    woken_or_too_late(&w);
    EQUAL(0, cleared);
  }
  munmap(stack, 65536);
  printf("clear-tid word given to clone: 20 woken\n");
}

static atomic_int announced;

static void *with_own_word(void *arg) {
  (void)arg;
  raw6(SYS_set_tid_address, (long)&cleared, 0, 0, 0, 0, 0);
  atomic_store(&announced, 1);
  futex(&gate, FUTEX_WAIT, 0, NULL, NULL, 0);
  return NULL;
}

static void clear_tid_by_set_tid_address(void) {
  for (int i = 0; i < 20; i++) {
    pthread_t thread;
    gate = 0;
    cleared = 4242;
    atomic_store(&announced, 0);
    MUST(pthread_create(&thread, NULL, with_own_word, NULL) == 0);
    pthread_detach(thread);
    while (!atomic_load(&announced)) sched_yield();
    struct waiter w = {.word = &cleared, .op = FUTEX_WAIT, .val = 4242};
    start(&w);
    open_gate();
    woken_or_too_late(&w);
    EQUAL(0, cleared);
  }
  printf("clear-tid word given to set_tid_address: 20 woken\n");
}

// A process, not a thread, whose end clears a word in memory that it shares with its parent.
static void clear_tid_of_process(void) {
  char *stack = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  gate = 0;
  cleared = 99;
  pid_t child = clone(bare_thread, stack + 65536, CLONE_VM | CLONE_CHILD_CLEARTID | SIGCHLD, NULL, NULL, NULL, &cleared);
  MUST(child > 0);
  struct waiter w = {.word = &cleared, .op = FUTEX_WAIT, .val = 99};
  start(&w);
  open_gate();
  woken_or_too_late(&w);
  EQUAL(0, cleared);
  expect_child_ok(child);
  munmap(stack, 65536);
  printf("clear-tid word of a process: woken\n");
}

// ---- whole processes that end asleep ---------------------------------------------------------------------------

static void *park_on(void *arg) {
  futex(arg, FUTEX_WAIT, 0, NULL, NULL, 0);
  return NULL;
}

static void await_all_parked(pid_t child, int n) {
  for (int i = 0; i < n; i++) await_parked_in(child, (pid_t)shared[100 + i], &shared[0]);
}

static void *announce_and_park(void *arg) {
  long i = (long)arg;
  __atomic_store_n(&shared[100 + i], (uint32_t)tid_of_self(), __ATOMIC_SEQ_CST);
  return park_on(&shared[0]);
}

static pid_t parked_child(int n, int then_exec) {
  for (int i = 0; i < n; i++) shared[100 + i] = 0;
  int go[2];
  MUST(pipe(go) == 0);
  pid_t child = fork();
  MUST(child >= 0);
  if (child == 0) {
    die_with_parent();
    pthread_t threads[16];
    for (long i = 0; i < n; i++) pthread_create(&threads[i], NULL, announce_and_park, (void *)i);
    char c;
    close(go[1]);
    MUST(read(go[0], &c, 1) >= 0); // until the parent has seen all asleep
    if (then_exec) execl("/bin/sh", "sh", "-c", "exit 5", (char *)NULL);
    pause();
  }
  for (int i = 0; i < n; i++)
    while (__atomic_load_n(&shared[100 + i], __ATOMIC_SEQ_CST) == 0) pause_millis(1);
  await_all_parked(child, n);
  close(go[0]);
  close(go[1]);
  return child;
}

static void killed_sleepers_are_not_counted(void) {
  int status;
  pid_t child = parked_child(10, 0);
  struct waiter mine = {.word = &shared[0], .op = FUTEX_WAIT};
  start(&mine);
  kill(child, SIGKILL);
  MUST(waitpid(child, &status, 0) == child);
  EQUAL(SIGKILL, status);
  EQUAL(1, wake_shared(&shared[0], INT_MAX)); // the live one, however many dead ones came before it
  EQUAL(0, finish(&mine));
  printf("killed sleepers: not counted\n");
}

static void exec_ends_sleepers(void) {
  int status;
  pid_t child = parked_child(10, 1);
  MUST(waitpid(child, &status, 0) == child);
  EQUAL(5 << 8, status);
  EQUAL(0, wake_shared(&shared[0], INT_MAX));
  printf("exec: its sleepers not counted\n");
}

static void exit_group_ends_sleepers(void) {
  int status;
  pid_t child = fork();
  MUST(child >= 0);
  if (child == 0) {
    die_with_parent();
    struct waiter w[5];
    for (int i = 0; i < 5; i++) {
      w[i] = (struct waiter){.word = &shared[0], .op = FUTEX_WAIT};
      start(&w[i]);
    }
    _exit(6);
  }
  MUST(waitpid(child, &status, 0) == child);
  EQUAL(6 << 8, status);
  EQUAL(0, wake_shared(&shared[0], INT_MAX));
  printf("exit: its sleepers not counted\n");
}

int main(void) {
  watchdog(60);
  shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  MUST(shared != MAP_FAILED);
  joins();
  leader_leaves_first();
  threads_go_on_without_leader();
  clear_tid_by_clone();
  clear_tid_by_set_tid_address();
  clear_tid_of_process();
  killed_sleepers_are_not_counted();
  exec_ends_sleepers();
  exit_group_ends_sleepers();
  return verdict();
}
