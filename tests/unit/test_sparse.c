// SPDX-License-Identifier: Apache-2.0
/* Sparse numbers against an array of all. */
#include <string.h>

#include "base/sparse.h"
#include "harness/harness.h"

/* xorshift64, G. Marsaglia, Journal of Statistical Software 8 (14), 2003. */
static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

TEST(numbers_are_those_of_an_array)
{
	uint64_t state = 88172645463325252ULL, model[SPARSE_MAX] = {0}, all[SPARSE_MAX];
	struct sparse s = {0};

	for (int round = 0; round < 2000; round++) {
		unsigned i = (unsigned)(next_random(&state) % SPARSE_MAX);
		uint64_t value = next_random(&state) % 3 ? next_random(&state) : 0;

		model[i] = value;
		CHECK(sparse_set(&s, i, value));
		sparse_expand(&s, all, SPARSE_MAX);
		CHECK(memcmp(all, model, sizeof(all)) == 0);
		CHECK_UINT(sparse_get(&s, i), value);
	}
	for (unsigned i = 0; i < SPARSE_MAX; i++)
		CHECK_UINT(sparse_get(&s, i), model[i]);
	sparse_free(&s);
	CHECK_UINT(sparse_get(&s, SPARSE_MAX - 1), 0);
}

TEST(zeros_take_no_memory)
{
	struct sparse s = {0};

	for (unsigned i = 0; i < SPARSE_MAX; i++)
		CHECK(sparse_set(&s, i, 0));
	CHECK(s.items == NULL);
	CHECK_UINT(s.present, 0);
}
