// Writes random bytes over a region that others use, for some time: header, members and cells. Told
// to spare, it leaves the owner words and links of robust cells alone: C and the kernel trust the
// links, and others write them when the word says that nobody owns the cell.
// Arguments: PATH SEED MILLIS all|spare.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { HEADER = 64, REGISTRY = 64, MEMBERS = 256, COUNT = 12, DIRECTORY = 4352, ENTRY_BYTES = 64 };

static long millis(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static uint8_t *is_robust; // of each 64 bytes

static int is_spared(long at) {
  return is_robust[at / 64] && (at % 64 < 4 || (at % 64 >= 24 && at % 64 < 40));
}

// Finds the registry, the members, and the cells whose first word has an owner.
static void spare(const uint8_t *before) {
  is_robust[REGISTRY / 64] = 1;
  memset(is_robust + MEMBERS / 64, 1, (DIRECTORY - MEMBERS) / 64);
  for (int i = 0; i < before[COUNT]; i++) {
    const uint8_t *entry = before + DIRECTORY + i * ENTRY_BYTES;
    uint64_t offset;
    memcpy(&offset, entry + 48, sizeof offset);
    int kind = entry[40];
    is_robust[offset / 64] = kind == 1 || kind == 3 || kind == 4 || kind == 6 || kind == 10;
  }
}

static void restore(volatile uint8_t *bytes, const uint8_t *before, long from, long to) {
  for (long at = from; at < to; at++) bytes[at] = before[at];
}

int main(int argc, char **argv) {
  struct stat file;
  int fd = argc == 5 ? open(argv[1], O_RDWR) : -1;
  if (fd < 0 || fstat(fd, &file) != 0) return 2;
  volatile uint8_t *bytes = mmap(NULL, file.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (bytes == MAP_FAILED) return 3;
  uint8_t *before = malloc(file.st_size);
  if (before == NULL) return 4;
  for (long at = 0; at < file.st_size; at++) before[at] = bytes[at];
  is_robust = calloc(1, file.st_size / 64);
  if (is_robust == NULL) return 5;
  if (strcmp(argv[4], "spare") == 0) spare(before);
  srand48(atol(argv[2]));
  long end = millis() + atol(argv[3]);
  while (millis() < end) {
    if (lrand48() % 4 == 0) { // so that others come as far as the cells now and then
      restore(bytes, before, 0, HEADER);
      restore(bytes, before, DIRECTORY, DIRECTORY + before[COUNT] * ENTRY_BYTES);
    }
    // at most every byte, and now and then so few that others come a little further
    long burst = 1L << lrand48() % 13;
    for (long i = 0; i < burst; i++) {
      long at = lrand48() % file.st_size;
      if (is_spared(at)) continue;
      if (lrand48() % 4 != 0) {
        bytes[at] = (uint8_t)lrand48();
      } else { // a whole word: 0, or one of all bits
        *(volatile uint32_t *)(void *)&bytes[at & ~3L] = lrand48() % 2 ? 0 : (uint32_t)mrand48();
      }
    }
    usleep((useconds_t)(lrand48() % 3000));
  }
  return 0;
}
