// SPDX-License-Identifier: Apache-2.0
#include "base/sparse.h"

#include <stdlib.h>
#include <string.h>

/* Room is made for so many at a time. */
#define STEP 4

static bool insert(struct sparse *s, unsigned i, uint64_t value)
{
	size_t count = (size_t)__builtin_popcountll(s->present);
	size_t at = (size_t)__builtin_popcountll(s->present & ((1ULL << i) - 1));

	if (count % STEP == 0) {
		uint64_t *items = realloc(s->items, (count + STEP) * sizeof(*items));

		if (!items)
			return false;
		s->items = items;
	}
	memmove(s->items + at + 1, s->items + at, (count - at) * sizeof(*s->items));
	s->items[at] = value;
	s->present |= 1ULL << i;
	return true;
}

/* One that falls back to 0 keeps its place: it will hardly stay so. */
bool sparse_set(struct sparse *s, unsigned i, uint64_t value)
{
	if (!(s->present >> i & 1))
		return !value || insert(s, i, value);
	s->items[__builtin_popcountll(s->present & ((1ULL << i) - 1))] = value;
	return true;
}

void sparse_expand(const struct sparse *s, uint64_t *ret, unsigned count)
{
	const uint64_t *item = s->items;

	memset(ret, 0, count * sizeof(*ret));
	for (uint64_t left = s->present; left; left &= left - 1)
		ret[__builtin_ctzll(left)] = *item++;
}

void sparse_free(struct sparse *s)
{
	free(s->items);
	*s = (struct sparse){0};
}
