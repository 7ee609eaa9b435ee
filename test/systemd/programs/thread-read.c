/* thread-read FILE: read FILE from a second thread, and from the first one. Prints what each read, and whether the second has the id of the process. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char *file;

static void say(const char *who)
{
	char bytes[4096];
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, bytes, sizeof bytes);

	if (length < 0)
		printf("%s: %s\n", who, strerrorname_np(errno));
	else
		printf("%s: %.*s\n", who, (int)length, bytes);
	if (fd >= 0)
		close(fd);
}

static void *second(void *unused)
{
	say(syscall(SYS_gettid) == getpid() ? "same id" : "other id");
	return unused;
}

int main(int argc, char **argv)
{
	pthread_t thread;

	if (argc != 2)
		return 2;
	file = argv[1];
	if (pthread_create(&thread, NULL, second, NULL) != 0 || pthread_join(thread, NULL) != 0)
		return 1;
	say("first");
	return 0;
}
