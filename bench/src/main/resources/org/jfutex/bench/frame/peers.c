/*
 * The peers in C. Each loops over one system call, as a C program would make it, and counts the
 * calls that gave the right result. Cells lie STRIDE bytes apart and hold 0. The last argument is
 * FUTEX_PRIVATE_FLAG (which is FUTEX2_PRIVATE as well) or 0.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/futex.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define STRIDE 256
#define CHANGED 1 /* what no cell holds */

#ifndef SYS_futex_waitv
#define SYS_futex_waitv 449
#endif
#define NR_FUTEX_WAKE 454
#define SIZE_U32 2
#define MATCH_ANY 0xffffffffu
#define MOST_DESCRIPTORS 512
#define SET_BITS 65536
#define BITS 64 /* of an unsigned long */

static uint32_t *cell(void *cells, int index) {
  return (uint32_t *)((char *)cells + STRIDE * index);
}

long wake(void *cells, long operations, long private) {
  uint32_t *word = cell(cells, 0);
  long right = 0;
  for (long i = 0; i < operations; i++)
    right += syscall(SYS_futex, word, FUTEX_WAKE | private, 1, NULL, NULL, 0) == 0;
  return right;
}

long wake_bitset(void *cells, long operations, long private) {
  uint32_t *word = cell(cells, 0);
  long right = 0;
  for (long i = 0; i < operations; i++)
    right += syscall(SYS_futex, word, FUTEX_WAKE_BITSET | private, 1, NULL, NULL, 2) == 0;
  return right;
}

long futex2_wake(void *cells, long operations, long private) {
  uint32_t *word = cell(cells, 0);
  long right = 0;
  for (long i = 0; i < operations; i++)
    right += syscall(NR_FUTEX_WAKE, word, (unsigned long)MATCH_ANY, 1, SIZE_U32 | private) == 0;
  return right;
}

long wait_changed(void *cells, long operations, long private) {
  uint32_t *word = cell(cells, 0);
  long right = 0;
  for (long i = 0; i < operations; i++) {
    long result = syscall(SYS_futex, word, FUTEX_WAIT | private, CHANGED, NULL, NULL, 0);
    right += result == -1 && errno == EAGAIN;
  }
  return right;
}

long wait_bitset_changed(void *cells, long operations, long private) {
  uint32_t *word = cell(cells, 0);
  long right = 0;
  for (long i = 0; i < operations; i++) {
    long result =
        syscall(SYS_futex, word, FUTEX_WAIT_BITSET | private, CHANGED, NULL, NULL, MATCH_ANY);
    right += result == -1 && errno == EAGAIN;
  }
  return right;
}

long requeue(void *cells, long operations, long private) {
  uint32_t *from = cell(cells, 0), *to = cell(cells, 1);
  long right = 0;
  for (long i = 0; i < operations; i++)
    right += syscall(SYS_futex, from, FUTEX_REQUEUE | private, 1, 1L, to, 0) == 0;
  return right;
}

long compare_requeue(void *cells, long operations, long private) {
  uint32_t *from = cell(cells, 0), *to = cell(cells, 1);
  long right = 0;
  for (long i = 0; i < operations; i++)
    right += syscall(SYS_futex, from, FUTEX_CMP_REQUEUE | private, 1, 1L, to, 0) == 0;
  return right;
}

long wake_op(void *cells, long operations, long private) {
  uint32_t *word = cell(cells, 0), *target = cell(cells, 1);
  long op = FUTEX_OP(FUTEX_OP_OR, 0, FUTEX_OP_CMP_EQ, 1);
  long right = 0;
  for (long i = 0; i < operations; i++)
    right += syscall(SYS_futex, word, FUTEX_WAKE_OP | private, 1, 1L, target, op) == 0;
  return right;
}

struct waitv {
  uint64_t value, address;
  uint32_t flags, reserved;
};

long waitv_changed(void *cells, long operations, long private) {
  struct waitv entries[2] = {
      {0, (uintptr_t)cell(cells, 0), SIZE_U32 | private, 0},
      {CHANGED, (uintptr_t)cell(cells, 1), SIZE_U32 | private, 0},
  };
  long right = 0;
  for (long i = 0; i < operations; i++) {
    long result = syscall(SYS_futex_waitv, entries, 2, 0, NULL, CLOCK_MONOTONIC);
    right += result == -1 && errno == EAGAIN;
  }
  return right;
}

/* EAGAIN does not say which word had changed, so each is asked for in turn, without touching it. */
long waitv_changed_named(void *cells, long operations, long private) {
  struct waitv entries[2] = {
      {0, (uintptr_t)cell(cells, 0), SIZE_U32 | private, 0},
      {CHANGED, (uintptr_t)cell(cells, 1), SIZE_U32 | private, 0},
  };
  long right = 0;
  for (long i = 0; i < operations; i++) {
    long changed = -1;
    long result = syscall(SYS_futex_waitv, entries, 2, 0, NULL, CLOCK_MONOTONIC);
    if (result == -1 && errno == EAGAIN)
      for (int j = 0; j < 2 && changed < 0; j++) {
        void *word = (void *)(uintptr_t)entries[j].address;
        result = syscall(SYS_futex, word, FUTEX_CMP_REQUEUE | private, 0, 0L, word,
                         (uint32_t)entries[j].value);
        if (result == -1 && errno == EAGAIN)
          changed = j;
      }
    right += changed == 1;
  }
  return right;
}

/* One connection over the loopback, its own end twice over: as lat_select of lmbench has it. */
static int connection(void) {
  static int known = -1;
  if (known >= 0)
    return known;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int stream = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (bind(listener, (struct sockaddr *)&address, length) == 0 && listen(listener, 1) == 0 &&
      getsockname(listener, (struct sockaddr *)&address, &length) == 0 &&
      connect(stream, (struct sockaddr *)&address, length) == 0 &&
      accept(listener, NULL, NULL) >= 0) /* stays open with the process */
    known = stream;
  return known;
}

/* Duplicates of the connection. */
static int *duplicates(int count) {
  static int descriptors[MOST_DESCRIPTORS];
  static int made = 0;
  while (made < count) {
    descriptors[made] = dup(connection());
    if (descriptors[made] < 0)
      return NULL;
    made++;
  }
  return descriptors;
}

static long select_many(int count, long operations) {
  int *descriptors = duplicates(count);
  unsigned long writable[SET_BITS / BITS]; /* as fd_set, which ends at descriptor 1,023 */
  int last = descriptors == NULL ? SET_BITS : descriptors[count - 1];
  long right = 0;
  for (long i = 0; last < SET_BITS && i < operations; i++) {
    struct timeval now = {0, 0};
    memset(writable, 0, (last / BITS + 1) * sizeof writable[0]);
    for (int j = 0; j < count; j++)
      writable[descriptors[j] / BITS] |= 1UL << descriptors[j] % BITS;
    right += select(last + 1, NULL, (fd_set *)writable, NULL, &now) == count;
  }
  return right;
}

static long poll_many(int count, long operations) {
  int *descriptors = duplicates(count);
  struct pollfd entries[MOST_DESCRIPTORS];
  long right = 0;
  for (int j = 0; descriptors != NULL && j < count; j++)
    entries[j] = (struct pollfd){descriptors[j], POLLOUT, 0};
  for (long i = 0; descriptors != NULL && i < operations; i++)
    right += poll(entries, count, 0) == count;
  return right;
}

long select_200(void *cells, long operations, long private) {
  return select_many(200, operations);
}

long select_500(void *cells, long operations, long private) {
  return select_many(500, operations);
}

long poll_200(void *cells, long operations, long private) {
  return poll_many(200, operations);
}

long poll_500(void *cells, long operations, long private) {
  return poll_many(500, operations);
}

/* An epoll of event counters, none of which is above zero. */
long epoll_idle(void *cells, long operations, long private) {
  static int epoll = -1;
  if (epoll < 0) {
    epoll = epoll_create1(EPOLL_CLOEXEC);
    for (int j = 0; j < 500; j++) {
      struct epoll_event event = {.events = EPOLLIN};
      epoll_ctl(epoll, EPOLL_CTL_ADD, eventfd(0, EFD_CLOEXEC), &event);
    }
  }
  struct epoll_event events[16];
  long right = 0;
  for (long i = 0; i < operations; i++)
    right += epoll_wait(epoll, events, 16, 0) == 0;
  return right;
}
