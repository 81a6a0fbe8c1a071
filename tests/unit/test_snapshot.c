// SPDX-License-Identifier: Apache-2.0
/* The flat block: what goes in comes out, and no wrong block gets in. */
#include <stdlib.h>
#include <string.h>

#include "harness/harness.h"
#include "snapshot/builder.h"
#include "snapshot/order.h"

static struct builder builder;

static void add_process(uint64_t pid, double cpu, uint64_t rss, const char *comm)
{
	struct builder_row row = {0};

	builder_label(&row, SCOPE_PROCESS, LABEL_PROCESS_pid, pid);
	builder_label_string(&builder, &row, SCOPE_PROCESS, LABEL_PROCESS_comm, comm);
	builder_value(&row, METRIC_PROCESS_cpu_percent, (union snapshot_value){.real = cpu});
	if (rss != UINT64_MAX)
		builder_value(&row, METRIC_PROCESS_memory_rss,
			      (union snapshot_value){.integer = rss});
	builder_add(&builder, SCOPE_PROCESS, &row);
}

static const struct snapshot *build(void)
{
	builder_begin(&builder);
	builder.head.node = builder_string(&builder, "node");
	builder.head.source = builder_string(&builder, "bpf");
	add_process(1, 5, 1000, "one");
	add_process(2, 50, UINT64_MAX, "two");
	add_process(3, 0, 0, "");
	add_process(4, 50, 7, "four");
	return builder_finish(&builder);
}

TEST(what_goes_in_comes_out)
{
	const struct snapshot *s = build();
	const char *why;
	uint64_t pid;
	union snapshot_value value;

	CHECK(snapshot_check(s, s->bytes, &why) == s);
	CHECK_UINT(snapshot_rows(s, SCOPE_PROCESS), 4);

	const struct snapshot_row *row = snapshot_row(s, SCOPE_PROCESS, 0);

	CHECK(snapshot_label(row, SCOPE_PROCESS, LABEL_PROCESS_pid, &pid));
	CHECK_UINT(pid, 1);
	CHECK_STRING(snapshot_label_string(s, row, SCOPE_PROCESS, LABEL_PROCESS_comm), "one");
	CHECK_REAL(snapshot_number(s, row, METRIC_PROCESS_cpu_percent, -1), 5, 0);
	CHECK(snapshot_value(s, row, METRIC_PROCESS_memory_rss, &value));
	CHECK_UINT(value.integer, 1000);
}

TEST(absent_is_not_zero)
{
	const struct snapshot *s = build();
	union snapshot_value value;

	CHECK(!snapshot_value(s, snapshot_row(s, SCOPE_PROCESS, 1), METRIC_PROCESS_memory_rss,
			      &value));
	CHECK(snapshot_value(s, snapshot_row(s, SCOPE_PROCESS, 2), METRIC_PROCESS_memory_rss,
			     &value));
	CHECK_UINT(value.integer, 0);
	CHECK_STRING(snapshot_label_string(s, snapshot_row(s, SCOPE_PROCESS, 2), SCOPE_PROCESS,
					   LABEL_PROCESS_comm),
		     "");
}

TEST(every_metric_of_a_full_row_finds_its_value)
{
	struct builder_row row = {0};

	builder_begin(&builder);
	for (int m = METRIC_FIRST_PROCESS; m < METRIC_END_PROCESS; m++)
		builder_value(&row, (enum metric)m,
			      (union snapshot_value){.integer = m % 3 ? (uint64_t)m * 1000 : 0});
	builder_add(&builder, SCOPE_PROCESS, &row);

	const struct snapshot *s = builder_finish(&builder);

	for (int m = METRIC_FIRST_PROCESS; m < METRIC_END_PROCESS; m++) {
		union snapshot_value value;

		CHECK(snapshot_value(s, snapshot_row(s, SCOPE_PROCESS, 0), (enum metric)m, &value));
		CHECK_UINT(value.integer, m % 3 ? (uint64_t)m * 1000 : 0);
	}
}

TEST(a_block_cut_anywhere_is_refused)
{
	const struct snapshot *s = build();
	const char *why;

	for (size_t len = 0; len < s->bytes; len++) {
		void *cut = aligned_alloc(8, (len + 8) & ~7UL);

		memcpy(cut, s, len);
		CHECK(snapshot_check(cut, len, &why) == NULL);
		CHECK(why != NULL);
		free(cut);
	}
}

/* Reads all there is of a block that was let in: a sanitizer sees what goes outside. */
static uint64_t read_everything(const struct snapshot *s)
{
	uint64_t sum = 0;
	static uint32_t order[64];

	for (int scope = 0; scope < SCOPES; scope++) {
		const struct scope_info *info = &catalogue_scopes[scope];

		for (size_t i = 0; i < snapshot_rows(s, (enum scope)scope); i++) {
			const struct snapshot_row *row = snapshot_row(s, (enum scope)scope, i);
			union snapshot_value value;

			for (int l = (int)info->first_label; l < (int)info->end_label; l++)
				if (catalogue_labels[l].type == LABEL_STRING)
					sum += strlen(snapshot_label_string(
						s, row, (enum scope)scope, (enum label)l));
			for (int m = (int)info->first_metric; m < (int)info->end_metric; m++)
				sum += snapshot_value(s, row, (enum metric)m, &value);
		}
	}
	if (snapshot_rows(s, SCOPE_PROCESS) <= 64)
		sum += order_largest(s, SCOPE_PROCESS, METRIC_PROCESS_cpu_percent, 2, order);
	return sum + strlen(snapshot_string(s, s->node)) + strlen(snapshot_string(s, s->source));
}

TEST(a_block_with_any_byte_changed_is_refused_or_harmless)
{
	const struct snapshot *s = build();
	size_t bytes = s->bytes;
	char *block = aligned_alloc(8, (bytes + 7) & ~7UL);
	const char *why;

	CHECK(read_everything(s) > 0);
	for (size_t i = 0; i < bytes; i++) {
		for (int flip = 0; flip < 3; flip++) {
			memcpy(block, s, bytes);
			block[i] = (char)(flip == 0   ? block[i] ^ 1
					  : flip == 1 ? block[i] ^ 0x80
						      : 0xff);

			const struct snapshot *changed = snapshot_check(block, bytes, &why);

			if (changed)
				read_everything(changed);
		}
	}
	free(block);
}

TEST(the_largest_come_first_equal_ones_by_pid_absent_ones_last)
{
	const struct snapshot *s = build();
	uint32_t order[4];

	CHECK_UINT(order_largest(s, SCOPE_PROCESS, METRIC_PROCESS_cpu_percent, 3, order), 3);
	CHECK_UINT(order[0], 1);
	CHECK_UINT(order[1], 3);
	CHECK_UINT(order[2], 0);
	CHECK_UINT(order_largest(s, SCOPE_PROCESS, METRIC_PROCESS_memory_rss, 0, order), 4);
	CHECK_UINT(order[0], 0);
	CHECK_UINT(order[3], 1);
}

TEST(a_steady_builder_allocates_nothing_new)
{
	build();

	const char *before = builder.block.data;

	for (int i = 0; i < 100; i++)
		build();
	CHECK(builder.block.data == before);
}
