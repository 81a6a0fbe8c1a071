// SPDX-License-Identifier: Apache-2.0
/* The machine, from /proc: CPU, memory, load, pressure, interfaces. */
#pragma once

#include "collect/loader.h"
#include "collect/series.h"

#define SYSTEM_MAX_CORES 1024
#define SYSTEM_MAX_INTERFACES 256
#define SYSTEM_NAME_LENGTH 32

struct interface {
	char name[SYSTEM_NAME_LENGTH];
	struct series series;
	bool seen; /* in the newest reading */
};

struct system {
	/* Kept open: reading them again costs no look-up, and no privilege. */
	int stat_fd, meminfo_fd, loadavg_fd, netdev_fd;
	int pressure_fd[3];
	int cpu_usage_fd; /* exact CPU time of all tasks (cgroup v1), -1 when there is none */
	long ticks_per_second;
	uint32_t core_limit; /* CPUs configured */
	uint32_t cores_seen;
	uint64_t busy_ns; /* the kernel's CPU total, newest */
	struct series machine;
	struct series *cores; /* core_limit of them, owned */
	struct interface interfaces[SYSTEM_MAX_INTERFACES];
	size_t interface_count;
	char *text; /* scratch for whole files, owned */
};

/* Opens what there is; what is missing stands in states. Returns 0 or -ENOMEM. */
int system_open(struct system *s, struct probe_state states[PROVIDERS]);

/* Reads everything once. */
void system_read(struct system *s);

/* Adds the rows of the machine, its cores and interfaces. */
void system_emit(struct system *s, struct builder *b, uint64_t length_ns);

/* Closes the files and frees; one that was never opened is fine. */
void system_close(struct system *s);
