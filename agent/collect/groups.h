// SPDX-License-Identifier: Apache-2.0
/*
 * Processes in sum: by container, pod, tenant, systemd unit and user. A group is
 * found once for a cgroup or user and then pointed to, so that adding a process
 * costs no look-up. What a process did before it ended counts like all else.
 */
#pragma once

#include "collect/loader.h"
#include "collect/window.h"
#include "machine/cgroup_stat.h"
#include "snapshot/series.h"

#define GROUPS_MAX 8192
#define GROUP_INPUTS (INPUT_END_GROUP - INPUT_FIRST_GROUP)
#define GROUP_INPUT(id) (INPUT_GROUP_##id - INPUT_FIRST_GROUP)

/* The inputs that a group has from its processes: they stand first, in the same order. */
#define USAGE_INPUTS_COUNT GROUP_INPUT(processes)

struct group {
	enum group_kind kind;
	char *name, *pod, *namespace, *cgroup; /* owned; all but the name may be NULL */
	uint64_t used_window;		       /* newest with a process */
	uint64_t touched_window;	       /* newest in which one did something */
	uint64_t limits;		       /* inputs read from the cgroup, as bits */
	uint64_t seeded;		       /* counters of the cgroup that have a base */
	uint64_t last[GROUP_INPUTS];
	uint64_t amount[GROUP_INPUTS];
	uint64_t value[GROUP_INPUTS];
};

struct groups {
	struct table table; /* struct group, owned; by kind and name */
	struct cgroup_mounts mounts;
	bool mounted;
	uint64_t window;     /* number of the current window */
	uint64_t table_full; /* groups that found no room, for ever */
};

/* Begins without groups. What there is to read of cgroups stands in state. */
void groups_init(struct groups *g, struct probe_state *state);

/* Begins a window: amounts and gauges back to 0. */
void groups_begin(struct groups *g, uint64_t window);

/*
 * Adds what a process did in this window, and what it holds, to all its groups;
 * value are its values, touched says that it did anything, user names its user.
 */
void groups_add(struct groups *g, struct process *p, const uint64_t *value, const char *user,
		bool touched);

/* Adds a row for each group with processes. available are the inputs of processes, as bits. */
void groups_emit(struct groups *g, struct builder *b, uint64_t available, uint64_t length_ns);

/* Lets go of groups that had no process for GROUPS_KEPT_WINDOWS; after identity_sweep(). */
void groups_sweep(struct groups *g);

/* Frees all groups. */
void groups_free(struct groups *g);
