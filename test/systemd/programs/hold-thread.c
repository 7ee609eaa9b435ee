// hold-thread PID: stop the one thread of PID that sleeps in poll(2), which is the FUSE worker of hushfs, as a tracer does; all others go on.
// Says "held" then, and holds it until the process is gone or this one is killed.
#include <dirent.h>
#include <sched.h>
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

static int sleeper(const char *pid) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%s/task", pid);
  DIR *tasks = opendir(path);
  if (!tasks) perror(path), exit(1);
  int found = 0;
  for (struct dirent *entry; !found && (entry = readdir(tasks));)
    if (polls(pid, entry->d_name)) found = atoi(entry->d_name);
  closedir(tasks);
  return found;
}

int main(int argc, char **argv) {
  if (argc != 2) return 2;
  int tid, status;
  while ((tid = sleeper(argv[1])) == 0) sched_yield(); // it serves just now
  if (ptrace(PTRACE_SEIZE, tid, 0, 0) || ptrace(PTRACE_INTERRUPT, tid, 0, 0)) return perror("ptrace"), 1;
  waitpid(tid, &status, __WALL);
  puts("held"), fflush(stdout);
  while (waitpid(tid, &status, __WALL) == tid && WIFSTOPPED(status)) {}
  return 0;
}
