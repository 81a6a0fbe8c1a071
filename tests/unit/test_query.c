// SPDX-License-Identifier: Apache-2.0
/* Parameters of a request: each once, each known. */
#include "serve/query.h"

#include <stdio.h>

#include "harness/harness.h"

static struct query q;
static char error[QUERY_ERROR];

static bool add(const char *text)
{
	error[0] = '\0';
	return query_add(&q, text, error);
}

TEST(values_are_taken_by_name)
{
	uint64_t number;

	CHECK(add("sort=cpu.percent") && add("empty=") && add("flag") && add("eq=a=b"));
	CHECK_STRING(query_get(&q, "sort"), "cpu.percent");
	CHECK_STRING(query_get(&q, "empty"), "");
	CHECK_STRING(query_get(&q, "flag"), "");
	CHECK_STRING(query_get(&q, "eq"), "a=b");
	CHECK(query_get(&q, "none") == NULL);
	CHECK(query_is_done(&q, error));
	CHECK(query_number(&q, "none", 9, 5, &number, error) && number == 5);
	CHECK(!query_number(&q, "eq", 9, 5, &number, error));
	CHECK_STRING(error, "eq must be a whole number from 0 to 9");
	CHECK(add("n=10") && !query_number(&q, "n", 9, 5, &number, error));
	CHECK(query_number(&q, "n", 10, 5, &number, error) && number == 10);
}

TEST(what_is_left_is_unknown)
{
	CHECK(add("limt=5"));
	CHECK(query_get(&q, "limit") == NULL);
	CHECK(!query_is_done(&q, error));
	CHECK_STRING(error, "no parameter \"limt\"; did you mean \"limit\"?");
	q = (struct query){0};
	CHECK(add("something=5") && !query_is_done(&q, error));
	CHECK_STRING(error, "no parameter \"something\" here");
}

TEST(what_is_odd_is_refused)
{
	char text[QUERY_MAX_NAME + QUERY_MAX_VALUE + 8];

	CHECK(!add("=5") && !add(""));
	CHECK(add("a=1") && !add("a=2"));
	CHECK_STRING(error, "a is given twice");
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	CHECK(!add(text));
	memcpy(text, "b=", 2);
	CHECK(!add(text));
	CHECK_STRING(error, "b: at most 511 bytes");
	for (int i = 1; i < QUERY_MAX; i++) {
		snprintf(text, sizeof(text), "p%d=", i);
		CHECK(add(text));
	}
	CHECK(!add("last="));
	CHECK_UINT(q.count, QUERY_MAX);
}
