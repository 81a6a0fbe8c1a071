// SPDX-License-Identifier: Apache-2.0
#include "snapshot/order.h"

#include <math.h>
#include <string.h>

#include "base/text.h"

static struct order_row read_row(const struct snapshot *s, enum scope scope,
				 const struct order_wish *wish, size_t i)
{
	const struct snapshot_row *row = snapshot_row(s, scope, i);
	double value = snapshot_number(s, row, wish->metric, -INFINITY);

	return (struct order_row){
		.value = wish->ascending && value > -INFINITY ? -value : value,
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

static void make_heap(struct order_row *heap, size_t count)
{
	for (size_t i = count / 2; i-- > 0;)
		sift_down(heap, count, i);
}

/* Takes the heap apart from its root, the last row, on. */
static void sort_heap(struct order_row *heap, size_t count)
{
	for (size_t left = count; left > 1; left--) {
		struct order_row last = heap[0];

		heap[0] = heap[left - 1];
		heap[left - 1] = last;
		sift_down(heap, left - 1, 0);
	}
}

bool order_wants(const struct order_wish *wish, const struct snapshot *s, enum scope scope,
		 const struct snapshot_row *row)
{
	if (wish->tenants && wish->tenants->limited &&
	    !tenants_allow(wish->tenants, tenant_of_row(s, scope, row)))
		return false;
	if (wish->tenant) {
		const char *tenant = tenant_of_row(s, scope, row);

		if (!*tenant || !text_glob(wish->tenant, tenant))
			return false;
	}
	return !wish->filter || filter_accepts(wish->filter, s, scope, row, wish->hidden);
}

/* Keeps the room rows that come first, as a heap when there are more. Returns how many match. */
static size_t select_rows(const struct snapshot *s, enum scope scope, const struct order_wish *wish,
			  size_t room, struct order_row *order)
{
	size_t matching = 0;

	for (size_t i = 0; i < snapshot_rows(s, scope); i++) {
		if (!order_wants(wish, s, scope, snapshot_row(s, scope, i)))
			continue;

		struct order_row row = read_row(s, scope, wish, i);

		if (matching < room)
			order[matching] = row;
		if (++matching == room)
			make_heap(order, room);
		if (matching > room && room && before(&row, &order[0])) {
			order[0] = row;
			sift_down(order, room, 0);
		}
	}
	return matching;
}

size_t order_rows(const struct snapshot *s, enum scope scope, const struct order_wish *wish,
		  struct order_row *order, size_t *ret_matching)
{
	size_t rows = snapshot_rows(s, scope), room = rows, matching, count;

	if (wish->limit && wish->offset < rows && wish->limit < rows - wish->offset)
		room = wish->offset + wish->limit;
	matching = select_rows(s, scope, wish, room, order);
	count = matching < room ? matching : room;
	if (count < room)
		make_heap(order, count);
	sort_heap(order, count);
	if (ret_matching)
		*ret_matching = matching;
	if (wish->offset >= count)
		return 0;
	memmove(order, order + wish->offset, (count - wish->offset) * sizeof(*order));
	return count - wish->offset;
}

size_t order_largest(const struct snapshot *s, enum scope scope, enum metric metric, size_t limit,
		     struct order_row *order)
{
	const struct order_wish wish = {.metric = metric, .limit = limit};

	return order_rows(s, scope, &wish, order, NULL);
}
