// Processes over one shared file, mapped at different addresses: mutex, condition, semaphore, barrier, and robust
// mutexes whose owner is killed or ends without unlocking.
#include "check.h"

enum { ROUNDS = 200 };

struct board {
  pthread_mutex_t lock, robust;
  pthread_cond_t turned;
  pthread_barrier_t barrier;
  sem_t taken;
  int turn;
  long counter;
};

static int fd;

static struct board *map_at(void *hint) {
  struct board *board = mmap(hint, 65536, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  MUST(board != MAP_FAILED);
  return board;
}

static void set_up(struct board *board) {
  pthread_mutexattr_t mutex;
  pthread_condattr_t condition;
  pthread_barrierattr_t barrier;
  pthread_mutexattr_init(&mutex);
  pthread_mutexattr_setpshared(&mutex, PTHREAD_PROCESS_SHARED);
  pthread_mutex_init(&board->lock, &mutex);
  pthread_mutexattr_setrobust(&mutex, PTHREAD_MUTEX_ROBUST);
  pthread_mutex_init(&board->robust, &mutex);
  pthread_condattr_init(&condition);
  pthread_condattr_setpshared(&condition, PTHREAD_PROCESS_SHARED);
  pthread_cond_init(&board->turned, &condition);
  pthread_barrierattr_init(&barrier);
  pthread_barrierattr_setpshared(&barrier, PTHREAD_PROCESS_SHARED);
  pthread_barrier_init(&board->barrier, &barrier, 2);
  sem_init(&board->taken, 1, 0);
}

// Runs body in a child that maps the file elsewhere.
static pid_t in_child(struct board *mine, void (*body)(struct board *)) {
  pid_t child = fork();
  MUST(child >= 0);
  if (child == 0) {
    die_with_parent();
    struct board *board = map_at((char *)mine + (64 << 20));
    MUST(board != mine);
    munmap(mine, 65536); // a use of the parent's address would crash
    body(board);
    exit(failures ? 1 : 0);
  }
  return child;
}

static void expect(pid_t child, int status) {
  int actual;
  MUST(waitpid(child, &actual, 0) == child);
  EQUAL(status, actual);
}

static void take_turns(struct board *board, int me) {
  pthread_barrier_wait(&board->barrier);
  for (int i = 0; i < ROUNDS; i++) {
    pthread_mutex_lock(&board->lock);
    while (board->turn != me) pthread_cond_wait(&board->turned, &board->lock);
    board->counter++;
    board->turn = !me;
    pthread_cond_signal(&board->turned);
    pthread_mutex_unlock(&board->lock);
  }
  pthread_barrier_wait(&board->barrier);
}

static void second_player(struct board *board) { take_turns(board, 1); }

static void two_processes(struct board *board) {
  pid_t child = in_child(board, second_player);
  take_turns(board, 0);
  expect(child, 0);
  EQUAL(2 * ROUNDS, board->counter);
  printf("two processes: %ld turns\n", board->counter);
}

static void take_and_sleep(struct board *board) {
  pthread_mutex_lock(&board->robust);
  sem_post(&board->taken);
  for (;;) pause();
}

static void take_and_exit(struct board *board) {
  pthread_mutex_lock(&board->robust);
  sem_post(&board->taken);
  pause_millis(30); // so that the others sleep
  _exit(7);
}

static void recover(struct board *board) {
  EQUAL(0, pthread_mutex_consistent(&board->robust));
  EQUAL(0, pthread_mutex_unlock(&board->robust));
}

static void wait_for_taken(struct board *board) {
  while (sem_wait(&board->taken) != 0) CHECK(errno == EINTR);
}

static atomic_int locker_tid;

static void *lock_and_recover(void *arg) {
  struct board *board = arg;
  atomic_store(&locker_tid, tid_of_self());
  EQUAL(EOWNERDEAD, pthread_mutex_lock(&board->robust));
  recover(board);
  return NULL;
}

// The lock is held by a process that never called futex with it and gets killed; the sleeper must hear of it.
static void killed_owner_wakes_sleeper(struct board *board) {
  for (int i = 0; i < 5; i++) {
    pid_t child = in_child(board, take_and_sleep);
    pthread_t thread;
    wait_for_taken(board);
    atomic_store(&locker_tid, 0);
    pthread_create(&thread, NULL, lock_and_recover, board);
    while (!atomic_load(&locker_tid)) sched_yield();
    await_parked(locker_tid, &board->robust.__data.__lock);
    kill(child, SIGKILL);
    pthread_join(thread, NULL);
    expect(child, SIGKILL);
  }
  printf("owner killed, others asleep: 5 recovered\n");
}

static void killed_owner_found_later(struct board *board) {
  pid_t child = in_child(board, take_and_sleep);
  wait_for_taken(board);
  kill(child, SIGKILL);
  expect(child, SIGKILL);
  EQUAL(EOWNERDEAD, pthread_mutex_lock(&board->robust));
  recover(board);
  printf("owner killed, nobody asleep: recovered\n");
}

static void exiting_owner(struct board *board) {
  pid_t child = in_child(board, take_and_exit);
  wait_for_taken(board);
  EQUAL(EOWNERDEAD, pthread_mutex_lock(&board->robust));
  recover(board);
  expect(child, 7 << 8);
  printf("owner exits: recovered\n");
}

static void *die_owning(void *arg) {
  struct board *board = arg;
  pthread_mutex_lock(&board->robust);
  sem_post(&board->taken);
  pause_millis(30); // so that the main thread sleeps on it
  return NULL;
}

static void dead_thread(struct board *board) {
  for (int i = 0; i < 5; i++) {
    pthread_t thread;
    pthread_create(&thread, NULL, die_owning, board);
    wait_for_taken(board);
    EQUAL(EOWNERDEAD, pthread_mutex_lock(&board->robust));
    recover(board);
    pthread_join(thread, NULL);
  }
  printf("owner thread ends: 5 recovered\n");
}

int main(void) {
  char name[] = "/tmp/jfutex-shared-XXXXXX";
  watchdog(60);
  fd = mkstemp(name);
  MUST(fd >= 0);
  unlink(name);
  MUST(ftruncate(fd, 65536) == 0);
  struct board *board = map_at(NULL);
  set_up(board);
  two_processes(board);
  killed_owner_wakes_sleeper(board);
  killed_owner_found_later(board);
  exiting_owner(board);
  dead_thread(board);
  return verdict();
}
