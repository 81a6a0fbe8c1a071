// SPDX-License-Identifier: Apache-2.0
/* Ways to write a file, and to read it from the device. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "work/work.h"

#define BLOCK (1u << 20)

static char *block(void)
{
	char *data = NULL;

	errno = posix_memalign((void **)&data, 4096, BLOCK);
	if (errno)
		work_fail("posix_memalign");
	memset(data, 'x', BLOCK);
	return data;
}

static int open_file(const char *path, int flags)
{
	int fd = open(path, flags, 0600);

	if (fd < 0)
		work_fail(path);
	return fd;
}

static uint64_t blocks(const char *text)
{
	uint64_t bytes = work_number(text);

	errno = 0;
	if (bytes % BLOCK)
		work_fail("BYTES must be a multiple of 1048576");
	return bytes;
}

static void report(const char *role, uint64_t read_bytes, uint64_t write_bytes)
{
	work_report(role, ",\"read_bytes\":%llu,\"write_bytes\":%llu",
		    (unsigned long long)read_bytes, (unsigned long long)write_bytes);
}

void work_mapped_write(char **argv)
{
	uint64_t bytes = blocks(argv[1]);
	int fd = open_file(argv[0], O_RDWR);
	char *memory;

	if (ftruncate(fd, (off_t)bytes))
		work_fail(argv[0]);
	memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		work_fail("mmap");
	memset(memory, 'x', bytes);
	if (msync(memory, bytes, MS_SYNC) || munmap(memory, bytes) || close(fd))
		work_fail("msync");
	report("mapped-write", 0, bytes);
}

/*
 * Never reaches the device: the pages go with the file, now or when the process ends.
 * No O_TRUNC: ext4 writes a file that was truncated as soon as it is closed.
 */
static void write_unlinked(const char *role, const char *path, uint64_t bytes, bool close_it)
{
	int fd = open_file(path, O_WRONLY);
	char *data = block();

	for (uint64_t done = 0; done < bytes; done += BLOCK)
		if (write(fd, data, BLOCK) != BLOCK)
			work_fail(path);
	if (unlink(path) || (close_it && close(fd)))
		work_fail(path);
	free(data);
	report(role, 0, bytes);
}

void work_unlinked_write(char **argv)
{
	write_unlinked("unlinked-write", argv[0], blocks(argv[1]), true);
}

void work_abandoned_write(char **argv)
{
	write_unlinked("abandoned-write", argv[0], blocks(argv[1]), false);
}

/* Nothing of it may be in the page cache. */
static int open_uncached(const char *path, int flags)
{
	int fd = open_file(path, O_RDONLY | flags);

	if (fdatasync(fd) || posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED))
		work_fail(path);
	return fd;
}

static void read_file(const char *role, const char *path, int flags)
{
	int fd = open_uncached(path, flags);
	char *data = block();
	uint64_t bytes = 0;
	ssize_t got;

	while ((got = read(fd, data, BLOCK)) > 0)
		bytes += (uint64_t)got;
	if (got < 0 || close(fd))
		work_fail(path);
	free(data);
	report(role, bytes, 0);
}

void work_buffered_read(char **argv)
{
	read_file("buffered-read", argv[0], 0);
}

void work_direct_read(char **argv)
{
	read_file("direct-read", argv[0], O_DIRECT);
}

void work_mapped_read(char **argv)
{
	int fd = open_uncached(argv[0], 0);
	off_t bytes = lseek(fd, 0, SEEK_END);
	volatile const char *memory = mmap(NULL, (size_t)bytes, PROT_READ, MAP_SHARED, fd, 0);
	unsigned sum = 0;

	if (memory == MAP_FAILED)
		work_fail("mmap");
	for (off_t i = 0; i < bytes; i += 4096)
		sum += (unsigned char)memory[i];
	errno = 0;
	if (bytes && !sum)
		work_fail("the file is empty");
	report("mapped-read", (uint64_t)bytes, 0);
}
