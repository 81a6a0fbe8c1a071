// SPDX-License-Identifier: Apache-2.0
/*
 * Counters over many windows. A snapshot says what was added in its window; who
 * is asked for counters that only grow needs the sum since a row was first seen.
 * Amounts are added up here, row by row; a rate or a per cent of time is first
 * turned back into the amount that it came from.
 *
 * Readers are shown some processes only. What the others did is kept in sum, and
 * a process that is not shown any more, or ended, leaves there what it did since
 * it was shown last: nothing is told twice, nothing is left out.
 */
#pragma once

#include "base/table.h"
#include "snapshot/snapshot.h"

#define TALLY_MAX_ROWS 65536 /* of a scope */
#define TALLY_MAX_SLOTS 64   /* counters of a scope */

/* The counters of one row. All that is not here is 0. */
struct tally_row {
	uint64_t seen;	/* number of the newest window that had the row */
	uint64_t shown; /* number of the newest showing; 0: it was not part of it */
	double *before; /* its totals at that showing; NULL before the first */
	double totals[];
};

/* Starts as zeros, and is freed with tally_free(). */
struct tally {
	struct table rows[SCOPES];	  /* struct tally_row, owned */
	double others[TALLY_MAX_SLOTS];	  /* processes that are not shown, ended ones included */
	uint64_t seq;			  /* of the newest snapshot */
	uint64_t windows, windows_missed; /* added up; known by a gap in seq */
	uint64_t left_out;		  /* rows that found no room: their amounts are lost */
	uint64_t showing;		  /* counts calls of tally_show_begin() */
};

/*
 * The counter that a metric stands for, by its number in the scope, when it is the one metric that
 * its input is added up from: an amount, else a rate, else a per cent. -1 for all others.
 */
int tally_slot(enum metric metric);

/* The metric that says the total of the same input since the row began; -1 when none does. */
int tally_total_of(enum metric metric);

/* Adds a window. Rows that it has not are forgotten. */
void tally_add(struct tally *t, const struct snapshot *s);

/* The counters of a row of the newest snapshot, NULL when all are 0 (or t->left_out says more). */
struct tally_row *tally_find(const struct tally *t, const struct snapshot *s, enum scope scope,
			     const struct snapshot_row *row);

/*
 * Between the two: tally_show() for each process that a reader is shown now. What the others did
 * since the showing before is then in t->others. A process without counters is shown too, which
 * takes memory: without any it counts among the others still.
 */
void tally_show_begin(struct tally *t);
void tally_show(struct tally *t, const struct snapshot_row *process);
void tally_show_end(struct tally *t);

/* Frees everything. */
void tally_free(struct tally *t);
