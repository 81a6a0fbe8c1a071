// SPDX-License-Identifier: Apache-2.0
/* Processes that the kernel killed for want of memory: victim, and what was full. */
#pragma once

#include "collect/window.h"
#include "machine/cgroup_stat.h"

/* Kills that get a row in one window; more are only counted. */
#define OOM_KILLS_MAX 64

struct oom_kill {
	uint32_t pid;
	uint64_t process_start_ns; /* 0: not known */
	uint64_t boot_ns;
	double available;   /* memory of the machine at the kill, as a share; -1: not known */
	const char *reason; /* NULL: not known */
	char trigger[RECORD_COMM_LENGTH + 1];
};

struct oom {
	struct oom_kill kills[OOM_KILLS_MAX];
	size_t count;
	uint64_t left_out; /* for ever */
	struct cgroup_mounts mounts;
	bool mounted;
};

/* Takes a kill, and finds out what was full: a cgroup at its limit, or the machine. */
void oom_take(struct oom *oom, const struct window *w, const struct oom_record *r);

/* Adds a row for each kill of the window that ends at end_boot_ns, and forgets them. */
void oom_emit(struct oom *oom, const struct window *w, struct builder *b, uint64_t end_boot_ns);
