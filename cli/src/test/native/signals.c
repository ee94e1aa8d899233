// Signals at sleepers: none of the wakes racing with them may get lost, and what the sleeper sees is what signal(7)
// says about futex(2), with and without SA_RESTART.
//   signals [ROUNDS]     (default 500 rounds of each race)
#include "check.h"

static int rounds = 500;
static atomic_long handled;

static void on_signal(int signal) {
  (void)signal;
  atomic_fetch_add(&handled, 1);
}

static void install(int flags) {
  struct sigaction action = {.sa_handler = on_signal, .sa_flags = flags};
  sigaction(SIGUSR1, &action, NULL);
}

// ---- races -----------------------------------------------------------------------------------------------------

static sem_t posted;
static atomic_long acquired, refused;
static atomic_int round_now, stop;
static atomic_long fired;
static pthread_t targets[2];

static void *acquirer(void *arg) {
  for (;;) {
    if (sem_wait(&posted) != 0) {
      CHECK(errno == EINTR);
      atomic_fetch_add(&refused, 1);
      continue;
    }
    if (atomic_load(&stop)) return arg;
    atomic_fetch_add(&acquired, 1);
  }
}

// Fires at one of the sleepers in the same moment in which the main thread posts.
static void *gunner(void *arg) {
  for (int last = 0;;) {
    int now = atomic_load(&round_now);
    if (now < 0) return arg;
    if (now == last) {
      sched_yield();
      continue;
    }
    last = now;
    pthread_kill(targets[now & 1], SIGUSR1);
    atomic_store(&fired, now);
  }
}

static void posts_against_signals(void) {
  pthread_t gun;
  int value;
  install(0);
  sem_init(&posted, 0, 0);
  for (int i = 0; i < 2; i++) pthread_create(&targets[i], NULL, acquirer, NULL);
  pthread_create(&gun, NULL, gunner, NULL);
  for (int i = 1; i <= rounds; i++) {
    atomic_store(&round_now, i);
    if (i % 3 == 0) sched_yield(); // shifts the signal against the post
    sem_post(&posted);
    if (!await_at_least(&acquired, i, 10000)) {
      sem_getvalue(&posted, &value);
      printf("FAILED: post %d of %d is lost, semaphore %d\n", i, rounds, value);
      fflush(stdout);
      _exit(1);
    }
    await_at_least(&fired, i, 10000);
  }
  EQUAL(rounds, fired);
  atomic_store(&fired, 0);
  atomic_store(&round_now, -1);
  pthread_join(gun, NULL);
  EQUAL(rounds, acquired);
  atomic_store(&stop, 1);
  for (int i = 0; i < 2; i++) sem_post(&posted);
  for (int i = 0; i < 2; i++) pthread_join(targets[i], NULL);
  sem_getvalue(&posted, &value);
  EQUAL(0, value);
  fprintf(stderr, "posts: %ld signals handled, %ld waits interrupted\n", handled, refused);
  printf("posts against signals: %d posted, %ld acquired, %d left\n", rounds, acquired, value);
}

// The same on a bare word, where the count is exact: a wake that says 1 has a wait that says 0.
static uint32_t word;
static atomic_long woken, interrupted, sleeps;

static void *bare_sleeper(void *arg) {
  while (!atomic_load(&stop)) {
    atomic_fetch_add(&sleeps, 1);
    long result = futex(&word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
    if (result == 0) atomic_fetch_add(&woken, 1);
    else if (result == -EINTR) atomic_fetch_add(&interrupted, 1);
    else CHECK(result == -EAGAIN && atomic_load(&stop));
  }
  return arg;
}

static void wakes_against_signals(void) {
  pthread_t gun;
  long counted = 0;
  install(0);
  atomic_store(&stop, 0);
  atomic_store(&round_now, 0);
  for (int i = 0; i < 2; i++) pthread_create(&targets[i], NULL, bare_sleeper, NULL);
  pthread_create(&gun, NULL, gunner, NULL);
  for (int i = 1; i <= rounds; i++) {
    atomic_store(&round_now, i);
    if (i % 3 == 0) sched_yield();
    long result = wake(&word, 1);
    CHECK(result == 0 || result == 1);
    counted += result;
    await_at_least(&fired, i, 10000);
    if (i % 8 == 0) pause_millis(1); // lets both fall asleep again
  }
  EQUAL(rounds, fired);
  atomic_store(&round_now, -1);
  pthread_join(gun, NULL);
  atomic_store(&stop, 1);
  __atomic_store_n(&word, 1, __ATOMIC_SEQ_CST);
  counted += wake(&word, INT_MAX);
  for (int i = 0; i < 2; i++) pthread_join(targets[i], NULL);
  word = 0;
  EQUAL(counted, woken);
  fprintf(stderr, "wakes: %ld counted, %ld interrupted, %ld sleeps\n", counted, interrupted, sleeps);
  printf("wakes against signals: wakes counted equal waits woken\n");
}

// ---- what one sleeper sees -------------------------------------------------------------------------------------

static void shoot(struct waiter *w) {
  long before = handled;
  pthread_kill(w->thread, SIGUSR1);
  CHECK(await_at_least(&handled, before + 1, 5000));
}

static void without_restart(void) {
  static struct timespec later;
  struct waiter w = {.word = &word, .op = FUTEX_WAIT_PRIVATE};
  install(0);
  for (int timed = 0; timed < 2; timed++) {
    later = timespec_of(20000000000LL);
    w.timeout = timed ? &later : NULL;
    start(&w);
    shoot(&w);
    EQUAL(-EINTR, finish(&w));
    EQUAL(0, wake(&word, INT_MAX)); // it is no longer queued
  }
  printf("without SA_RESTART: EINTR\n");
}

static void with_restart(void) {
  static struct timespec later;
  struct waiter w = {.word = &word, .op = FUTEX_WAIT_PRIVATE};
  install(SA_RESTART);
  start(&w);
  for (int i = 0; i < 20; i++) {
    shoot(&w);
    await_parked(w.tid, &word);
  }
  EQUAL(1, wake(&word, 1));
  EQUAL(0, finish(&w));

  start(&w); // the value is looked at again
  __atomic_store_n(&word, 1, __ATOMIC_SEQ_CST);
  shoot(&w);
  EQUAL(-EAGAIN, finish(&w));
  word = 0;

  int64_t deadline = nanos(CLOCK_MONOTONIC) + 20000000000LL; // timed waits of futex(2) end even with SA_RESTART
  for (int absolute = 0; absolute < 2; absolute++) {
    later = timespec_of(absolute ? deadline : 20000000000LL);
    w.op = absolute ? FUTEX_WAIT_BITSET_PRIVATE : FUTEX_WAIT_PRIVATE;
    w.val3 = ~0u;
    w.timeout = &later;
    start(&w);
    shoot(&w);
    EQUAL(-EINTR, finish(&w));
  }
  printf("with SA_RESTART: restarted, EINTR when timed\n");
}

static atomic_long futex2_result;
static atomic_int futex2_tid;
static struct timespec futex2_deadline;

static void *futex2_waiter(void *arg) {
  atomic_store(&futex2_tid, tid_of_self());
  atomic_store(&futex2_result, raw6(NR_FUTEX_WAIT, (long)&word, 0, ~0u, F2_U32 | F2_PRIVATE, (long)&futex2_deadline, CLOCK_MONOTONIC));
  return arg;
}

// The newer call has absolute deadlines only, so it restarts although timed.
static void futex2_with_restart(void) {
  if (raw6(NR_FUTEX_WAKE, (long)&word, 1, 1, F2_U32 | F2_PRIVATE, 0, 0) == -ENOSYS) return;
  pthread_t thread;
  install(SA_RESTART);
  futex2_deadline = in_millis(CLOCK_MONOTONIC, 700);
  pthread_create(&thread, NULL, futex2_waiter, NULL);
  while (futex2_tid == 0) sched_yield();
  for (int i = 0; i < 3; i++) {
    await_parked(futex2_tid, &word);
    long before = handled;
    pthread_kill(thread, SIGUSR1);
    CHECK(await_at_least(&handled, before + 1, 5000));
  }
  pthread_join(thread, NULL);
  EQUAL(-ETIMEDOUT, futex2_result);
  int64_t late = nanos(CLOCK_MONOTONIC) - (futex2_deadline.tv_sec * 1000000000LL + futex2_deadline.tv_nsec);
  CHECK(late >= 0 && late < 500000000);
  printf("futex_wait with SA_RESTART: timed out at its deadline\n");
}

// A blocked signal and an ignored one disturb nobody.
static void unnoticed(void) {
  struct waiter w = {.word = &word, .op = FUTEX_WAIT_PRIVATE};
  sigset_t set;
  install(0);
  signal(SIGUSR2, SIG_IGN);
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &set, NULL); // inherited by the thread
  start(&w);
  pthread_kill(w.thread, SIGUSR1);
  pthread_kill(w.thread, SIGUSR2);
  pause_millis(60); // nothing to wait for: nothing must happen
  EQUAL(STILL_ASLEEP, w.result);
  EQUAL(1, wake(&word, 1));
  EQUAL(0, finish(&w));
  pthread_sigmask(SIG_UNBLOCK, &set, NULL);
  printf("blocked and ignored signals: not noticed\n");
}

// ---- stop and continue -----------------------------------------------------------------------------------------

static uint32_t *shared;

static void stop_and_continue(pid_t child) {
  int status;
  kill(child, SIGSTOP);
  MUST(waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status));
  pause_millis(60);
  kill(child, SIGCONT);
  MUST(waitpid(child, &status, WCONTINUED) == child && WIFCONTINUED(status));
}

// The time of a relative wait runs on while the process is stopped, and starts anew after no stop.
static void stops_do_not_prolong(void) {
  pid_t child = fork();
  MUST(child >= 0);
  if (child == 0) {
    die_with_parent();
    struct timespec t = timespec_of(600000000);
    int64_t before = nanos(CLOCK_MONOTONIC);
    long result = futex(&shared[0], FUTEX_WAIT, 0, &t, NULL, 0);
    int64_t elapsed = nanos(CLOCK_MONOTONIC) - before;
    EQUAL(-ETIMEDOUT, result);
    CHECK(elapsed >= 600000000 && elapsed < 900000000);
    if (failures) printf("the wait took %ld ms\n", (long)(elapsed / 1000000));
    exit(failures ? 1 : 0);
  }
  for (int i = 0; i < 4; i++) {
    await_parked_in(child, child, &shared[0]);
    stop_and_continue(child);
  }
  int status;
  waitpid(child, &status, 0);
  EQUAL(0, status);
  printf("stop and continue: deadline kept\n");
}

// A stopped sleeper is not queued: a wake meanwhile counts nobody, afterwards it sleeps again.
static void stopped_sleepers_are_not_queued(void) {
  int status;
  pid_t child = fork();
  MUST(child >= 0);
  if (child == 0) {
    die_with_parent();
    _exit(futex(&shared[1], FUTEX_WAIT, 0, NULL, NULL, 0) == 0 ? 0 : 1);
  }
  await_parked_in(child, child, &shared[1]);
  kill(child, SIGSTOP);
  MUST(waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status));
  EQUAL(0, wake_shared(&shared[1], 1));
  kill(child, SIGCONT);
  MUST(waitpid(child, &status, WCONTINUED) == child);
  // it has left its queue and comes again: how soon is nobody's promise, so a wake may find nobody yet
  while (wake_shared(&shared[1], 1) == 0) sched_yield();
  waitpid(child, &status, 0);
  EQUAL(0, status);
  printf("stopped sleeper: not queued, then woken\n");
}

int main(int argc, char **argv) {
  watchdog(argc > 1 ? 300 : 60);
  if (argc > 1) rounds = atoi(argv[1]);
  shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  posts_against_signals();
  wakes_against_signals();
  without_restart();
  with_restart();
  futex2_with_restart();
  unnoticed();
  stops_do_not_prolong();
  stopped_sleepers_are_not_queued();
  return verdict();
}
