/*
 * The client of every latency question: open, read to end of file, close, COUNT times after WARMUP unmeasured ones.
 *
 *   open-read-close FILE SIZE COUNT WARMUP [PAUSE]
 *
 * Sleeps for PAUSE microseconds before each of them, when it is given; that isn't measured.
 * SIZE `denied`: open must fail with EACCES each time, and that is what is measured. Files above 64 KiB are read by 1 MiB, others by 4 KiB.
 * Prints one line of JSON, times in microseconds. Exits 1 when a call fails or the file has not SIZE bytes, so that a
 * server that answers fast and wrong has no figure.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static uint64_t open_denied(const char *file)
{
	const uint64_t start = now_ns();
	const int fd = open(file, O_RDONLY | O_CLOEXEC);
	const uint64_t end = now_ns();

	if (fd >= 0 || errno != EACCES)
		errx(1, "%s: not refused", file);
	return end - start;
}

static uint64_t open_read_close(const char *file, size_t size)
{
	static char buffer[1 << 20];
	const size_t wanted = size > 65536 ? sizeof buffer : 4096;
	size_t total = 0;
	ssize_t got;
	const uint64_t start = now_ns();
	const int fd = open(file, O_RDONLY | O_CLOEXEC);
	uint64_t end;

	if (fd < 0)
		err(1, "open %s", file);
	while ((got = read(fd, buffer, wanted)) > 0)
		total += (size_t)got;
	if (got < 0)
		err(1, "read %s", file);
	close(fd);
	end = now_ns();
	if (total != size)
		errx(1, "%s: read %zu bytes, expected %zu", file, total, size);
	return end - start;
}

static uint64_t measured(const char *file, size_t size, int denied, useconds_t pause)
{
	if (pause > 0)
		usleep(pause);
	return denied ? open_denied(file) : open_read_close(file, size);
}

/* The nearest-rank percentile. */
static double percentile_us(const uint64_t *sorted, size_t count, size_t percent)
{
	const size_t rank = (count * percent + 99) / 100;

	return (double)sorted[rank > 0 ? rank - 1 : 0] / 1000.0;
}

int main(int argc, char **argv)
{
	size_t size, count, warmup;
	uint64_t *times, sum = 0;
	useconds_t pause;
	int denied;

	if (argc != 5 && argc != 6)
		errx(2, "usage: open-read-close FILE SIZE COUNT WARMUP [PAUSE]");
	denied = strcmp(argv[2], "denied") == 0;
	size = strtoul(argv[2], NULL, 10);
	count = strtoul(argv[3], NULL, 10);
	warmup = strtoul(argv[4], NULL, 10);
	pause = argc > 5 ? (useconds_t)strtoul(argv[5], NULL, 10) : 0;
	if (count == 0 || (times = calloc(count, sizeof *times)) == NULL)
		errx(2, "COUNT must be a positive number that fits memory");
	for (size_t i = 0; i < warmup; i++)
		measured(argv[1], size, denied, pause);
	for (size_t i = 0; i < count; i++)
		sum += times[i] = measured(argv[1], size, denied, pause);
	qsort(times, count, sizeof *times, ascending);
	printf("{\"count\":%zu,\"mean\":%.3f,\"p50\":%.3f,\"p90\":%.3f,\"p99\":%.3f}\n", count,
	       (double)sum / (double)count / 1000.0, percentile_us(times, count, 50),
	       percentile_us(times, count, 90), percentile_us(times, count, 99));
	free(times);
	return 0;
}
