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

/* How the TCP bytes of processes are known. */
enum tcp_bytes {
	TCP_BYTES_UNKNOWN,
	TCP_BYTES_BY_CALLS, /* hooks hear of every call */
	TCP_BYTES_SAMPLED,  /* from what the sockets count */
};

/*
 * The two are two series, each with a part of the truth. So what a socket has
 * counted is credited only between two readings of the same mode; the first of a
 * mode is its base.
 */
struct tcp_mode {
	enum tcp_bytes now, before;
	uint64_t before_until_ns; /* boot clock: the former mode ended */
	uint64_t now_from_ns;	  /* every connection has its base; UINT64_MAX: not yet */
};

struct connections {
	struct table connections; /* struct connection, owned */
	struct table pools;	  /* struct pool, owned */
	struct table listeners;	  /* of this walk, by network namespace and port; no items owned */
	struct window *window;
	uint32_t walk;	 /* number of the newest walk */
	bool walked_all; /* it showed the files of all processes, also of those that slept */
	uint64_t close_wait, connecting; /* connections that processes hold, by the newest walk */
	struct tcp_mode mode;
	struct connections_totals totals;
};

/* window has the processes, and outlives the connections. */
void connections_init(struct connections *c, struct window *window);

/*
 * From now on TCP bytes are known in another way. The next walk sets the base of
 * every connection; what moves before it is credited to nobody. To lose little, walk
 * at once when the new mode is TCP_BYTES_SAMPLED, and just before when it was.
 */
void connections_set_mode(struct connections *c, enum tcp_bytes mode);

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
