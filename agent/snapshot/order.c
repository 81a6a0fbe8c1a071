// SPDX-License-Identifier: Apache-2.0
#include "snapshot/order.h"

#include <math.h>

struct ranking {
	const struct snapshot *snapshot;
	enum scope scope;
	enum metric metric;
};

/* True when row a stands before row b. */
static bool before(const struct ranking *r, uint32_t a, uint32_t b)
{
	const struct snapshot_row *row_a = snapshot_row(r->snapshot, r->scope, a);
	const struct snapshot_row *row_b = snapshot_row(r->snapshot, r->scope, b);
	double value_a = snapshot_number(r->snapshot, row_a, r->metric, -INFINITY);
	double value_b = snapshot_number(r->snapshot, row_b, r->metric, -INFINITY);

	if (value_a != value_b)
		return value_a > value_b;
	if (row_a->labels[0] != row_b->labels[0])
		return row_a->labels[0] < row_b->labels[0];
	return a < b;
}

/* The heap's root is the row that stands last: the first to give way. */
static void sift_down(const struct ranking *r, uint32_t *heap, size_t count, size_t at)
{
	for (;;) {
		size_t last = at, left = 2 * at + 1;

		for (size_t child = left; child < left + 2 && child < count; child++)
			if (before(r, heap[last], heap[child]))
				last = child;
		if (last == at)
			return;

		uint32_t row = heap[at];

		heap[at] = heap[last];
		heap[last] = row;
		at = last;
	}
}

size_t order_largest(const struct snapshot *s, enum scope scope, enum metric metric, size_t limit,
		     uint32_t *order)
{
	struct ranking r = {s, scope, metric};
	size_t rows = snapshot_rows(s, scope);
	size_t count = limit && limit < rows ? limit : rows;

	for (size_t i = 0; i < count; i++)
		order[i] = (uint32_t)i;
	for (size_t i = count / 2; i-- > 0;)
		sift_down(&r, order, count, i);
	for (size_t i = count; i < rows; i++) {
		if (!before(&r, (uint32_t)i, order[0]))
			continue;
		order[0] = (uint32_t)i;
		sift_down(&r, order, count, 0);
	}
	for (size_t left = count; left > 1; left--) {
		uint32_t row = order[0];

		order[0] = order[left - 1];
		order[left - 1] = row;
		sift_down(&r, order, left - 1, 0);
	}
	return count;
}
