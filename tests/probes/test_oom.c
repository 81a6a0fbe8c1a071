// SPDX-License-Identifier: Apache-2.0
/* A process that wants more memory than its cgroup allows. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/harness.h"
#include "probes/once.h"

#define LIMIT "33554432"
#define WANTED (128u << 20)

static struct background once;
static char folder[128];

static bool write_file(const char *name, const char *text)
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
	rmdir(folder);
}

static void make_cgroup(void)
{
	bool v1 = access("/sys/fs/cgroup/cgroup.controllers", F_OK) != 0;

	snprintf(folder, sizeof(folder), "/sys/fs/cgroup%s/probecast-oom.scope",
		 v1 ? "/memory" : "");
	rmdir(folder);
	if (mkdir(folder, 0755))
		SKIP("no cgroup can be made: %s", strerror(errno));
	if (!write_file(v1 ? "memory.limit_in_bytes" : "memory.max", LIMIT))
		SKIP("the memory controller is not to be had");
}

static void want_memory(void)
{
	if (!write_file("cgroup.procs", "0"))
		_exit(1);

	char *memory =
		mmap(NULL, WANTED, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		_exit(2);
	for (size_t at = 0; at < WANTED; at += 4096)
		memory[at] = 1;
	_exit(0);
}

TEST(a_kill_has_its_victim_cgroup_and_reason)
{
	int status;

	make_cgroup();
	once_start(&once, 3000);

	pid_t pid = fork();

	if (pid == 0)
		want_memory();
	CHECK_INT(waitpid(pid, &status, 0), pid);
	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
		SKIP("the limit of the cgroup did not kill (swap?): status %#x", status);

	json_t *document = once_finish(&once);
	remove_cgroup();

	json_t *kills = json_object_get(json_object_get(document, "system"), "oom_kills");
	json_t *kill = json_array_get(kills, 0);

	need_probe(document, "oom");
	CHECK_INT(json_array_size(kills), 1);
	CHECK_INT(json_integer_value(json_object_get(kill, "pid")), pid);
	CHECK_STRING(json_string_value(json_object_get(kill, "comm")), "test_oom");
	CHECK_STRING(json_string_value(json_object_get(kill, "trigger")), "test_oom");
	CHECK_STRING(json_string_value(json_object_get(kill, "cgroup")), "/probecast-oom.scope");
	CHECK_STRING(json_string_value(json_object_get(kill, "unit")), "probecast-oom.scope");
	CHECK_STRING(json_string_value(json_object_get(kill, "reason")), "cgroup");
	CHECK(number_at(kill, "peak_rss_bytes") > 16 << 20);
}
