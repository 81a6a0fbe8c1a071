// SPDX-License-Identifier: Apache-2.0
/* A cgroup with limits, and known work inside it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness/harness.h"
#include "probes/once.h"

#define UNIT "probecast-test.scope"
#define LIMIT_BYTES (256u << 20)
#define CHILDREN 20

static struct background once;

/* Where the cgroup is: two folders with v1, one with v2. */
static char folders[2][128];
static size_t folder_count;

static bool write_file(const char *folder, const char *name, const char *text)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", folder, name);

	int fd = open(path, O_WRONLY);
	bool written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return written;
}

static void remove_cgroup(void)
{
	for (size_t i = 0; i < folder_count; i++)
		rmdir(folders[i]);
}

static void make_folder(const char *mount)
{
	char *folder = folders[folder_count];

	snprintf(folder, sizeof(folders[0]), "%s/%s", mount, UNIT);
	rmdir(folder);
	if (mkdir(folder, 0755))
		SKIP("no cgroup can be made in %s: %s", mount, strerror(errno));
	folder_count++;
}

/* Half a core, and 256 MiB. */
static void make_cgroup(void)
{
	bool v1 = access("/sys/fs/cgroup/cgroup.controllers", F_OK) != 0;
	char limit[32];

	snprintf(limit, sizeof(limit), "%u", LIMIT_BYTES);
	if (!v1)
		write_file("/sys/fs/cgroup", "cgroup.subtree_control", "+cpu +memory");
	make_folder(v1 ? "/sys/fs/cgroup/memory" : "/sys/fs/cgroup");
	if (v1)
		make_folder("/sys/fs/cgroup/cpu");
	if (!write_file(folders[0], v1 ? "memory.limit_in_bytes" : "memory.max", limit))
		SKIP("the memory controller is not to be had");
	if (v1 ? !write_file(folders[1], "cpu.cfs_quota_us", "50000") ||
			    !write_file(folders[1], "cpu.cfs_period_us", "100000")
	       : !write_file(folders[0], "cpu.max", "50000 100000"))
		SKIP("the CPU controller is not to be had");
}

static double cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* One process after the other, each with 20 ms of CPU; all of it is over when this returns. */
static void work_inside(void)
{
	for (size_t i = 0; i < folder_count; i++)
		if (!write_file(folders[i], "cgroup.procs", "0"))
			_exit(1);
	for (int i = 0; i < CHILDREN; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			while (cpu_seconds() < 0.02)
				;
			_exit(0);
		}
		if (pid < 0 || waitpid(pid, NULL, 0) != pid)
			_exit(1);
	}
	_exit(0);
}

static json_t *group_of(json_t *document, const char *kind, const char *name)
{
	json_t *row, *found = NULL;
	size_t i, count = 0;

	json_array_foreach (json_object_get(document, "groups"), i, row) {
		if (strcmp(json_string_value(json_object_get(row, "kind")), kind) != 0 ||
		    strcmp(json_string_value(json_object_get(row, "name")), name) != 0)
			continue;
		found = row;
		count++;
	}
	CHECK_INT(count, 1);
	return found;
}

/* The sum over the rows of processes that the document says are in the unit. */
static double sum_rows(json_t *document)
{
	double sum = 0;
	json_t *row;
	size_t i;

	json_array_foreach (json_object_get(document, "processes"), i, row) {
		const char *unit = json_string_value(json_object_get(row, "unit"));

		if (unit && strcmp(unit, UNIT) == 0)
			sum += number_at(row, "cpu.seconds");
	}
	return sum;
}

TEST_TIMEOUT(a_unit_is_the_sum_of_its_processes_and_has_its_limits, 30)
{
	struct timespec hold = {.tv_nsec = 300000000};

	make_cgroup();
	once_start(&once, 3500);

	pid_t pid = fork();

	if (pid == 0)
		work_inside();
	CHECK_INT(waitpid(pid, NULL, 0), pid);
	nanosleep(&hold, NULL);

	json_t *document = once_finish(&once), *unit = group_of(document, "unit", UNIT);

	remove_cgroup();

	CHECK(number_at(unit, "cpu.seconds") >= CHILDREN * 0.02 * 0.99);
	CHECK_REAL(number_at(unit, "cpu.seconds"), sum_rows(document), 1e-5);
	CHECK(number_at(unit, "exited") >= CHILDREN);
	CHECK_INT(number_at(unit, "processes"), 0);
	CHECK_REAL(number_at(unit, "cpu.limit_percent"), 50, 0.001);
	CHECK_INT(number_at(unit, "memory.limit_bytes"), LIMIT_BYTES);
	CHECK(number_at(unit, "memory.usage_bytes") >= 0);
	CHECK(number_at(unit, "memory.limit_used_percent") < 100);
}

TEST(users_are_summed_up_too)
{
	once_start(&once, 1000);

	json_t *document = once_finish(&once), *row;
	double users = 0, processes = 0;
	size_t i;

	json_array_foreach (json_object_get(document, "groups"), i, row)
		if (strcmp(json_string_value(json_object_get(row, "kind")), "user") == 0)
			users += number_at(row, "cpu.seconds");
	json_array_foreach (json_object_get(document, "processes"), i, row)
		processes += number_at(row, "cpu.seconds");
	CHECK_REAL(users, processes, 1e-3);
}
