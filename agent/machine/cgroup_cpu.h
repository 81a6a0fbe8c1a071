// SPDX-License-Identifier: Apache-2.0
/*
 * Exact CPU time of all cgroups (v2). The kernel tells none for the root: its
 * cpu.stat is made of ticks. But each cgroup below it is counted exactly, ended
 * tasks included, so their sum is all there is but the tasks of the root itself.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/table.h"

#define CGROUP_CPU_MAX 4096

struct cgroup_cpu {
	struct table known; /* newest reading of each, owned; by inode */
	const char *root;   /* where the hierarchy is mounted */
	bool unified;	    /* the root of the unified hierarchy is to be seen */
	uint32_t round;	    /* number of the newest reading */
	uint64_t total_ns;  /* grown since the first reading; what was removed stays in it */
};

/* Finds out whether root, where the hierarchy is mounted, has anything to read. It stays the
 * caller's. */
void cgroup_cpu_open(struct cgroup_cpu *c, const char *root);

/* Reads all cgroups below the root. False where there is nothing to read, or not all of it. */
bool cgroup_cpu_read(struct cgroup_cpu *c);

/* Frees. */
void cgroup_cpu_close(struct cgroup_cpu *c);
