// SPDX-License-Identifier: Apache-2.0
/* The collector: a source, the machine, and the window, joined into one snapshot after another. */
#pragma once

#include "collect/budget.h"
#include "collect/groups.h"
#include "collect/oom.h"
#include "collect/source.h"
#include "machine/system.h"
#include "snapshot/builder.h"

/* What the collector is told by others, for the agent's own row. */
struct collector_agent {
	uint64_t server_cpu_ns; /* so far; 0 when there is no server */
	uint64_t server_rss_bytes;
	uint64_t server_restarts;
};

/* What the collector is asked for. */
struct collector_options {
	const char *source;    /* "auto", "bpf", "procfs" */
	const char *node;      /* name of this machine */
	const char *tenants;   /* cgroups of tenants, see tenancy.h */
	const char *probes;    /* how probes shall attach, see wish.h */
	bool arguments;	       /* show what programs were started with */
	size_t rows_limit;     /* rows of processes in a snapshot, 0 for no limit */
	double budget_percent; /* of one core, see budget.h; 0 for no limit */
	uint32_t interval_ms;
};

struct collector {
	struct source source;
	struct system system;
	struct identity identity;
	struct tenancy tenancy;
	struct window window;
	struct connections connections;
	struct groups groups;
	struct oom oom;
	struct builder builder;
	struct probe_state states[PROVIDERS];
	struct series totals, losses, self;
	struct budget budget;
	bool may_sample;		     /* see sampled.h */
	uint64_t hooks_ns[PROVIDERS];	     /* time that the hooks took, for ever */
	uint64_t hooks_amount_ns[PROVIDERS]; /* in this window */
	uint64_t own_ns[PROVIDERS]; /* CPU time that the collector took to read a probe, in this
				       window */
	char node[256];
	uint32_t interval_ms;
	uint64_t seq;
	uint64_t start_boot_ns; /* of the current window */
	int64_t start_wall_ms;
	uint64_t walk_errors; /* walks that failed, for ever */
};

/*
 * Opens the source, reads everything once to set the base, and begins the first
 * window. "auto" falls back to procfs. Returns 0, or a negative errno with one
 * line in error (size bytes).
 */
int collector_open(struct collector *c, const struct collector_options *o, char *error,
		   size_t size);

/* Takes the events that wait; cheap. */
void collector_drain(struct collector *c);

/*
 * Closes the window and begins the next. The snapshot is then in c->builder, to
 * be ended by builder_end() or builder_finish(), until the next call.
 */
void collector_window(struct collector *c, const struct collector_agent *agent);

/* Frees everything; a collector that was never opened is fine. */
void collector_close(struct collector *c);
