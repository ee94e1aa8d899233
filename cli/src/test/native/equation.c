// The accounting equation: what all wakers were told they woke is what all sleepers report as woken, whatever happens
// at the same moment: deadlines, signals, requeues, masks, vector waits, threads of another process.
//   equation [MILLISECONDS]     (default 1500)
#include "check.h"

enum { WORDS = 3, SLEEPERS = 6, WAKERS = 3 };

struct board {
  uint32_t words[WORDS];
  atomic_long woken, counted, timed_out, interrupted, moved;
  atomic_int stop;
};

static struct board *board;

static void on_signal(int signal) { (void)signal; }

static void *sleeper(void *arg) {
  unsigned seed = 1 + (unsigned)(long)arg;
  while (!atomic_load(&board->stop)) {
    int which = rand_r(&seed) % WORDS;
    struct timespec t = timespec_of(200000 + rand_r(&seed) % 4000000);
    long result = futex(&board->words[which], FUTEX_WAIT, 0, &t, NULL, 0);
    if (result == 0) atomic_fetch_add(&board->woken, 1);
    else if (result == -ETIMEDOUT) atomic_fetch_add(&board->timed_out, 1);
    else if (result == -EINTR) atomic_fetch_add(&board->interrupted, 1);
    else EQUAL(0, result);
  }
  return NULL;
}

static void *waker(void *arg) {
  unsigned seed = 100 + (unsigned)(long)arg;
  while (!atomic_load(&board->stop)) {
    uint32_t *word = &board->words[rand_r(&seed) % WORDS], *other = &board->words[rand_r(&seed) % WORDS];
    long result;
    switch (rand_r(&seed) % 4) {
      case 0:
        result = futex(word, FUTEX_REQUEUE, 0, (void *)2L, other, 0); // wakes none: the answer counts the moved only
        if (result > 0) atomic_fetch_add(&board->moved, result);
        CHECK(result >= 0);
        break;
      case 1:
        result = futex(word, FUTEX_WAKE_BITSET, 2, NULL, NULL, 1u << rand_r(&seed) % 32);
        CHECK(result >= 0 && result <= 2);
        atomic_fetch_add(&board->counted, result);
        break;
      default:
        result = wake_shared(word, 1 + rand_r(&seed) % 2);
        CHECK(result >= 0 && result <= 2);
        atomic_fetch_add(&board->counted, result);
    }
    if (rand_r(&seed) % 4 == 0) pause_millis(1);
  }
  return NULL;
}

static pthread_t sleepers[SLEEPERS];

static void *signaller(void *arg) {
  for (int i = 0; !atomic_load(&board->stop); i++) {
    pthread_kill(sleepers[i % SLEEPERS], SIGUSR1);
    pause_millis(2);
  }
  return arg;
}

static void play(int64_t ms) {
  pthread_t wakers[WAKERS], killer;
  for (long i = 0; i < SLEEPERS; i++) pthread_create(&sleepers[i], NULL, sleeper, (void *)(i + getpid()));
  for (long i = 0; i < WAKERS; i++) pthread_create(&wakers[i], NULL, waker, (void *)(i + getpid()));
  pthread_create(&killer, NULL, signaller, NULL);
  pause_millis(ms);
  atomic_store(&board->stop, 1);
  pthread_join(killer, NULL);
  for (int i = 0; i < WAKERS; i++) pthread_join(wakers[i], NULL);
  for (int i = 0; i < SLEEPERS; i++) pthread_join(sleepers[i], NULL);
}

int main(int argc, char **argv) {
  watchdog(120);
  int64_t ms = argc > 1 ? atoi(argv[1]) : 1500;
  struct sigaction action = {.sa_handler = on_signal};
  sigaction(SIGUSR1, &action, NULL);
  board = mmap(NULL, sizeof *board, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  MUST(board != MAP_FAILED);
  pid_t child = fork();
  MUST(child >= 0);
  if (child == 0) {
    die_with_parent();
    play(ms);
    exit(failures ? 1 : 0);
  }
  play(ms);
  int status;
  waitpid(child, &status, 0);
  EQUAL(0, status);
  fprintf(stderr, "woken %ld timed out %ld interrupted %ld moved %ld\n", board->woken, board->timed_out, board->interrupted,
          board->moved);
  CHECK(board->woken > 0);
  EQUAL(board->counted, board->woken);
  for (int i = 0; i < WORDS; i++) EQUAL(0, wake_shared(&board->words[i], INT_MAX)); // nobody is left behind
  printf("equation: wakes counted equal waits woken\n");
  return verdict();
}
