/*
 * list-units: for each process, one line of fields between tabs: its id, its line of cgroup version 2, and what libsystemd says of it: unit,
 * unit of the user's manager, slice; "-" where it says there is none.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

typedef int ask(pid_t, char **);

static void say(void *library, const char *function, pid_t pid)
{
	ask *call = (ask *)dlsym(library, function);
	char *answer = NULL;

	if (call == NULL) {
		fprintf(stderr, "%s\n", dlerror());
		exit(1);
	}
	printf("\t%s", call(pid, &answer) < 0 ? "-" : answer);
	free(answer);
}

static int cgroup_of(pid_t pid, char *line, size_t size)
{
	char path[64];
	FILE *file;
	int found = 0;

	snprintf(path, sizeof path, "/proc/%d/cgroup", (int)pid);
	file = fopen(path, "re");
	if (file == NULL)
		return 0;
	while (!found && fgets(line, (int)size, file) != NULL)
		found = strncmp(line, "0::", 3) == 0;
	fclose(file);
	line[strcspn(line, "\n")] = 0;
	return found;
}

int main(void)
{
	void *library = dlopen("libsystemd.so.0", RTLD_NOW);
	DIR *processes = opendir("/proc");
	struct dirent *entry;
	char line[8192];

	if (library == NULL || processes == NULL) {
		fprintf(stderr, "no libsystemd, or no /proc\n");
		return 1;
	}
	while ((entry = readdir(processes)) != NULL) {
		pid_t pid = atoi(entry->d_name);

		if (!isdigit((unsigned char)entry->d_name[0]) || !cgroup_of(pid, line, sizeof line))
			continue;
		printf("%d\t%s", (int)pid, line + strlen("0::"));
		say(library, "sd_pid_get_unit", pid);
		say(library, "sd_pid_get_user_unit", pid);
		say(library, "sd_pid_get_slice", pid);
		putchar('\n');
	}
	return 0;
}
