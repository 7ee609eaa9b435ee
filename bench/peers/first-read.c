/*
 * Says when a file can first be read: tries every 100 microseconds until SIZE bytes are there.
 *
 *   first-read FILE SIZE
 *
 * Prints CLOCK_MONOTONIC in nanoseconds, the clock of Node's process.hrtime. Whoever starts it kills it when it waits too long.
 */
#include <err.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static size_t read_whole(const char *file)
{
	char buffer[4096];
	size_t total = 0;
	ssize_t got;
	const int fd = open(file, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return 0;
	while ((got = read(fd, buffer, sizeof buffer)) > 0)
		total += (size_t)got;
	close(fd);
	return got < 0 ? 0 : total;
}

int main(int argc, char **argv)
{
	const struct timespec pause = { .tv_nsec = 100000 };
	struct timespec t;

	if (argc != 3)
		errx(2, "usage: first-read FILE SIZE");
	while (read_whole(argv[1]) != strtoul(argv[2], NULL, 10))
		nanosleep(&pause, NULL);
	clock_gettime(CLOCK_MONOTONIC, &t);
	printf("%" PRIu64 "\n", (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec);
	return 0;
}
