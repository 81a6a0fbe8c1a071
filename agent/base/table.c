// SPDX-License-Identifier: Apache-2.0
#include "base/table.h"

#include <stdlib.h>
#include <string.h>

#define SMALLEST 64

/* How far ahead, and how much of an item. */
#define PREFETCH_SLOTS 8
#define PREFETCH_BYTES 256
#define CACHE_LINE 64

/* The finalizer of MurmurHash3, https://github.com/aappleby/smhasher */
static uint64_t mix(uint64_t a, uint64_t b)
{
	uint64_t x = a * 0x9e3779b97f4a7c15ULL ^ b;

	x = (x ^ x >> 33) * 0xff51afd7ed558ccdULL;
	x = (x ^ x >> 33) * 0xc4ceb9fe1a85ec53ULL;
	return x ^ x >> 33;
}

static size_t home_of(const struct table *t, const struct table_slot *slot)
{
	return mix(slot->a, slot->b) & (t->capacity - 1);
}

/* The slot of the key, or the free one where it would go. */
static struct table_slot *find(const struct table *t, uint64_t a, uint64_t b)
{
	size_t i = mix(a, b) & (t->capacity - 1);

	while (t->slots[i].item && (t->slots[i].a != a || t->slots[i].b != b))
		i = (i + 1) & (t->capacity - 1);
	return &t->slots[i];
}

void *table_get(const struct table *t, uint64_t a, uint64_t b)
{
	return t->capacity ? find(t, a, b)->item : NULL;
}

static bool resize(struct table *t, size_t capacity)
{
	struct table bigger = {.capacity = capacity, .count = t->count, .limit = t->limit};

	bigger.slots = calloc(capacity, sizeof(*bigger.slots));
	if (!bigger.slots)
		return false;
	for (size_t i = 0; i < t->capacity; i++)
		if (t->slots[i].item)
			*find(&bigger, t->slots[i].a, t->slots[i].b) = t->slots[i];
	free(t->slots);
	*t = bigger;
	return true;
}

bool table_put(struct table *t, uint64_t a, uint64_t b, void *item)
{
	if (t->limit && t->count >= t->limit)
		return false;
	if ((t->count + 1) * 4 > t->capacity * 3 &&
	    !resize(t, t->capacity ? t->capacity * 2 : SMALLEST))
		return false;
	*find(t, a, b) = (struct table_slot){a, b, item};
	t->count++;
	return true;
}

/* Knuth, The Art of Computer Programming 6.4, algorithm R. */
static void close_gap(struct table *t, size_t gap)
{
	size_t mask = t->capacity - 1;

	t->slots[gap].item = NULL;
	for (size_t i = (gap + 1) & mask; t->slots[i].item; i = (i + 1) & mask) {
		size_t home = home_of(t, &t->slots[i]);

		if (((i - home) & mask) < ((i - gap) & mask))
			continue;
		t->slots[gap] = t->slots[i];
		t->slots[i].item = NULL;
		gap = i;
	}
}

void *table_remove(struct table *t, uint64_t a, uint64_t b)
{
	if (!t->capacity)
		return NULL;

	struct table_slot *slot = find(t, a, b);
	void *item = slot->item;

	if (item) {
		close_gap(t, (size_t)(slot - t->slots));
		t->count--;
	}
	return item;
}

/* Items lie anywhere in memory: one that is asked for early is there when its turn comes. */
static inline __attribute__((always_inline)) void prefetch(const struct table *t, size_t at)
{
	if (at >= t->capacity || !t->slots[at].item)
		return;
	for (size_t line = 0; line < PREFETCH_BYTES; line += CACHE_LINE)
		__builtin_prefetch((const char *)t->slots[at].item + line);
}

void *table_next(const struct table *t, size_t *at)
{
	while (*at < t->capacity) {
		void *item = t->slots[(*at)++].item;

		prefetch(t, *at + PREFETCH_SLOTS);

		if (item)
			return item;
	}
	return NULL;
}

/* After a removal another item may stand in the slot: look at it again. */
void table_sweep(struct table *t, bool (*drop)(void *context, void *item), void *context)
{
	size_t i = 0;

	while (i < t->capacity) {
		if (t->slots[i].item && drop(context, t->slots[i].item)) {
			close_gap(t, i);
			t->count--;
		} else {
			i++;
		}
	}
}

void table_clear(struct table *t)
{
	if (t->count)
		memset(t->slots, 0, t->capacity * sizeof(*t->slots));
	t->count = 0;
}

void table_free(struct table *t)
{
	free(t->slots);
	t->slots = NULL;
	t->capacity = t->count = 0;
}
