// SPDX-License-Identifier: Apache-2.0
/* CPU time of the machine and of each core, from /proc/stat. */
#pragma once

#include "machine/cgroup_cpu.h"
#include "machine/proc_file.h"
#include "snapshot/series.h"

#define SYSTEM_MAX_CORES 1024

struct system_cpu {
	int stat_fd;
	int usage_fd; /* exact CPU time of all tasks (cgroup v1), -1 when there is none */
	struct cgroup_cpu cgroups; /* the same for cgroup v2, but for the tasks of the root */
	bool cgroups_read;	   /* at the newest reading */
	long ticks_per_second;
	uint32_t core_limit; /* CPUs configured */
	uint32_t cores_seen;
	struct series *cores; /* core_limit of them, owned */
};

/* Opens the files. Returns 0 or -ENOMEM. */
int system_cpu_open(struct system_cpu *c, struct probe_state *state);

/* Reads the machine's CPU times into machine, and those of the cores. text is scratch. */
void system_cpu_read(struct system_cpu *c, struct series *machine, struct buf *text);

/*
 * Completes the machine's CPU time where it comes from cgroups: root_ns is what the tasks of the
 * root cgroup used, counted for ever. To be called in each window, after the walk.
 */
void system_cpu_complete(struct system_cpu *c, struct series *machine, uint64_t root_ns);

/* Adds a row for each core that was read. */
void system_cpu_emit(const struct system_cpu *c, struct builder *b, uint64_t length_ns);

/* Closes the files and frees. */
void system_cpu_close(struct system_cpu *c);
