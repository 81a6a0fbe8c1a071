// SPDX-License-Identifier: Apache-2.0
/* Files of known size. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "work/work.h"

/* A multiple of any device's block size. */
#define BLOCK (1u << 20)

static void write_file(const char *path, uint64_t bytes, int flags)
{
	char *block = NULL;
	int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC | flags, 0600);

	if (fd < 0)
		work_fail(path);
	errno = posix_memalign((void **)&block, 4096, BLOCK);
	if (errno)
		work_fail("posix_memalign");
	memset(block, 'x', BLOCK);
	for (uint64_t done = 0; done < bytes; done += BLOCK)
		if (write(fd, block, BLOCK) != BLOCK)
			work_fail(path);
	free(block);
	if (fsync(fd) || close(fd))
		work_fail(path);
}

static uint64_t size_of(const char *text)
{
	uint64_t bytes = work_number(text);

	errno = 0;
	if (bytes % BLOCK)
		work_fail("BYTES must be a multiple of 1048576");
	return bytes;
}

static void report(const char *role, uint64_t bytes)
{
	work_report(role, ",\"write_bytes\":%llu", (unsigned long long)bytes);
}

void work_direct_write(char **argv)
{
	uint64_t bytes = size_of(argv[1]);

	write_file(argv[0], bytes, O_DIRECT);
	report("direct-write", bytes);
}

void work_buffered_write(char **argv)
{
	uint64_t bytes = size_of(argv[1]);

	write_file(argv[0], bytes, 0);
	report("buffered-write", bytes);
}

static double now_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int by_size(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* One after the other past the page cache: each is one request, which took no longer than it. */
static void write_requests(const char *path, uint64_t count, size_t size, double *ret_seconds)
{
	char *block = NULL;
	int fd = open(path, O_WRONLY | O_DIRECT);

	if (fd < 0)
		work_fail(path);
	errno = posix_memalign((void **)&block, 4096, size);
	if (errno)
		work_fail("posix_memalign");
	memset(block, 'x', size);
	for (uint64_t i = 0; i < count; i++) {
		double from = now_seconds();

		if (pwrite(fd, block, size, (off_t)(i * size)) != (ssize_t)size)
			work_fail(path);
		ret_seconds[i] = now_seconds() - from;
	}
	free(block);
	close(fd);
}

void work_requests(char **argv)
{
	uint64_t count = work_number(argv[1]), size = work_number(argv[2]);
	double *seconds = calloc(count + 1, sizeof(*seconds)), sum = 0;

	errno = 0;
	if (!seconds || !count)
		work_fail("COUNT must not be 0");
	write_requests(argv[0], count, size, seconds);
	for (uint64_t i = 0; i < count; i++)
		sum += seconds[i];
	qsort(seconds, count, sizeof(*seconds), by_size);
	work_report("requests",
		    ",\"count\":%llu,\"write_bytes\":%llu,\"mean\":%.9f,\"p50\":%.9f,"
		    "\"p95\":%.9f,\"p99\":%.9f",
		    (unsigned long long)count, (unsigned long long)(count * size),
		    sum / (double)count, seconds[(count * 50 + 99) / 100 - 1],
		    seconds[(count * 95 + 99) / 100 - 1], seconds[(count * 99 + 99) / 100 - 1]);
	free(seconds);
}
