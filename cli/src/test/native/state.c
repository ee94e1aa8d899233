// What a program can see of its own process, and must see alike with and without jfutex: one line per fact.
//   state [ARGS...]
#include "check.h"

#include <sys/resource.h>

extern char **environ;

static void arguments(int argc, char **argv) {
  for (int i = 0; i <= argc; i++) printf("argument %d: %s\n", i, i < argc ? argv[i] : "(end)");
}

static int by_text(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

// Sorted: a shell in between, as the launcher is, does not keep the order.
static void environment(void) {
  int n = 0;
  while (environ[n]) n++;
  qsort(environ, (size_t)n, sizeof *environ, by_text);
  for (int i = 0; i < n; i++) printf("environment: %s\n", environ[i]);
}

static void descriptors(void) {
  for (int fd = 0; fd < 1024; fd++) {
    struct stat s;
    if (fstat(fd, &s) != 0) continue;
    printf("descriptor %d: type %o flags %x close-on-exec %d\n", fd, s.st_mode & S_IFMT, fcntl(fd, F_GETFL), fcntl(fd, F_GETFD));
  }
}

static void status_lines(void) {
  static const char *const wanted[] = {"Name:", "Umask:", "Uid:", "Gid:", "Groups:", "Threads:", "SigPnd:", "ShdPnd:", "SigBlk:",
                                       "SigIgn:", "SigCgt:", "CapInh:", "CapPrm:", "CapEff:", "CapBnd:", "CapAmb:", "TracerPid:"};
  char line[512];
  FILE *file = fopen("/proc/self/status", "re");
  MUST(file != NULL);
  while (fgets(line, sizeof line, file))
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
      if (strncmp(line, wanted[i], strlen(wanted[i])) == 0) printf("status %s", line);
  fclose(file);
}

static void limits(void) {
  for (int i = 0; i < RLIM_NLIMITS; i++) {
    struct rlimit limit;
    if (getrlimit(i, &limit) == 0) printf("limit %d: %lx %lx\n", i, (unsigned long)limit.rlim_cur, (unsigned long)limit.rlim_max);
  }
}

static void link_target(const char *name) {
  char path[64], target[PATH_MAX];
  snprintf(path, sizeof path, "/proc/self/%s", name);
  ssize_t n = readlink(path, target, sizeof target - 1);
  printf("link %s: %.*s\n", name, (int)(n < 0 ? 0 : n), target);
}

int main(int argc, char **argv) {
  watchdog(60);
  arguments(argc, argv);
  environment();
  descriptors();
  status_lines();
  limits();
  link_target("cwd");
  link_target("exe");
  link_target("root");
  printf("scheduling: policy %d nice %d slack %d\n", sched_getscheduler(0), getpriority(PRIO_PROCESS, 0), prctl(PR_GET_TIMERSLACK));
  printf("dumpable %d, death signal ", prctl(PR_GET_DUMPABLE));
  int signal_of_parent = -1;
  prctl(PR_GET_PDEATHSIG, &signal_of_parent);
  printf("%d\n", signal_of_parent);
  printf("group and session as the parent's: %d %d\n", getpgrp() == getpgid(getppid()), getsid(0) == getsid(getppid()));
  return 0;
}
