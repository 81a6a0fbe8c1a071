// SPDX-License-Identifier: Apache-2.0
/*
 * Where processes come from. A source feeds records into the window; the rest of
 * the collector does not know which it is.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collect/connections.h"
#include "collect/loader.h"
#include "collect/window.h"
#include "machine/disks.h"

/* Losses and counts that a source keeps, counted for ever. */
struct source_counts {
	uint64_t ring_dropped, storage_failed, returns_missed, maps_full;
	uint64_t started, exited;
};

struct source {
	const char *name;   /* "bpf", "procfs" */
	uint64_t available; /* process inputs it fills, as bits */
	bool exit_events;   /* it hears of every process that ends */
	uint64_t optional;  /* providers that may be switched off, as bits */
	uint64_t map_bytes; /* kernel memory of BPF maps; 0 when not known */
	int event_fd;	    /* readable when events wait; -1 when there are none */
	void *context;

	/* Reads all tasks that may have changed; all of them when full is true. */
	int (*walk)(void *context, struct window *w, bool full);
	/* Reads all open files; to be called before walk(). May be NULL. */
	int (*walk_files)(void *context, struct connections *c, bool full);
	/* Takes the events that wait. */
	void (*drain)(void *context, struct window *w, struct connections *c);
	/* Reads its counters. Returns false when the source keeps none. */
	bool (*counts)(void *context, struct source_counts *ret);
	/* Adds what it counted of each disk, after they were read; may be NULL. */
	void (*read_disks)(void *context, struct system_disks *disks);
	/* CPU time in ns that the hooks of each provider have taken so far; may be NULL. */
	void (*run_ns)(void *context, uint64_t ret_ns[PROVIDERS]);
	/* Switches a provider of `optional` on or off: 0, or a negative errno with the reason in
	 * states. Changes `available`. May be NULL. */
	int (*switch_probe)(struct source *s, enum provider p, bool on,
			    struct probe_state states[PROVIDERS]);
	void (*close)(void *context);
};

/* Both fill states for every provider and return 0, or a negative errno with the reason in error.
 */
int source_bpf_open(struct source *s, struct probe_state states[PROVIDERS], char *error,
		    size_t size);
int source_procfs_open(struct source *s, struct probe_state states[PROVIDERS], char *error,
		       size_t size);
