// SPDX-License-Identifier: Apache-2.0
/*
 * TCP connections over time: records in, counts of their processes and rows of
 * pools out. A connection is its socket's cookie. It belongs to the process that
 * holds it in the walk over files; one that lived between two walks belongs to
 * who connected or closed it.
 *
 * A pool is what one process holds to one remote endpoint that it connected to.
 */
#pragma once

#include "collect/window.h"

#define CONNECTIONS_MAX 65536
#define POOLS_MAX 4096

/* Counted for ever. */
struct connections_totals {
	uint64_t unowned;    /* ended, and their process is not known */
	uint64_t table_full; /* connections and pools that found no room */
};

struct connections {
	struct table connections; /* struct connection, owned */
	struct table pools;	  /* struct pool, owned */
	struct table listeners;	  /* of this walk, by network namespace and port; no items owned */
	struct window *window;
	uint32_t walk;	 /* number of the newest walk */
	bool walked_all; /* it showed the files of all processes, also of those that slept */
	uint64_t close_wait, connecting; /* connections that processes hold, by the newest walk */
	struct connections_totals totals;
};

/* window has the processes, and outlives the connections. */
void connections_init(struct connections *c, struct window *window);

/* Takes a socket of the walk, or the end of a connection. */
void connections_take(struct connections *c, const struct connection_record *r);

/*
 * Say when a walk over files begins and ends, and whether it looked at all processes: those that
 * it left out hold what they held. What the first walk shows began
 * before the agent: it is the base, and counts as opened by nobody.
 */
void connections_walk_begin(struct connections *c);
void connections_walk_end(struct connections *c, bool walked_all);

/* Adds a row for each pool that has connections or had any in this window. */
void connections_emit(struct connections *c, struct builder *b, uint64_t length_ns);

/* Ends the window: amounts back to 0, pools without connections are let go. */
void connections_next(struct connections *c);

/* Frees everything. */
void connections_free(struct connections *c);
