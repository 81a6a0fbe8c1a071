// SPDX-License-Identifier: Apache-2.0
#include "machine/cgroup_cpu.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"

struct reading {
	uint64_t usage_ns;
	uint32_t round;
};

static bool exists(const char *folder, const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return access(path, F_OK) == 0;
}

void cgroup_cpu_open(struct cgroup_cpu *c, const char *root)
{
	*c = (struct cgroup_cpu){.known.limit = CGROUP_CPU_MAX, .root = root};
	/* Only what is not the root of all has a type. */
	c->unified = exists(root, "cgroup.controllers") && !exists(root, "cgroup.type");
}

static bool read_usage(int root_fd, const char *name, uint64_t *ret_ns)
{
	char path[320], text[64];

	snprintf(path, sizeof(path), "%s/cpu.stat", name);

	AUTO_CLOSE int fd = openat(root_fd, path, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (len <= 0)
		return false;
	text[len] = '\0';
	if (sscanf(text, "usage_usec %lu", ret_ns) != 1)
		return false;
	*ret_ns *= 1000;
	return true;
}

/* One that was not there at the first reading began since: all of its time is new. */
static bool take(struct cgroup_cpu *c, uint64_t inode, uint64_t usage_ns)
{
	struct reading *r = table_get(&c->known, inode, 0);

	if (!r) {
		r = calloc(1, sizeof(*r));
		if (!r || !table_put(&c->known, inode, 0, r)) {
			free(r);
			return false;
		}
		if (c->round == 1)
			r->usage_ns = usage_ns;
	}
	if (usage_ns > r->usage_ns)
		c->total_ns += usage_ns - r->usage_ns;
	r->usage_ns = usage_ns;
	r->round = c->round;
	return true;
}

static bool is_gone(void *context, void *item)
{
	const struct cgroup_cpu *c = context;
	struct reading *r = item;

	if (r->round == c->round)
		return false;
	free(r);
	return true;
}

bool cgroup_cpu_read(struct cgroup_cpu *c)
{
	DIR *root = c->unified ? opendir(c->root) : NULL;
	const struct dirent *entry;
	bool all = true;
	uint64_t usage_ns;

	if (!root)
		return false;
	c->round++;
	while ((entry = readdir(root))) {
		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		/* Removed between the two calls: what it did last is not told. */
		if (read_usage(dirfd(root), entry->d_name, &usage_ns))
			all &= take(c, entry->d_ino, usage_ns);
	}
	closedir(root);
	table_sweep(&c->known, is_gone, c);
	return all;
}

void cgroup_cpu_close(struct cgroup_cpu *c)
{
	struct reading *r;
	size_t at = 0;

	while ((r = table_next(&c->known, &at)))
		free(r);
	table_free(&c->known);
}
