// SPDX-License-Identifier: Apache-2.0
/* Where finished windows come from. Who takes them need not know what makes them. */
#pragma once

#include "collect/collector.h"
#include "config/config.h"

struct feed {
	const char *name; /* "bpf", "procfs", "replay" */
	const char *node;
	uint32_t interval_ms; /* usual length of its windows */
	int event_fd;	      /* readable when there is something to drain; -1 for never */
	bool recorded;	      /* its windows are there already: it can wait for whom they go to */
	void *context;

	/* Takes the events that wait; cheap. */
	void (*drain)(void *context);
	/* When the next window can be had, on the boot clock; 0 for never. */
	uint64_t (*due_ns)(const void *context);
	/*
	 * Ends the window and begins the next; behind the last one, gives that again. The parts
	 * stay until the next call, or rest(). False without memory: this window is lost.
	 */
	bool (*next)(void *context, const struct collector_agent *agent, struct builder_parts *ret);
	/* The parts were used: large buffers give their memory back, here and now. May be NULL. */
	void (*rest)(void *context);
	/*
	 * Makes the window of that time the next. Returns 0, or -1 with one line in error. NULL
	 * where there is no past.
	 */
	int (*seek)(void *context, int64_t wall_ms, char *error, size_t size);
	void (*close)(void *context);
};

/*
 * Opens the source that the configuration names. Returns 0, or a negative errno
 * with one line in error (size bytes).
 */
int feed_open(struct feed *f, const struct config *config, char *error, size_t size);

/* Frees everything; one that was never opened (all zero) is fine. */
void feed_close(struct feed *f);
