// A 32-bit program without a C library: one futex call by the old gate, one line, status 0 if the kernel served it.
//   gcc -m32 -nostdlib -static -ffreestanding -fno-pie -no-pie -fno-stack-protector
static long gate(long nr, long a, long b, long c, long d, long e) {
  long result;
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(nr), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e) : "memory");
  return result;
}

void _start(void) {
  enum { NR_WRITE = 4, NR_EXIT = 1, NR_FUTEX = 240, WAIT_PRIVATE = 128, MINUS_EAGAIN = -11 };
  static const char text[] = "32 bits\n";
  unsigned word = 1;
  long result = gate(NR_FUTEX, (long)&word, WAIT_PRIVATE, 2, 0, 0);
  gate(NR_WRITE, 1, (long)text, sizeof text - 1, 0, 0);
  gate(NR_EXIT, result == MINUS_EAGAIN ? 0 : 1, 0, 0, 0, 0);
  for (;;) {
  }
}
