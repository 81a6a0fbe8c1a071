// SPDX-License-Identifier: Apache-2.0
/* Up to 64 numbers, most of them 0: only the others take memory. All zero bytes are an empty one.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define SPARSE_MAX 64

struct sparse {
	uint64_t present; /* bit i: number i is stored */
	uint64_t *items;  /* owned; those stored, one after the other */
};

/* Number i. */
static inline uint64_t sparse_get(const struct sparse *s, unsigned i)
{
	if (!(s->present >> i & 1))
		return 0;
	return s->items[__builtin_popcountll(s->present & ((1ULL << i) - 1))];
}

/* Makes it number i. False without memory: it is as before. */
bool sparse_set(struct sparse *s, unsigned i, uint64_t value);

/* Writes all count numbers. */
void sparse_expand(const struct sparse *s, uint64_t *ret, unsigned count);

/* Frees the numbers; all are 0 again. */
void sparse_free(struct sparse *s);
