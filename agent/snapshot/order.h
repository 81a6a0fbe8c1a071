// SPDX-License-Identifier: Apache-2.0
/* Which rows come first. */
#pragma once

#include "snapshot/snapshot.h"

/* A row and what it is ranked by, read once: a comparison then costs two nanoseconds and not
 * thirty. */
struct order_row {
	double value; /* absent ones stand below all others */
	uint64_t id;  /* first label of the row: the pid */
	uint32_t row;
};

/*
 * Writes the limit rows with the largest value of the metric (0 for all), largest
 * first; rows without the metric come last, equal ones by their first label.
 * Returns how many there are. order has room for all rows of the scope; what
 * stands behind the returned count is scratch. Selection by a bounded heap:
 * O(rows log limit).
 */
size_t order_largest(const struct snapshot *s, enum scope scope, enum metric metric, size_t limit,
		     struct order_row *order);
