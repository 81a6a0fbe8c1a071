// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>

#include "base/table.h"
#include "harness/harness.h"

static uint64_t items[5000];

TEST(an_empty_table_has_nothing)
{
	struct table t = {0};

	CHECK(table_get(&t, 1, 2) == NULL);
	CHECK(table_remove(&t, 1, 2) == NULL);
}

TEST(both_numbers_make_the_key)
{
	struct table t = {0};

	CHECK(table_put(&t, 1, 2, &items[0]));
	CHECK(table_put(&t, 2, 1, &items[1]));
	CHECK(table_get(&t, 1, 2) == &items[0]);
	CHECK(table_get(&t, 2, 1) == &items[1]);
	CHECK(table_get(&t, 1, 1) == NULL);
	table_free(&t);
}

TEST(a_full_table_refuses_and_keeps_what_it_has)
{
	struct table t = {.limit = 2};

	CHECK(table_put(&t, 1, 0, &items[0]));
	CHECK(table_put(&t, 2, 0, &items[1]));
	CHECK(!table_put(&t, 3, 0, &items[2]));
	CHECK(table_get(&t, 2, 0) == &items[1]);
	table_free(&t);
}

/* Random puts and removals against a plain array. */
TEST(it_agrees_with_a_plain_array)
{
	struct table t = {0};
	static unsigned char there[5000];
	size_t count = 0;

	srandom(7);
	for (int step = 0; step < 200000; step++) {
		size_t i = (size_t)random() % 5000;

		if (there[i]) {
			CHECK(table_remove(&t, i, i % 3) == &items[i]);
			count--;
		} else {
			CHECK(table_put(&t, i, i % 3, &items[i]));
			count++;
		}
		there[i] ^= 1;
		CHECK_UINT(t.count, count);
	}
	for (size_t i = 0; i < 5000; i++)
		CHECK(table_get(&t, i, i % 3) == (there[i] ? &items[i] : NULL));
	table_free(&t);
}

static bool is_odd(void *context, void *item)
{
	(void)context;
	return ((uint64_t *)item - items) % 2;
}

TEST(a_sweep_drops_what_it_is_told_and_nothing_else)
{
	struct table t = {0};
	size_t at = 0, left = 0;
	uint64_t *item;

	for (size_t i = 0; i < 5000; i++)
		CHECK(table_put(&t, i * 77, i, &items[i]));
	table_sweep(&t, is_odd, NULL);
	while ((item = table_next(&t, &at))) {
		CHECK_INT((item - items) % 2, 0);
		left++;
	}
	CHECK_UINT(left, 2500);
	CHECK_UINT(t.count, 2500);
	table_free(&t);
}
