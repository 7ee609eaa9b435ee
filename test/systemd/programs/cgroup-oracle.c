/*
 * What libsystemd says of a process. Lines of PID, unit, unit of the user manager, slice, separated by tabs; empty: none.
 *   cgroup-oracle            of every process in /proc
 *   cgroup-oracle --visit    of itself in each cgroup that standard input names, one path a line; for PID it says that path, or an
 *                            errno's name where it can't be made or entered
 * libsystemd is loaded when it runs: no headers are needed where it is compiled.
 */
#include <ctype.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HIERARCHY "/sys/fs/cgroup"

typedef int (*getter)(pid_t, char **);
static getter unit, user_unit, slice;

static getter find(void *library, const char *name) {
  getter found = (getter)dlsym(library, name);
  if (!found) {
    fprintf(stderr, "%s\n", dlerror());
    exit(2);
  }
  return found;
}

static void say(getter get, pid_t pid, char end) {
  char *name = NULL;
  printf("%s%c", get(pid, &name) >= 0 ? name : "", end);
  free(name);
}

static void say_all(pid_t pid) {
  say(unit, pid, '\t');
  say(user_unit, pid, '\t');
  say(slice, pid, '\n');
}

static int enter(const char *cgroup) {
  char procs[PATH_MAX + 32];
  snprintf(procs, sizeof procs, "%s/cgroup.procs", cgroup);
  int fd = open(procs, O_WRONLY);
  if (fd < 0) return -1;
  int result = write(fd, "0", 1) == 1 ? 0 : -1;
  int error = errno;
  close(fd);
  errno = error;
  return result;
}

/* Says in `made` where the first folder ends that had to be made. */
static int make(char *folder, size_t *made) {
  *made = 0;
  for (char *at = folder + strlen(HIERARCHY) + 1;; at++) {
    if (*at != '/' && *at != '\0') continue;
    char was = *at;
    *at = '\0';
    int result = mkdir(folder, 0755);
    if (result == 0 && *made == 0) *made = strlen(folder);
    *at = was;
    if (result < 0 && errno != EEXIST) return -1;
    if (was == '\0') return 0;
  }
}

static void take_away(char *folder, size_t made) {
  while (made > 0 && strlen(folder) >= made) {
    rmdir(folder);
    *strrchr(folder, '/') = '\0';
  }
}

static void visit(const char *path) {
  char folder[PATH_MAX + sizeof HIERARCHY];
  size_t made;
  snprintf(folder, sizeof folder, HIERARCHY "%s", path);
  if (make(folder, &made) == 0 && enter(folder) == 0) {
    printf("%s\t", path);
    say_all(getpid());
  } else
    printf("%s\t\t\t\n", strerrorname_np(errno));
  if (enter(HIERARCHY "/outside") < 0) exit(3);
  take_away(folder, made);
}

static void visit_all(void) {
  char *line = NULL;
  size_t room = 0;
  ssize_t length;
  while ((length = getline(&line, &room, stdin)) > 0) {
    if (line[length - 1] == '\n') line[length - 1] = '\0';
    visit(line);
  }
  free(line);
}

static void say_every_process(void) {
  DIR *proc = opendir("/proc");
  for (struct dirent *entry; (entry = readdir(proc));) {
    if (!isdigit((unsigned char)entry->d_name[0])) continue;
    printf("%s\t", entry->d_name);
    say_all(atoi(entry->d_name));
  }
  closedir(proc);
}

int main(int count, char **arguments) {
  void *library = dlopen("libsystemd.so.0", RTLD_NOW);
  if (!library) {
    fprintf(stderr, "%s\n", dlerror());
    return 2;
  }
  unit = find(library, "sd_pid_get_unit");
  user_unit = find(library, "sd_pid_get_user_unit");
  slice = find(library, "sd_pid_get_slice");
  if (count > 1 && strcmp(arguments[1], "--visit") == 0)
    visit_all();
  else
    say_every_process();
  return 0;
}
