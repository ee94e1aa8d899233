// Programs that change what a supervisor might rely on, then use locks as before.
//   odd filter | renumber | rename | undumpable | unprivileged | chroot
#include "check.h"

#include <grp.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turned = PTHREAD_COND_INITIALIZER;
static int turn;

static void *play(void *arg) {
  int me = (int)(long)arg;
  for (int i = 0; i < 100; i++) {
    pthread_mutex_lock(&lock);
    while (turn % 2 != me) pthread_cond_wait(&turned, &lock);
    turn++;
    pthread_cond_broadcast(&turned);
    pthread_mutex_unlock(&lock);
  }
  return NULL;
}

static void use_locks(void) {
  pthread_t threads[2];
  turn = 0;
  for (long i = 0; i < 2; i++) MUST(pthread_create(&threads[i], NULL, play, (void *)i) == 0);
  for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
  EQUAL(200, turn);
  uint32_t word = 3;
  struct timespec t = timespec_of(1000000);
  EQUAL(-EAGAIN, futex(&word, FUTEX_WAIT_PRIVATE, 4, NULL, NULL, 0));
  EQUAL(-ETIMEDOUT, futex(&word, FUTEX_WAIT_PRIVATE, 3, &t, NULL, 0));
}

#define LOAD_NR BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))
#define ANSWER(value) BPF_STMT(BPF_RET | BPF_K, value)

// Filters of its own: one that allows all, one that refuses a call, one put onto all threads while some sleep.
static void filter(void) {
  struct sock_filter all[] = {ANSWER(SECCOMP_RET_ALLOW)};
  struct sock_fprog allow = {1, all};
  struct sock_filter some[] = {LOAD_NR, BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
                               ANSWER(SECCOMP_RET_ERRNO | EXDEV), ANSWER(SECCOMP_RET_ALLOW)};
  struct sock_fprog refuse = {4, some};
  MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
  use_locks();
  EQUAL(0, prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &allow));
  use_locks();
  static uint32_t word;
  struct waiter w = {.word = &word, .op = FUTEX_WAIT_PRIVATE};
  start(&w);
  EQUAL(0, syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &refuse));
  EQUAL(-EXDEV, raw6(SYS_getppid, 0, 0, 0, 0, 0, 0));
  EQUAL(1, wake(&word, 1));
  EQUAL(0, finish(&w));
  use_locks();
  printf("filters of its own: locks work\n");
}

static void renumber(void) {
  int out = fcntl(1, F_DUPFD_CLOEXEC, 700);
  MUST(out == 700);
  for (int fd = 0; fd < 64; fd++) close(fd);
  use_locks();
  MUST(open("/dev/null", O_RDWR) == 0 && dup(0) == 1 && dup(0) == 2);
  use_locks();
  dup2(out, 1);
  printf("descriptors closed and renumbered: locks work\n");
}

static void rename_itself(char **argv) {
  memset(argv[0], 'x', strlen(argv[0]));
  prctl(PR_SET_NAME, ") R 1 (");
  MUST(chdir("/") == 0);
  clearenv();
  setsid();
  umask(0777);
  use_locks();
  printf("name, folder, environment, session changed: locks work\n");
}

// Its /proc files now belong to root, and its memory may not be read by an ordinary user's supervisor.
static void undumpable(void) {
  use_locks();
  MUST(prctl(PR_SET_DUMPABLE, 0) == 0);
  use_locks();
  printf("not dumpable: locks work\n");
}

static void unprivileged(void) {
  if (getuid() == 0) MUST(setgroups(0, NULL) == 0 && setresgid(65534, 65534, 65534) == 0 && setresuid(65534, 65534, 65534) == 0);
  use_locks();
  printf("privileges dropped: locks work\n");
}

static void change_root(void) {
  char name[] = "/tmp/jfutex-root-XXXXXX";
  if (getuid() == 0) {
    MUST(mkdtemp(name) != NULL);
    int here = open(name, O_PATH | O_CLOEXEC);
    MUST(fchdir(here) == 0 && rmdir(name) == 0); // an empty root that nobody can look into by name
    MUST(chroot(".") == 0);
  }
  use_locks();
  printf("root changed: locks work\n");
}

int main(int argc, char **argv) {
  watchdog(60);
  const char *what = argc > 1 ? argv[1] : "";
  if (strcmp(what, "filter") == 0) filter();
  else if (strcmp(what, "renumber") == 0) renumber();
  else if (strcmp(what, "rename") == 0) rename_itself(argv);
  else if (strcmp(what, "undumpable") == 0) undumpable();
  else if (strcmp(what, "unprivileged") == 0) unprivileged();
  else if (strcmp(what, "chroot") == 0) change_root();
  else return 2;
  return verdict();
}
