// SPDX-License-Identifier: Apache-2.0
/*
 * Hash table from a pair of numbers, (pid, start time) and the like, to an item.
 * Open addressing with linear probing; removal shifts back, so there are no
 * tombstones and a look-up stays short under churn. Items are the caller's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct table_slot {
	uint64_t a, b;
	void *item; /* NULL: the slot is free */
};

struct table {
	struct table_slot *slots;
	size_t capacity; /* a power of two, or 0 */
	size_t count;
	size_t limit; /* items at the most; 0 means no limit */
};

/* The item under the key, NULL when there is none. */
void *table_get(const struct table *t, uint64_t a, uint64_t b);

/* Puts a new item under a key that is not there yet. False when full or without memory. */
bool table_put(struct table *t, uint64_t a, uint64_t b, void *item);

/* Takes the item out and returns it; NULL when it is not there. */
void *table_remove(struct table *t, uint64_t a, uint64_t b);

/*
 * Steps through all items: *at begins at 0; NULL at the end. Nothing may be put
 * or removed on the way.
 */
void *table_next(const struct table *t, size_t *at);

/* Calls drop() for each item of which it returns true, and removes that one. */
void table_sweep(struct table *t, bool (*drop)(void *context, void *item), void *context);

/* Takes all items out; the slots stay. */
void table_clear(struct table *t);

/* Frees the slots, not the items. */
void table_free(struct table *t);
