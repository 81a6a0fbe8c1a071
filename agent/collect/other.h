// SPDX-License-Identifier: Apache-2.0
/*
 * The row "other": above the cap of rows in a snapshot, the smallest processes, by
 * CPU time in the window and then by memory, are summed up in one, so that the
 * rows still add up to the whole.
 */
#pragma once

#include "collect/window.h"

struct other {
	bool active;		    /* there are more processes than rows */
	uint64_t run_ns, rss_bytes; /* of the smallest process with a row of its own */
	uint64_t as_small;	    /* so many that are just as small still get one */
	uint64_t count;		    /* processes summed up */
	uint64_t amount[PROCESS_INPUTS];
	uint64_t value[PROCESS_INPUTS];
};

/* Finds out which processes get rows of their own: w->rows_limit at the most, 0 for all. */
void other_begin(struct other *o, const struct window *w);

/* Whether a process that is shown has no row of its own. To be asked once for each. */
bool other_takes(struct other *o, const struct process *p);

/* Adds such a process; value are its values, all of them. */
void other_add(struct other *o, const struct process *p, const uint64_t *value);

/* Adds the row, when there is anything in it. */
void other_emit(const struct other *o, const struct window *w, struct builder *b,
		uint64_t length_ns);
