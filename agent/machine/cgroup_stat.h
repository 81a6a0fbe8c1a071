// SPDX-License-Identifier: Apache-2.0
/* What the kernel counts for a cgroup, and the limits it sets: from /sys/fs/cgroup, v1 and v2. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* CPU quota in thousandths of a per cent of one core. */
#define CGROUP_SHARE_OF_CORE 100000ULL

struct cgroup_stat {
	bool has_cpu, has_quota, has_memory, has_limit, has_oom_kills;
	uint64_t quota_share; /* CGROUP_SHARE_OF_CORE is one whole core */
	uint64_t throttled_ns;
	uint64_t throttled_periods;
	uint64_t usage_bytes;
	uint64_t limit_bytes;
	uint64_t oom_kills;
};

/* Whether controllers have hierarchies of their own (v1, hybrid), and not one for all. */
bool cgroup_is_v1(void);

/* Where the hierarchies are mounted. */
struct cgroup_mounts {
	bool v1;
	char cpu[64];	 /* v1: of the cpu controller; v2: of the one hierarchy */
	char memory[64]; /* the same of the memory controller */
};

/* Finds the hierarchies. False when there is none: nothing can be read then. */
bool cgroup_mounts_find(struct cgroup_mounts *m);

/* Reads what there is of the cgroup with this path; what is missing is not marked as there. */
void cgroup_stat_read(const struct cgroup_mounts *m, const char *path, struct cgroup_stat *ret);
