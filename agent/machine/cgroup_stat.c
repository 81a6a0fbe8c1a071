// SPDX-License-Identifier: Apache-2.0
#include "machine/cgroup_stat.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "machine/proc_file.h"

#define ROOT "/sys/fs/cgroup"

/* v1 says "no limit" with the largest number of pages, in bytes. */
#define V1_NO_LIMIT (1ULL << 62)

/* The root of the unified hierarchy has this file. */
bool cgroup_is_v1(void)
{
	return access(ROOT "/cgroup.controllers", F_OK) != 0;
}

static bool find_mount(char ret[64], const char *const *paths)
{
	for (; *paths; paths++) {
		if (access(*paths, R_OK))
			continue;
		text_copy(ret, 64, *paths);
		return true;
	}
	return false;
}

bool cgroup_mounts_find(struct cgroup_mounts *m)
{
	static const char *const cpu[] = {ROOT "/cpu,cpuacct", ROOT "/cpu", NULL};
	static const char *const memory[] = {ROOT "/memory", NULL};

	*m = (struct cgroup_mounts){.v1 = cgroup_is_v1()};
	if (m->v1)
		return find_mount(m->cpu, cpu) | find_mount(m->memory, memory);
	text_copy(m->cpu, sizeof(m->cpu), ROOT);
	text_copy(m->memory, sizeof(m->memory), ROOT);
	return true;
}

/* The start of the file as a text; false when it cannot be read. */
static bool read_text(const char *mount, const char *path, const char *name, char *text,
		      size_t size)
{
	char file[PATH_MAX];

	if (!*mount ||
	    (size_t)snprintf(file, sizeof(file), "%s%s/%s", mount, path, name) >= sizeof(file))
		return false;

	AUTO_CLOSE int fd = open(file, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? -1 : read(fd, text, size - 1);

	if (len <= 0)
		return false;
	text[len] = '\0';
	return true;
}

static bool read_number(const char *mount, const char *path, const char *name, uint64_t *ret)
{
	char text[32];

	if (!read_text(mount, path, name, text, sizeof(text)))
		return false;
	text[strcspn(text, "\n")] = '\0';
	return text_u64(text, ret);
}

static void set_quota(struct cgroup_stat *s, uint64_t quota_us, uint64_t period_us)
{
	s->has_quota = period_us > 0;
	if (period_us)
		s->quota_share = quota_us * CGROUP_SHARE_OF_CORE / period_us;
}

static void read_cpu(const struct cgroup_mounts *m, const char *path, struct cgroup_stat *s)
{
	char text[4096];
	uint64_t time, quota, period;

	if (!read_text(m->cpu, path, "cpu.stat", text, sizeof(text)))
		return;
	s->has_cpu = proc_file_number(text, "nr_throttled ", &s->throttled_periods);
	if (proc_file_number(text, "throttled_usec ", &time))
		s->throttled_ns = time * 1000;
	else if (proc_file_number(text, "throttled_time ", &time))
		s->throttled_ns = time;
	else
		s->has_cpu = false;
	if (m->v1) {
		if (read_number(m->cpu, path, "cpu.cfs_quota_us", &quota) &&
		    read_number(m->cpu, path, "cpu.cfs_period_us", &period))
			set_quota(s, quota, period);
	} else if (read_text(m->cpu, path, "cpu.max", text, sizeof(text)) &&
		   sscanf(text, "%lu %lu", &quota, &period) == 2) {
		set_quota(s, quota, period);
	}
}

static void read_memory(const struct cgroup_mounts *m, const char *path, struct cgroup_stat *s)
{
	const char *usage = m->v1 ? "memory.usage_in_bytes" : "memory.current";
	const char *limit = m->v1 ? "memory.limit_in_bytes" : "memory.max";
	const char *events = m->v1 ? "memory.oom_control" : "memory.events";
	char text[4096];

	s->has_memory = read_number(m->memory, path, usage, &s->usage_bytes);
	s->has_limit = read_number(m->memory, path, limit, &s->limit_bytes) && s->limit_bytes > 0 &&
		       s->limit_bytes < V1_NO_LIMIT;
	s->has_oom_kills = read_text(m->memory, path, events, text, sizeof(text)) &&
			   proc_file_number(text, "oom_kill ", &s->oom_kills);
}

void cgroup_stat_read(const struct cgroup_mounts *m, const char *path, struct cgroup_stat *ret)
{
	*ret = (struct cgroup_stat){0};
	read_cpu(m, path, ret);
	read_memory(m, path, ret);
}
