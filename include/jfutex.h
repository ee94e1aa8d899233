/*
 * jfutex.h: the locks of a jfutex region for programs in C and C++ on Linux, x86-64, with glibc.
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * A region is a file of shared memory with named cells, see docs/layout.md. This header works on
 * the same words as org.jfutex.shm: a mutex, a condition, a semaphore and an event, which survive
 * the death of any process at any moment.
 *
 *     struct jfutex_region region;
 *     int error = jfutex_attach(&region, "/dev/shm/accounts");
 *     void *lock = jfutex_cell(&region, "lock", JFUTEX_MUTEX);
 *     long *counter = jfutex_cell(&region, "counter", JFUTEX_BYTES);
 *     switch (jfutex_mutex_lock(&region, lock)) {
 *     case EOWNERDEAD: ... make whole what the lock protects ... // fall through
 *     case 0: ++*counter; jfutex_mutex_unlock(lock);
 *     }
 *
 * A process that is forked attaches anew, and uses nothing that its parent holds.
 *
 * Functions return 0 or an errno. A mutex belongs to the thread that has locked it, and is linked
 * into the robust list that glibc has registered for the thread; so is the membership of the
 * process, which ends with the thread that has called jfutex_attach: let that be one that lives as
 * long as the process. The links of these entries are in the shared memory: like the robust
 * mutexes of glibc, they trust the other processes not to overwrite them.
 */
#ifndef JFUTEX_H
#define JFUTEX_H

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Kinds of cells. */
enum {
  JFUTEX_MUTEX = 1,
  JFUTEX_CONDVAR = 2,
  JFUTEX_SEMAPHORE = 3,
  JFUTEX_EVENT = 5,
  JFUTEX_BYTES = 8
};

enum {
  JFUTEX_MEMBERS = 64, /* places for processes */
  JFUTEX_BOOT = 32,
  JFUTEX_PID_NAMESPACE = 48,
  JFUTEX_REGISTRY = 64,
  JFUTEX_JOINS = 128,
  JFUTEX_DEPARTURES = 136, /* always 0: named by the pending slot of who waits */
  JFUTEX_FIRST_MEMBER = 256,
  JFUTEX_MEMBER_BYTES = 64,
  JFUTEX_DIRECTORY = JFUTEX_FIRST_MEMBER + JFUTEX_MEMBERS * JFUTEX_MEMBER_BYTES,
  JFUTEX_ENTRY_BYTES = 64,
  JFUTEX_MOST_CELLS = 4096,
  JFUTEX_VERSION = 1,
  JFUTEX_LANGUAGE_C = 2
};

#define JFUTEX_MAGIC 0x4d5358455455464aULL /* "JFUTEXSM" */

/* Stands between any two steps at which a death makes a difference; for tests of just that. */
#ifndef JFUTEX_STEP
#define JFUTEX_STEP() ((void)0)
#endif

struct jfutex_region {
  unsigned char *base;
  size_t bytes;
  uint32_t place;
  uint32_t generation;
};

/* --- the kernel ------------------------------------------------------------------------------ */

/* A shared futex: no FUTEX_PRIVATE_FLAG. */
static inline void jfutex_wake(uint32_t *word, int count) {
  JFUTEX_STEP();
  syscall(SYS_futex, word, FUTEX_WAKE, count, NULL, NULL, 0);
  JFUTEX_STEP();
}

static inline uint32_t jfutex_load(uint32_t *word) {
  return __atomic_load_n(word, __ATOMIC_SEQ_CST);
}

static inline int jfutex_cas(uint32_t *word, uint32_t expected, uint32_t value) {
  JFUTEX_STEP();
  int is_set = __atomic_compare_exchange_n(word, &expected, value, 0, __ATOMIC_SEQ_CST,
                                           __ATOMIC_SEQ_CST);
  JFUTEX_STEP();
  return is_set;
}

/* --- robust cells: word at 0, epoch at 8, links at 24 and 32 -------------------------------- */

/* Where glibc expects the links of a pthread_mutex_t, and so the offset of every list it makes. */
enum { JFUTEX_EPOCH = 8, JFUTEX_NEXT = 32 };

struct jfutex_links { /* an entry of a list is the address of next */
  void *prev;
  void *next;
};

static inline struct jfutex_links *jfutex_links_of(void *entry) {
  uintptr_t address = (uintptr_t)entry & ~(uintptr_t)1; /* bit 0 marks PI mutexes */
  return (struct jfutex_links *)(address - offsetof(struct jfutex_links, next));
}

/* The list of the calling thread, which glibc has registered. */
static inline struct robust_list_head *jfutex_list(void) {
  static __thread struct robust_list_head *list;
  size_t bytes;
  if (list == NULL
      && (syscall(SYS_get_robust_list, 0, &list, &bytes) != 0 || list == NULL
          || list->futex_offset != -(long)JFUTEX_NEXT)) {
    list = NULL;
  }
  return list;
}

/* Not kept: it is another one after a fork. */
static inline uint32_t jfutex_thread(void) { return (uint32_t)syscall(SYS_gettid); }

static inline void *jfutex_entry(void *cell) { return (char *)cell + JFUTEX_NEXT; }

/* A kill may come between any two stores; the compiler keeps their order, as the processor does. */
#define JFUTEX_ORDER() __atomic_signal_fence(__ATOMIC_SEQ_CST)

static inline void jfutex_pending(struct robust_list_head *list, void *entry) {
  JFUTEX_ORDER();
  list->list_op_pending = (struct robust_list *)entry;
  JFUTEX_ORDER();
  JFUTEX_STEP();
}

static inline void jfutex_link(struct robust_list_head *list, void *cell) {
  struct jfutex_links *mine = jfutex_links_of(jfutex_entry(cell));
  void *first = list->list.next;
  mine->next = first;
  mine->prev = &list->list;
  JFUTEX_STEP();
  jfutex_links_of(first)->prev = jfutex_entry(cell);
  JFUTEX_ORDER();
  JFUTEX_STEP();
  list->list.next = (struct robust_list *)jfutex_entry(cell);
  JFUTEX_STEP();
}

static inline void jfutex_unlink(void *cell) {
  struct jfutex_links *mine = jfutex_links_of(jfutex_entry(cell));
  jfutex_links_of(mine->next)->prev = mine->prev;
  JFUTEX_STEP();
  jfutex_links_of(mine->prev)->next = mine->next;
  JFUTEX_STEP();
}

/* --- regions and their members -------------------------------------------------------------- */

static inline uint32_t *jfutex_word(const struct jfutex_region *region, size_t offset) {
  return (uint32_t *)(void *)(region->base + offset);
}

static inline uint32_t *jfutex_member(const struct jfutex_region *region, uint32_t place) {
  return jfutex_word(region, JFUTEX_FIRST_MEMBER + (size_t)place * JFUTEX_MEMBER_BYTES);
}

/* The start of a small file, as text. Returns 0 or an errno. */
static inline int jfutex_read(const char *path, char *text, size_t bytes) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t count = fd < 0 ? -1 : read(fd, text, bytes - 1);
  int error = count < 0 ? errno : 0;
  if (fd >= 0) {
    close(fd);
  }
  text[count < 0 ? 0 : count] = 0;
  return error;
}

/* What proc(5) says of a process: how many threads it has, and when it was started. */
struct jfutex_process {
  uint32_t threads;
  uint64_t start;
};

/* Returns 0 or an errno; ENOENT or ESRCH if there is no such process. */
static inline int jfutex_process(const char *name, struct jfutex_process *process) {
  char path[40], stat[1024];
  snprintf(path, sizeof path, "/proc/%s/stat", name);
  int error = jfutex_read(path, stat, sizeof stat);
  char *field = strrchr(stat, ')'); /* the second; a name may hold anything */
  if (error != 0 || field == NULL) {
    return error != 0 ? error : EPROTO;
  }
  int is_zombie = field[1] != 0 && strchr("ZX", field[2]) != NULL;
  for (int number = 2; number < 22 && field != NULL; number++) {
    field = strchr(field + 1, ' ');
    if (field != NULL && number == 19) {
      process->threads = (uint32_t)strtoul(field, NULL, 10);
    }
  }
  if (field == NULL) {
    return EPROTO;
  }
  process->start = strtoull(field, NULL, 10);
  if (is_zombie && process->threads <= 1) {
    process->threads = 0; /* its parent has not asked for its status */
  }
  return 0;
}

/*
 * Whether a place is nobody's. That of a process that has died becomes so when all its threads have
 * ended.
 */
static inline int jfutex_is_free(const struct jfutex_region *region, uint32_t place) {
  uint32_t *word = jfutex_member(region, place);
  uint64_t *whole = (uint64_t *)(void *)word; /* the word, and its generation above */
  uint64_t value = __atomic_load_n(whole, __ATOMIC_SEQ_CST);
  if (((uint32_t)value & FUTEX_TID_MASK) != 0) {
    return 0;
  }
  if ((uint32_t)value != 0) {
    struct jfutex_process process;
    char name[12];
    snprintf(name, sizeof name, "%u", word[2]);
    int error = jfutex_process(name, &process);
    if (error == 0 ? process.start == *(uint64_t *)(void *)&word[4] && process.threads > 0
                   : error != ENOENT && error != ESRCH) {
      return 0;
    }
    __atomic_compare_exchange_n(whole, &value, value & ~(uint64_t)UINT32_MAX, 0, __ATOMIC_SEQ_CST,
                                __ATOMIC_SEQ_CST); /* or another has */
  }
  return 1;
}

/* Who was there when it was made: a wait that ends when one of them dies, or another comes. */
struct jfutex_watch {
  uint32_t joined;
  uint32_t values[JFUTEX_MEMBERS]; /* 0 where there is nobody to be watched */
  int is_somebody_ending; /* a process that died has threads */
};

/* To be made before looking whether to wait. */
static inline void jfutex_watch(const struct jfutex_region *region, struct jfutex_watch *watch) {
  uint32_t self = (uint32_t)getpid();
  watch->joined = jfutex_load(jfutex_word(region, JFUTEX_JOINS));
  watch->is_somebody_ending = 0;
  for (uint32_t i = 0; i < JFUTEX_MEMBERS; i++) {
    uint32_t *member = jfutex_member(region, i);
    uint32_t value = jfutex_load(member);
    watch->values[i] = 0;
    if ((value & FUTEX_TID_MASK) == 0) {
      watch->is_somebody_ending |= !jfutex_is_free(region, i);
    } else if (jfutex_load(&member[2]) != self) { /* nobody is told of the end of its own process */
      watch->values[i] = value;
    }
  }
}

/* Whether a deadline is later than 10 ms from now; that time. */
static inline int jfutex_sooner(const struct timespec *deadline, struct timespec *sooner) {
  clock_gettime(CLOCK_MONOTONIC, sooner);
  sooner->tv_nsec += 10 * 1000 * 1000;
  if (sooner->tv_nsec >= 1000 * 1000 * 1000) {
    sooner->tv_nsec -= 1000 * 1000 * 1000;
    sooner->tv_sec++;
  }
  if (deadline != NULL
      && (deadline->tv_sec < sooner->tv_sec
          || (deadline->tv_sec == sooner->tv_sec && deadline->tv_nsec <= sooner->tv_nsec))) {
    return 0;
  }
  return 1;
}

static inline int jfutex_is_reached(const struct timespec *deadline) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return deadline != NULL
         && (now.tv_sec > deadline->tv_sec
             || (now.tv_sec == deadline->tv_sec && now.tv_nsec >= deadline->tv_nsec));
}

/* Ends the sleep of all who wait, and the look of all who are about to. */
static inline void jfutex_tell_all(const struct jfutex_region *region) {
  uint32_t *joins = jfutex_word(region, JFUTEX_JOINS);
  JFUTEX_STEP();
  __atomic_add_fetch(joins, 1, __ATOMIC_SEQ_CST);
  jfutex_wake(joins, INT32_MAX);
}

/*
 * Sleeps while a word holds a value and nobody has died or come since the watch was made. Who is no
 * member yet waits for the word alone, and shortly: nobody is told of its end, so it may not be
 * given a wake that others need.
 */
static inline int jfutex_watched_wait(const struct jfutex_region *region,
                                      const struct jfutex_watch *watch, uint32_t *word,
                                      uint32_t expected, const struct timespec *deadline) {
  enum { JOINS, WORD, DEPARTURES, PLACES }; /* the last that was woken is known: deaths last */
  struct futex_waitv entries[PLACES + JFUTEX_MEMBERS];
  struct robust_list_head *list = jfutex_list();
  int is_member = region->generation != 0;
  uint32_t count = PLACES;
  if (list == NULL) {
    return ENOSYS;
  }
  memset(entries, 0, sizeof entries);
  entries[JOINS].uaddr = (uintptr_t)jfutex_word(region, JFUTEX_JOINS);
  entries[JOINS].val = watch->joined;
  entries[WORD].uaddr = (uintptr_t)word;
  entries[WORD].val = expected;
  entries[DEPARTURES].uaddr = (uintptr_t)jfutex_word(region, JFUTEX_DEPARTURES);
  for (uint32_t i = 0; i < JFUTEX_MEMBERS; i++) {
    if (watch->values[i] != 0) {
      entries[count].uaddr = (uintptr_t)jfutex_member(region, i);
      entries[count++].val = watch->values[i];
    }
  }
  for (uint32_t i = 0; i < count; i++) {
    entries[i].flags = FUTEX_32;
  }
  struct timespec sooner;
  int is_sooner = (watch->is_somebody_ending || !is_member) && jfutex_sooner(deadline, &sooner);
  void *before = list->list_op_pending;
  if (is_member) { /* if the thread ends before it has told of what it was woken for */
    jfutex_pending(list, jfutex_entry(jfutex_word(region, JFUTEX_DEPARTURES)));
  }
  JFUTEX_STEP();
  long woken = syscall(SYS_futex_waitv, is_member ? entries : &entries[WORD],
                       is_member ? count : 1, 0, is_sooner ? &sooner : deadline, CLOCK_MONOTONIC);
  int error = woken >= 0 ? 0 : errno == ETIMEDOUT && is_sooner ? EAGAIN : errno;
  JFUTEX_STEP();
  if (is_member && woken >= DEPARTURES) {
    jfutex_tell_all(region);
  }
  jfutex_pending(list, before);
  /* others may change the words all the time: the caller's time counts nevertheless */
  int is_changed = error == EAGAIN || error == EINTR;
  return is_changed && jfutex_is_reached(deadline) ? ETIMEDOUT : error;
}

/*
 * Locks a mutex; waits until a deadline on CLOCK_MONOTONIC, NULL for ever.
 * Returns 0; EOWNERDEAD if the last owner ended with the lock, which the caller has now; EDEADLK if
 * the caller has it already; ETIMEDOUT; ENOSYS if the thread has no robust list as glibc makes it;
 * EINVAL if the word names a thread that does not exist: somebody has overwritten it.
 */
static inline int jfutex_mutex_timedlock(const struct jfutex_region *region, void *cell,
                                         const struct timespec *deadline) {
  uint32_t *word = (uint32_t *)cell;
  struct robust_list_head *list = jfutex_list();
  uint32_t me = jfutex_thread();
  uint32_t mark = 0;
  if (list == NULL) {
    return ENOSYS;
  }
  if ((jfutex_load(word) & FUTEX_TID_MASK) == me) {
    return EDEADLK;
  }
  jfutex_pending(list, jfutex_entry(cell));
  for (;;) {
    uint32_t value = jfutex_load(word);
    if ((value & FUTEX_TID_MASK) == 0) {
      if (!jfutex_cas(word, value, value | me | mark)) {
        continue;
      }
      jfutex_link(list, cell);
      jfutex_pending(list, NULL);
      ++*(uint64_t *)((char *)cell + JFUTEX_EPOCH);
      JFUTEX_STEP();
      return value & FUTEX_OWNER_DIED ? EOWNERDEAD : 0;
    }
    if (!(value & FUTEX_WAITERS) && !jfutex_cas(word, value, value | FUTEX_WAITERS)) {
      continue;
    }
    value |= FUTEX_WAITERS;
    struct jfutex_watch watch;
    jfutex_watch(region, &watch); /* a member may die with a wake of this word */
    int end = kill((pid_t)(value & FUTEX_TID_MASK), 0) != 0 && errno == ESRCH
                      && jfutex_load(word) == value
                  ? EINVAL /* a thread leaves its locks before it gives up its id */
                  : jfutex_watched_wait(region, &watch, word, value, deadline);
    if (end == 0) {
      mark = FUTEX_WAITERS; /* others may sleep on */
    } else if (end != EAGAIN && end != EINTR) {
      jfutex_pending(list, NULL);
      return end;
    }
  }
}

/* Locks a mutex, as jfutex_mutex_timedlock without a deadline. */
static inline int jfutex_mutex_lock(const struct jfutex_region *region, void *cell) {
  return jfutex_mutex_timedlock(region, cell, NULL);
}

/* The number of the acquisition, for the owner: greater than all before it. */
static inline uint64_t jfutex_mutex_epoch(const void *cell) {
  return *(const uint64_t *)((const char *)cell + JFUTEX_EPOCH);
}

/* Unlocks a mutex; EPERM if the caller does not own it. What it protects is taken to be whole. */
static inline int jfutex_mutex_unlock(void *cell) {
  uint32_t *word = (uint32_t *)cell;
  struct robust_list_head *list = jfutex_list();
  if (list == NULL || (jfutex_load(word) & FUTEX_TID_MASK) != jfutex_thread()) {
    return EPERM;
  }
  jfutex_pending(list, jfutex_entry(cell)); /* a kill before the wake: the kernel wakes */
  jfutex_unlink(cell);
  JFUTEX_ORDER();
  if (__atomic_exchange_n(word, 0, __ATOMIC_SEQ_CST) & FUTEX_WAITERS) {
    jfutex_wake(word, 1);
  }
  JFUTEX_STEP();
  jfutex_pending(list, NULL);
  return 0;
}

/* With the registry held. */
static inline int jfutex_take_place(struct jfutex_region *region, struct robust_list_head *list) {
  struct jfutex_process self;
  int error = jfutex_process("self", &self);
  if (error != 0) {
    return error;
  }
  for (uint32_t place = 0; place < JFUTEX_MEMBERS; place++) {
    uint32_t *word = jfutex_member(region, place);
    if (!jfutex_is_free(region, place)) {
      continue;
    }
    uint32_t generation = word[1] + 1 == 0 ? 1 : word[1] + 1;
    JFUTEX_STEP();
    __atomic_store_n(&word[1], generation, __ATOMIC_SEQ_CST);
    JFUTEX_STEP();
    word[2] = (uint32_t)getpid();
    JFUTEX_STEP();
    word[3] = JFUTEX_LANGUAGE_C;
    memcpy(&word[4], &self.start, sizeof self.start);
    jfutex_pending(list, jfutex_entry(word));
    if (jfutex_cas(word, 0, jfutex_thread() | FUTEX_WAITERS)) {
      jfutex_link(list, word);
      jfutex_pending(list, NULL);
      region->place = place;
      region->generation = generation;
      jfutex_tell_all(region);
      return 0;
    }
    jfutex_pending(list, NULL);
  }
  return EAGAIN;
}

/* Whether the ids in a region are those of this boot of the machine and this pid namespace. */
static inline int jfutex_ids_fit(const struct jfutex_region *region) {
  char boot[64];
  struct stat here;
  uint64_t there;
  if (jfutex_read("/proc/sys/kernel/random/boot_id", boot, sizeof boot) != 0
      || stat("/proc/self/ns/pid", &here) != 0) {
    return 0;
  }
  const char *digit = boot;
  for (int i = 0; i < 16; i++) { /* xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx */
    unsigned byte;
    digit += *digit == '-';
    if (sscanf(digit, "%2x", &byte) != 1 || region->base[JFUTEX_BOOT + i] != byte) {
      return 0;
    }
    digit += 2;
  }
  memcpy(&there, region->base + JFUTEX_PID_NAMESPACE, sizeof there);
  return there == here.st_ino;
}

/*
 * Maps a region that exists and becomes a member of it.
 * Returns 0; EPROTO if the file is no region of this version; ESTALE if it was made in another boot
 * of the machine or another pid namespace, or procfs does not say; EPERM if it is another user's,
 * or others may write to it; EAGAIN if 64 processes use it; else what open(2), mmap(2) and
 * jfutex_mutex_lock say.
 */
static inline int jfutex_attach(struct jfutex_region *region, const char *path) {
  struct stat file;
  struct robust_list_head *list = jfutex_list();
  if (list == NULL) {
    return ENOSYS;
  }
  int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) {
    return errno;
  }
  int error = fstat(fd, &file) != 0 ? errno : 0;
  if (error == 0 && (!S_ISREG(file.st_mode) || file.st_size < JFUTEX_DIRECTORY)) {
    error = EPROTO;
  }
  if (error == 0 && (file.st_uid != geteuid() || (file.st_mode & (S_IWGRP | S_IWOTH)))) {
    error = EPERM;
  }
  region->base = NULL;
  region->generation = 0;
  if (error == 0) {
    region->bytes = (size_t)file.st_size;
    void *base = mmap(NULL, region->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (base == MAP_FAILED) {
      error = errno;
    } else {
      region->base = (unsigned char *)base;
    }
  }
  close(fd);
  if (error == 0) {
    uint64_t magic, bytes;
    memcpy(&magic, region->base, sizeof magic);
    memcpy(&bytes, region->base + 16, sizeof bytes);
    if (magic != JFUTEX_MAGIC || *jfutex_word(region, 8) != JFUTEX_VERSION
        || bytes != region->bytes || *jfutex_word(region, 12) > JFUTEX_MOST_CELLS) {
      error = EPROTO;
    } else if (!jfutex_ids_fit(region)) {
      error = ESTALE;
    } else {
      void *registry = region->base + JFUTEX_REGISTRY;
      error = jfutex_mutex_lock(region, registry);
      if (error == 0 || error == EOWNERDEAD) {
        error = jfutex_take_place(region, list);
        jfutex_mutex_unlock(registry);
      }
    }
  }
  if (error != 0 && region->base != NULL) {
    munmap(region->base, region->bytes);
    region->base = NULL;
  }
  return error;
}

/* Leaves a region in which the process holds nothing. Called by the thread that has attached. */
static inline void jfutex_detach(struct jfutex_region *region) {
  uint32_t *word = jfutex_member(region, region->place);
  struct robust_list_head *list = jfutex_list();
  jfutex_pending(list, jfutex_entry(word));
  jfutex_unlink(word);
  JFUTEX_ORDER();
  __atomic_store_n(word, 0, __ATOMIC_SEQ_CST);
  jfutex_tell_all(region);
  jfutex_pending(list, NULL);
  munmap(region->base, region->bytes);
  region->base = NULL;
}

/* How long a cell of a kind is; 0 if that differs. */
static inline uint64_t jfutex_cell_bytes(uint32_t kind) {
  return kind == JFUTEX_SEMAPHORE ? 128 + JFUTEX_MEMBERS * sizeof(uint64_t)
         : kind == JFUTEX_BYTES   ? 0
                                  : 64;
}

/* The cell of a name and kind; NULL if there is none. The directory is checked against the file. */
static inline void *jfutex_cell(const struct jfutex_region *region, const char *name,
                                uint32_t kind) {
  uint32_t count = *jfutex_word(region, 12);
  for (uint32_t i = 0; i < count && i < JFUTEX_MOST_CELLS; i++) {
    size_t at = JFUTEX_DIRECTORY + (size_t)i * JFUTEX_ENTRY_BYTES;
    unsigned char entry[JFUTEX_ENTRY_BYTES];
    uint32_t entry_kind;
    uint64_t offset, bytes;
    if (at + JFUTEX_ENTRY_BYTES > region->bytes) {
      return NULL;
    }
    memcpy(entry, region->base + at, sizeof entry); /* others may write there meanwhile */
    memcpy(&entry_kind, entry + 40, sizeof entry_kind);
    memcpy(&offset, entry + 48, sizeof offset);
    memcpy(&bytes, entry + 56, sizeof bytes);
    entry[39] = 0;
    if (entry_kind == kind && strcmp((const char *)entry, name) == 0) {
      return offset % 64 == 0 && offset <= region->bytes && bytes <= region->bytes - offset
                     && (jfutex_cell_bytes(kind) == 0 || bytes == jfutex_cell_bytes(kind))
                 ? region->base + offset
                 : NULL;
    }
  }
  return NULL;
}

/* The number in the directory: permits of a semaphore, 1 for an event that resets itself. */
static inline uint32_t jfutex_number(const struct jfutex_region *region, const void *cell) {
  uint32_t count = *jfutex_word(region, 12);
  for (uint32_t i = 0; i < count && i < JFUTEX_MOST_CELLS; i++) {
    size_t at = JFUTEX_DIRECTORY + (size_t)i * JFUTEX_ENTRY_BYTES;
    uint64_t offset;
    if (at + JFUTEX_ENTRY_BYTES > region->bytes) {
      break;
    }
    memcpy(&offset, region->base + at + 48, sizeof offset);
    if (region->base + offset == cell) {
      return *jfutex_word(region, at + 44);
    }
  }
  return 0;
}

static inline int jfutex_is_alive(const struct jfutex_region *region, uint32_t place,
                                  uint32_t generation) {
  uint32_t *word = jfutex_member(region, place);
  return (jfutex_load(word) & FUTEX_TID_MASK) != 0 && jfutex_load(&word[1]) == generation;
}

/* --- condition -------------------------------------------------------------------------------- */

/*
 * Frees a mutex, waits for a signal or a deadline, and takes the mutex again. Returns 0, maybe
 * without a signal: look again; ETIMEDOUT; EOWNERDEAD if the mutex came from an owner that has
 * ended: it is held then. EPERM if the caller did not hold it; EINVAL if somebody has overwritten
 * it; it is not held then.
 */
static inline int jfutex_condvar_wait(const struct jfutex_region *region, void *cell, void *mutex,
                                      const struct timespec *deadline) {
  uint32_t *word = (uint32_t *)cell;
  struct jfutex_watch watch;
  jfutex_watch(region, &watch);
  uint32_t before = jfutex_load(word);
  int error = jfutex_mutex_unlock(mutex);
  if (error != 0) {
    return error;
  }
  int end = jfutex_watched_wait(region, &watch, word, before, deadline);
  error = jfutex_mutex_lock(region, mutex);
  return error != 0 ? error : end == EAGAIN || end == EINTR ? 0 : end;
}

/* Wakes all who wait: one alone might end or give up before it has looked. */
static inline void jfutex_condvar_broadcast(void *cell) {
  JFUTEX_STEP();
  __atomic_add_fetch((uint32_t *)cell, 1, __ATOMIC_SEQ_CST);
  jfutex_wake((uint32_t *)cell, INT32_MAX);
}

/* --- semaphore: guard at 0, word at 64, left at 68, holdings at 128 -------------------------- */

static inline uint64_t *jfutex_holdings(void *cell) {
  return (uint64_t *)(void *)((char *)cell + 128);
}

/* How many permits the calling process has. With the guard held. */
static inline uint32_t jfutex_semaphore_mine(const struct jfutex_region *region, void *cell) {
  uint64_t holding = jfutex_holdings(cell)[region->place];
  return holding >> 32 == region->generation ? (uint32_t)holding : 0;
}

static inline void jfutex_semaphore_add(const struct jfutex_region *region, void *cell,
                                        int change) {
  uint32_t count = jfutex_semaphore_mine(region, cell) + (uint32_t)change;
  __atomic_store_n(&jfutex_holdings(cell)[region->place],
                   (uint64_t)region->generation << 32 | count, __ATOMIC_SEQ_CST);
  JFUTEX_STEP();
}

/* With the guard held: 0, EOWNERDEAD or EAGAIN. */
static inline int jfutex_semaphore_take(const struct jfutex_region *region, void *cell) {
  uint64_t *holdings = jfutex_holdings(cell);
  uint32_t *left = (uint32_t *)(void *)((char *)cell + 68);
  uint64_t held = 0;
  int dead = -1;
  for (uint32_t i = 0; i < JFUTEX_MEMBERS; i++) {
    uint64_t holding = __atomic_load_n(&holdings[i], __ATOMIC_SEQ_CST);
    if ((uint32_t)holding == 0) {
      continue;
    }
    if (jfutex_is_alive(region, i, (uint32_t)(holding >> 32))) {
      held += (uint32_t)holding;
    } else if (dead < 0 || i == region->place) {
      dead = (int)i; /* my place first, as writing there removes it */
    }
  }
  if (held >= jfutex_number(region, cell)) {
    return EAGAIN;
  }
  jfutex_semaphore_add(region, cell, 1); /* first: who dies between the two is told of too */
  if (dead >= 0) {
    if ((uint32_t)dead != region->place) {
      __atomic_store_n(&holdings[dead], 0, __ATOMIC_SEQ_CST);
      JFUTEX_STEP();
    }
    return EOWNERDEAD;
  }
  if ((int32_t)jfutex_load(left) > 0) {
    __atomic_sub_fetch(left, 1, __ATOMIC_SEQ_CST);
    JFUTEX_STEP();
    return EOWNERDEAD;
  }
  return 0;
}

/*
 * Acquires a permit for the calling process; waits until a deadline on CLOCK_MONOTONIC, NULL for
 * ever. Returns 0; EOWNERDEAD if a process or thread ended with this permit; ETIMEDOUT.
 */
static inline int jfutex_semaphore_wait(const struct jfutex_region *region, void *cell,
                                        const struct timespec *deadline) {
  uint32_t *word = (uint32_t *)(void *)((char *)cell + 64);
  for (;;) {
    struct jfutex_watch watch;
    jfutex_watch(region, &watch);
    int error = jfutex_mutex_timedlock(region, cell, deadline);
    if (error != 0 && error != EOWNERDEAD) {
      return error;
    }
    error = jfutex_semaphore_take(region, cell);
    uint32_t releases = jfutex_load(word);
    jfutex_mutex_unlock(cell);
    if (error != EAGAIN) {
      return error;
    }
    error = jfutex_watched_wait(region, &watch, word, releases, deadline);
    if (error != 0 && error != EAGAIN && error != EINTR) {
      return error;
    }
  }
}

/* Releases a permit of the calling process; EPERM if it has none. */
static inline int jfutex_semaphore_post(const struct jfutex_region *region, void *cell) {
  uint32_t *word = (uint32_t *)(void *)((char *)cell + 64);
  int error = jfutex_mutex_lock(region, cell);
  if (error != 0 && error != EOWNERDEAD) {
    return error;
  }
  error = jfutex_semaphore_mine(region, cell) == 0 ? EPERM : 0;
  if (error == 0) {
    jfutex_semaphore_add(region, cell, -1);
    __atomic_add_fetch(word, 1, __ATOMIC_SEQ_CST);
    JFUTEX_STEP();
  }
  jfutex_mutex_unlock(cell);
  if (error == 0) {
    jfutex_wake(word, INT32_MAX); /* one alone might end or give up before it has taken it */
  }
  return error;
}

/* --- event ------------------------------------------------------------------------------------ */

/* Sets an event and lets who waits go: all, or the first to reset it if it resets itself. */
static inline void jfutex_event_set(void *cell) {
  if (jfutex_cas((uint32_t *)cell, 0, 1)) {
    jfutex_wake((uint32_t *)cell, INT32_MAX);
  }
}

static inline void jfutex_event_reset(void *cell) {
  __atomic_store_n((uint32_t *)cell, 0, __ATOMIC_SEQ_CST);
}

/* Waits until an event is set: 0 or ETIMEDOUT. */
static inline int jfutex_event_wait(const struct jfutex_region *region, void *cell,
                                    const struct timespec *deadline) {
  uint32_t *word = (uint32_t *)cell;
  int resets_itself = jfutex_number(region, cell) != 0;
  for (;;) {
    struct jfutex_watch watch;
    jfutex_watch(region, &watch);
    uint32_t value = jfutex_load(word);
    if (value == 0) {
      int error = jfutex_watched_wait(region, &watch, word, 0, deadline);
      if (error != 0 && error != EAGAIN && error != EINTR) {
        return error;
      }
    } else if (!resets_itself || jfutex_cas(word, value, 0)) {
      return 0;
    }
  }
}

#ifdef __cplusplus
}
#endif

#endif
