// SPDX-License-Identifier: Apache-2.0
/* Which rows of a snapshot are time series of Prometheus, and their labels as text. */
#pragma once

#include "encode/prometheus.h"

/* One row: each metric of its scope is a series with these labels. */
struct series_row {
	const struct snapshot_row *row;
	const struct tally_row *sums; /* NULL: see tally_find() */
	size_t at, len;		      /* its labels, in the texts: {name="value",...} or nothing */
};

/* Kept from one scrape to the next: the steady state allocates nothing. Starts as zeros. */
struct series_set {
	struct series_row *rows;
	size_t count, room;
	struct buf texts;
	struct table seen;     /* labels that were there already */
	unsigned char *chosen; /* of each row of the scope */
	void *scratch;
	size_t chosen_room;
	size_t left_out;     /* of this scope, what has no row in the set */
	uint64_t duplicates; /* rows with the labels of another, which were left out: for ever */
	bool failed;	     /* no memory since series_choose() */
};

/*
 * Fills the set with the rows of a scope that are wished for. Of two with the same labels the first
 * counts, and a living process before one that ended.
 */
void series_choose(struct series_set *set, const struct snapshot *s, const struct tally *t,
		   enum scope scope, const struct prometheus_wish *wish);

/* True when the i-th row of the scope that was chosen last is in the set. */
static inline bool series_has(const struct series_set *set, size_t i)
{
	return set->chosen[i];
}

/* Writes a label value without its quotes; to has room for SERIES_VALUE_MAX(len) bytes. */
#define SERIES_VALUE_MAX(len) ((len)*3)
char *series_put_value(char *to, const char *text, size_t len);
