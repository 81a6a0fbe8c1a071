// SPDX-License-Identifier: Apache-2.0
/*
 * What the BPF programs cost. The kernel measures run time only while it is told
 * to, for all programs of the machine, and then each run reads the clock twice:
 * too dear to be left on. So it is on for some milliseconds at the start, while
 * the agent does a little of what the hooks hear of; later runs are counted and
 * taken to last as long as those did.
 */
#pragma once

#include <stdint.h>

#include "snapshot/catalogue.h"

struct bpf_object_skeleton;

/* Time in ns of one run of a hook that could not be measured. */
#define COST_DEFAULT_RUN_NS 300

struct cost {
	int runs_fd;   /* the map `runs`; not owned */
	uint32_t cpus; /* that may ever be online */
	uint64_t run_ns[PROVIDERS];
};

/* Measures one run of each provider's hooks, which are attached. Needs CAP_SYS_ADMIN, else
 * defaults are taken. */
void cost_begin(struct cost *c, const struct bpf_object_skeleton *s, int runs_fd, uint32_t cpus);

/* Time in ns that each provider's hooks have taken so far. */
void cost_read(const struct cost *c, uint64_t ret_ns[PROVIDERS]);

/* Kernel memory of all maps in bytes, as the kernel accounts it; 0 when it does not tell. */
uint64_t cost_map_bytes(const struct bpf_object_skeleton *s);
