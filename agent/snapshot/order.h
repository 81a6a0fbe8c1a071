// SPDX-License-Identifier: Apache-2.0
/* Which rows come first. */
#pragma once

#include "snapshot/filter.h"
#include "snapshot/tenants.h"

/* A row and what it is ranked by, read once: a comparison then costs two nanoseconds and not
 * thirty. */
struct order_row {
	double value; /* absent ones stand below all others */
	uint64_t id;  /* first label of the row: the pid */
	uint32_t row;
};

struct order_wish {
	enum metric metric;	       /* of the scope */
	bool ascending;		       /* smallest first */
	size_t limit;		       /* rows at the most; 0 means all */
	size_t offset;		       /* rows to leave out at the beginning */
	const struct filter *filter;   /* NULL: every row */
	const struct tenants *tenants; /* NULL: whosever */
	const char *tenant; /* a glob that the row's tenant must match; NULL: any or none */
	uint64_t hidden;    /* labels that the filter must not see, by their place in the scope */
};

/* Whether the wish is for this row. */
bool order_wants(const struct order_wish *wish, const struct snapshot *s, enum scope scope,
		 const struct snapshot_row *row);

/*
 * Writes the rows that are wished for in their order; those without the metric come last, equal
 * ones by their first label. Returns how many there are, and in *ret_matching (may be NULL) how
 * many would be without limit and offset. order has room for all rows of the scope; what stands
 * behind the returned count is scratch. Selection by a bounded heap: O(rows log (offset + limit)).
 */
size_t order_rows(const struct snapshot *s, enum scope scope, const struct order_wish *wish,
		  struct order_row *order, size_t *ret_matching);

/* The same for the limit rows with the largest value of the metric (0 for all). */
size_t order_largest(const struct snapshot *s, enum scope scope, enum metric metric, size_t limit,
		     struct order_row *order);
