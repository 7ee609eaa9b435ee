// hammer FILE THREADS OPENS: open FILE, read it to its end and close it, so often in all, from so many threads, until it is done or SIGTERM comes.
// A good read is one byte, repeated, at least once. Prints how many there were, how many opens or reads failed, how many contents were
// mixed or empty, the longest time that one took in milliseconds, and the first error.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *file;
static atomic_long left, opens, failed, wrong, longest;
static atomic_int first_error;
static volatile sig_atomic_t stop;

static void on_term(int signal) { (void)signal, stop = 1; }

static long now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void fail(void) {
  int none = 0;
  atomic_compare_exchange_strong(&first_error, &none, errno);
  failed++;
}

static void once(void) {
  static _Thread_local char bytes[1 << 16];
  size_t length = 0;
  int fd = open(file, O_RDONLY | O_CLOEXEC);
  if (fd < 0) { fail(); return; }
  for (;;) {
    ssize_t n = read(fd, bytes + length, sizeof bytes - length);
    if (n < 0) { fail(); close(fd); return; }
    if (n == 0) break;
    length += n;
  }
  close(fd);
  if (length == 0 || memcmp(bytes, bytes + 1, length - 1) != 0) wrong++;
}

static void *work(void *unused) {
  (void)unused;
  while (!stop && atomic_fetch_sub(&left, 1) > 0) {
    long start = now_ms(), took;
    once();
    opens++;
    took = now_ms() - start;
    for (long known = longest; took > known && !atomic_compare_exchange_weak(&longest, &known, took);) {}
  }
  return NULL;
}

int main(int argc, char **argv) {
  if (argc != 4) return 2;
  file = argv[1];
  int threads = atoi(argv[2]);
  left = atol(argv[3]);
  signal(SIGTERM, on_term);
  pthread_t *ids = calloc(threads, sizeof *ids);
  for (int i = 0; i < threads; i++) pthread_create(&ids[i], NULL, work, NULL);
  for (int i = 0; i < threads; i++) pthread_join(ids[i], NULL);
  printf("{\"opens\":%ld,\"failed\":%ld,\"wrong\":%ld,\"longestMs\":%ld,\"error\":\"%s\"}\n", (long)opens, (long)failed,
         (long)wrong, (long)longest, first_error ? strerrorname_np(first_error) : "");
  return failed || wrong;
}
