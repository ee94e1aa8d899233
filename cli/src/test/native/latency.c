// How long a signal takes to reach a thread asleep on a futex.
//   latency [SIGNALS [LIMIT_MS]]     (default 60 signals, each within 20 ms)
// The limit binds the nineteenth twentieth; the worst one is printed, as on a busy machine it measures the scheduler.
#include "check.h"

static uint32_t word;
static atomic_long arrived;
static atomic_long handled;

static void on_signal(int signal) {
  (void)signal;
  atomic_store(&arrived, nanos(CLOCK_MONOTONIC));
  atomic_fetch_add(&handled, 1);
}

static int ascending(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

int main(int argc, char **argv) {
  int n = argc > 1 ? atoi(argv[1]) : 60;
  int64_t limit = (argc > 2 ? atoi(argv[2]) : 20) * 1000000L;
  int64_t *took = calloc((size_t)n, sizeof *took);
  struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
  struct waiter w = {.word = &word, .op = FUTEX_WAIT_PRIVATE};
  watchdog(120);
  sigaction(SIGUSR1, &action, NULL);
  start(&w);
  for (int i = 0; i < n; i++) {
    await_parked(w.tid, &word);
    pause_millis(i % 7); // at all phases of whatever watches the sleepers
    int64_t before = nanos(CLOCK_MONOTONIC);
    pthread_kill(w.thread, SIGUSR1);
    CHECK(await_at_least(&handled, i + 1, 10000));
    took[i] = arrived - before;
  }
  await_parked(w.tid, &word);
  EQUAL(1, wake(&word, 1));
  EQUAL(0, finish(&w));
  qsort(took, (size_t)n, sizeof *took, ascending);
  fprintf(stderr, "%d signals: median %.2f ms, 95 %% %.2f ms, worst %.2f ms\n", n, took[n / 2] / 1e6, took[n * 19 / 20] / 1e6,
          took[n - 1] / 1e6);
  CHECK(took[n * 19 / 20] <= limit);
  free(took);
  return verdict();
}
