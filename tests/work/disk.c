// SPDX-License-Identifier: Apache-2.0
/* Files of known size. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
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
