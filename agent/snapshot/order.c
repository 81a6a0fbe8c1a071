// SPDX-License-Identifier: Apache-2.0
#include "snapshot/order.h"

#include <math.h>

static struct order_row read_row(const struct snapshot *s, enum scope scope, enum metric metric,
				 size_t i)
{
	const struct snapshot_row *row = snapshot_row(s, scope, i);

	return (struct order_row){
		.value = snapshot_number(s, row, metric, -INFINITY),
		.id = row->labels[0],
		.row = (uint32_t)i,
	};
}

/* True when row a stands before row b. */
static bool before(const struct order_row *a, const struct order_row *b)
{
	if (a->value != b->value)
		return a->value > b->value;
	if (a->id != b->id)
		return a->id < b->id;
	return a->row < b->row;
}

/* The heap's root is the row that stands last: the first to give way. */
static void sift_down(struct order_row *heap, size_t count, size_t at)
{
	struct order_row moved = heap[at];

	for (;;) {
		size_t child = 2 * at + 1;

		if (child >= count)
			break;
		if (child + 1 < count && before(&heap[child], &heap[child + 1]))
			child++;
		if (!before(&moved, &heap[child]))
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = moved;
}

size_t order_largest(const struct snapshot *s, enum scope scope, enum metric metric, size_t limit,
		     struct order_row *order)
{
	size_t rows = snapshot_rows(s, scope);
	size_t count = limit && limit < rows ? limit : rows;

	for (size_t i = 0; i < count; i++)
		order[i] = read_row(s, scope, metric, i);
	for (size_t i = count / 2; i-- > 0;)
		sift_down(order, count, i);
	for (size_t i = count; i < rows; i++) {
		struct order_row row = read_row(s, scope, metric, i);

		if (!before(&row, &order[0]))
			continue;
		order[0] = row;
		sift_down(order, count, 0);
	}
	for (size_t left = count; left > 1; left--) {
		struct order_row last = order[0];

		order[0] = order[left - 1];
		order[left - 1] = last;
		sift_down(order, left - 1, 0);
	}
	return count;
}
