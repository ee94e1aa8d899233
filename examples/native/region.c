// The functions of jfutex.h that counter.py uses, as a shared library: for languages that can load
// one and cannot compare-and-set, or reach the list of robust locks, by themselves.
//
//     gcc -O2 -fPIC -shared -I include -o target/libregion.so examples/native/region.c
#include <jfutex.h>
#include <stdlib.h>

// Attaches; NULL with errno if it cannot. The process is a member as long as the calling thread.
struct jfutex_region *region_attach(const char *path) {
  struct jfutex_region *region = malloc(sizeof *region);
  int error = region == NULL ? ENOMEM : jfutex_attach(region, path);
  if (error != 0) {
    free(region);
    errno = error;
    return NULL;
  }
  return region;
}

void region_detach(struct jfutex_region *region) {
  jfutex_detach(region);
  free(region);
}

void *region_mutex(const struct jfutex_region *region, const char *name) {
  return jfutex_cell(region, name, JFUTEX_MUTEX);
}

void *region_bytes(const struct jfutex_region *region, const char *name) {
  return jfutex_cell(region, name, JFUTEX_BYTES);
}

// 0, EOWNERDEAD or another errno.
int region_lock(const struct jfutex_region *region, void *mutex) {
  return jfutex_mutex_lock(region, mutex);
}

int region_unlock(void *mutex) { return jfutex_mutex_unlock(mutex); }
