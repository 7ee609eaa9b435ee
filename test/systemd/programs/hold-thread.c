// hold-thread PID: stop the one thread of PID that sleeps in poll(2), which is the FUSE worker of hushfs, as a tracer does; all others go on.
// Says "held" then, and holds it until the process is gone or this one is killed.
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#ifdef SYS_poll
#define POLL SYS_poll
#else
#define POLL SYS_ppoll
#endif

static int polls(const char *pid, const char *tid) {
  char path[512];
  long number = -1;
  snprintf(path, sizeof path, "/proc/%s/task/%s/syscall", pid, tid);
  FILE *file = fopen(path, "r");
  if (!file) return 0;
  if (fscanf(file, "%ld", &number) != 1) number = -1;
  fclose(file);
  return number == POLL;
}

int main(int argc, char **argv) {
  if (argc != 2) return 2;
  char path[64];
  snprintf(path, sizeof path, "/proc/%s/task", argv[1]);
  DIR *tasks = opendir(path);
  if (!tasks) return perror(path), 1;
  for (struct dirent *entry; (entry = readdir(tasks));) {
    if (!polls(argv[1], entry->d_name)) continue;
    int tid = atoi(entry->d_name), status;
    if (ptrace(PTRACE_SEIZE, tid, 0, 0) || ptrace(PTRACE_INTERRUPT, tid, 0, 0)) return perror("ptrace"), 1;
    waitpid(tid, &status, __WALL);
    puts("held"), fflush(stdout);
    while (waitpid(tid, &status, __WALL) == tid && WIFSTOPPED(status)) {}
    return 0;
  }
  fputs("no thread polls\n", stderr);
  return 1;
}
