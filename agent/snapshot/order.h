// SPDX-License-Identifier: Apache-2.0
/* Which rows come first. */
#pragma once

#include "snapshot/snapshot.h"

/*
 * Writes the indices of the limit rows with the largest value of the metric
 * (0 for all), largest first; rows without the metric come last, equal ones by
 * their first label (the pid). order has room for all rows of the scope; what
 * stands behind the returned count is scratch. Selection by a bounded heap:
 * O(rows log limit).
 */
size_t order_largest(const struct snapshot *s, enum scope scope, enum metric metric, size_t limit,
		     uint32_t *order);
