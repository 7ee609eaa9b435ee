/*
 * Many readers at once: THREADS threads open, read to the end of the file and close again and again for SECONDS.
 *
 *   parallel-readers FILE SIZE THREADS SECONDS
 *
 * Prints one line of JSON: reads per second of all together, and percentiles of one, in microseconds. Exits 1 when a call fails or the
 * file has not SIZE bytes.
 */
#include <err.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define MOST_THREADS 256
/* Of each thread; what comes later isn't in the percentiles. */
#define MOST_TIMES 100000

static const char *file;
static size_t size;
static atomic_int go, stop;

struct reader {
	pthread_t thread;
	uint64_t *times;
	size_t count;
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void read_once(void)
{
	char buffer[4096];
	size_t total = 0;
	ssize_t got;
	const int fd = open(file, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		err(1, "open %s", file);
	while ((got = read(fd, buffer, sizeof buffer)) > 0)
		total += (size_t)got;
	if (got < 0)
		err(1, "read %s", file);
	close(fd);
	if (total != size)
		errx(1, "%s: read %zu bytes, expected %zu", file, total, size);
}

static void *run(void *argument)
{
	struct reader *reader = argument;

	while (!go)
		usleep(100);
	while (!stop) {
		const uint64_t start = now_ns();

		read_once();
		if (reader->count < MOST_TIMES)
			reader->times[reader->count] = now_ns() - start;
		reader->count++;
	}
	return NULL;
}

static int ascending(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* The nearest-rank percentile; `part` in thousandths. */
static double percentile_us(const uint64_t *sorted, size_t count, size_t part)
{
	const size_t rank = (count * part + 999) / 1000;

	return (double)sorted[rank > 0 ? rank - 1 : 0] / 1000.0;
}

int main(int argc, char **argv)
{
	static struct reader readers[MOST_THREADS];
	size_t threads, seconds, reads = 0, kept = 0;
	uint64_t *all, start, end;

	if (argc != 5)
		errx(2, "usage: parallel-readers FILE SIZE THREADS SECONDS");
	file = argv[1];
	size = strtoul(argv[2], NULL, 10);
	threads = strtoul(argv[3], NULL, 10);
	seconds = strtoul(argv[4], NULL, 10);
	if (threads == 0 || threads > MOST_THREADS || seconds == 0)
		errx(2, "THREADS must be 1 to %d, SECONDS a positive number", MOST_THREADS);
	for (size_t i = 0; i < threads; i++) {
		if ((readers[i].times = calloc(MOST_TIMES, sizeof *readers[i].times)) == NULL)
			err(1, "calloc");
		if (pthread_create(&readers[i].thread, NULL, run, &readers[i]) != 0)
			err(1, "pthread_create");
	}
	start = now_ns();
	go = 1;
	sleep((unsigned)seconds);
	stop = 1;
	for (size_t i = 0; i < threads; i++)
		pthread_join(readers[i].thread, NULL);
	end = now_ns();
	if ((all = calloc(threads * MOST_TIMES, sizeof *all)) == NULL)
		err(1, "calloc");
	for (size_t i = 0; i < threads; i++) {
		reads += readers[i].count;
		for (size_t j = 0; j < readers[i].count && j < MOST_TIMES; j++)
			all[kept++] = readers[i].times[j];
	}
	if (kept == 0)
		errx(1, "%s: nothing was read", file);
	qsort(all, kept, sizeof *all, ascending);
	printf("{\"perSecond\":%.1f,\"p50\":%.3f,\"p99\":%.3f,\"p999\":%.3f}\n",
	       (double)reads * 1e9 / (double)(end - start), percentile_us(all, kept, 500),
	       percentile_us(all, kept, 990), percentile_us(all, kept, 999));
	return 0;
}
