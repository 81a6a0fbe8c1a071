// SPDX-License-Identifier: Apache-2.0
/*
 * Rows of more than 64 metrics, which the real catalogue does not have yet: the
 * room's own sources, compiled here with the catalogue of wide/metrics.def.
 */
#include <stdlib.h>

#include "harness/harness.h"

#include "snapshot/builder.c"
#include "snapshot/catalogue.c"
#include "snapshot/snapshot.c"

#define WIDE_METRICS 128
#define WORD_METRICS 64

_Static_assert(METRIC_END_WIDE - METRIC_FIRST_WIDE == WIDE_METRICS, "not the wide catalogue");
_Static_assert(METRIC_END_WORD - METRIC_FIRST_WORD == WORD_METRICS, "not the wide catalogue");

static struct builder builder;

static uint64_t value_of(int metric)
{
	return 1000 + (uint64_t)metric;
}

/* One row with those metrics that kind() gives a number, 0 included; -1 leaves one out. */
static const struct snapshot *build(enum scope scope, int (*kind)(int i))
{
	const struct scope_info *info = &catalogue_scopes[scope];
	struct builder_row row = {0};

	builder_begin(&builder);
	for (int m = (int)info->first_metric; m < (int)info->end_metric; m++) {
		int is = kind(m - (int)info->first_metric);

		if (is >= 0)
			builder_value(&row, (enum metric)m,
				      (union snapshot_value){.integer = is ? value_of(m) : 0});
	}
	builder_add(&builder, scope, &row);
	return builder_finish(&builder);
}

static void check_row(enum scope scope, int (*kind)(int i))
{
	const struct scope_info *info = &catalogue_scopes[scope];
	const struct snapshot *s = build(scope, kind);
	const char *why;

	CHECK(s != NULL);
	CHECK(snapshot_check(s, s->bytes, &why) == s);
	for (int m = (int)info->first_metric; m < (int)info->end_metric; m++) {
		int is = kind(m - (int)info->first_metric);
		union snapshot_value value = {.integer = 5};
		const struct snapshot_row *row = snapshot_row(s, scope, 0);

		CHECK_INT(snapshot_value(s, row, (enum metric)m, &value), is >= 0);
		CHECK_UINT(value.integer, is > 0 ? value_of(m) : is == 0 ? 0 : 5);
	}
}

static int all(int i)
{
	(void)i;
	return 1;
}

static int none(int i)
{
	(void)i;
	return -1;
}

static int around_the_boundary(int i)
{
	return i >= 63 && i <= 65 ? 1 : -1;
}

static int only_the_last(int i)
{
	return i == 127 ? 1 : -1;
}

static int zeros_below_the_boundary(int i)
{
	return i < 64 ? 0 : 1;
}

static int mixed(int i)
{
	return i % 3 - 1;
}

TEST(values_on_both_sides_of_the_boundary_come_out)
{
	check_row(SCOPE_WIDE, all);
	check_row(SCOPE_WIDE, none);
	check_row(SCOPE_WIDE, around_the_boundary);
	check_row(SCOPE_WIDE, only_the_last);
	check_row(SCOPE_WIDE, zeros_below_the_boundary);
	check_row(SCOPE_WIDE, mixed);
}

TEST(a_scope_of_exactly_one_word_fits)
{
	check_row(SCOPE_WORD, all);
	check_row(SCOPE_WORD, mixed);
}

/* A bit of a metric that the scope does not have would be a value of the next row. */
TEST(bits_behind_the_last_metric_are_refused)
{
	const struct snapshot *s = build(SCOPE_WORD, mixed);
	struct snapshot *copy = malloc(s->bytes);
	const char *why;

	memcpy(copy, s, s->bytes);

	struct snapshot_row *row = (void *)((char *)copy + copy->tables[SCOPE_WORD].offset);

	for (int bit = 0; bit < 64; bit++) {
		row->present[1] = 1ULL << bit;
		CHECK(snapshot_check(copy, copy->bytes, &why) == NULL);
		CHECK_STRING(why, "row with values outside the snapshot");
	}
	row->present[1] = 0;
	CHECK(snapshot_check(copy, copy->bytes, &why) == copy);
	free(copy);
}

TEST(values_that_are_not_there_are_refused_in_each_word)
{
	const struct snapshot *s = build(SCOPE_WIDE, zeros_below_the_boundary);
	struct snapshot *copy = malloc(s->bytes);
	const char *why;

	for (int bit = 0; bit < 64; bit++) {
		memcpy(copy, s, s->bytes);

		struct snapshot_row *row = (void *)((char *)copy + copy->tables[SCOPE_WIDE].offset);

		row->nonzero[0] |= 1ULL << bit;
		CHECK(snapshot_check(copy, copy->bytes, &why) == NULL);
		row->nonzero[1] &= ~(1ULL << bit);
		CHECK(snapshot_check(copy, copy->bytes, &why) == copy);
	}
	free(copy);
}
