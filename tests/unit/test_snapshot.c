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

/* Exactly as large as its content, so that a sanitizer sees a read behind the last byte. */
static void *copy_of(const void *bytes, size_t len)
{
	void *copy = malloc(len ? len : 1);

	CHECK(copy != NULL);
	memcpy(copy, bytes, len);
	return copy;
}

TEST(a_block_cut_anywhere_is_refused)
{
	const struct snapshot *s = build();
	const char *why;

	for (size_t len = 0; len < s->bytes; len++) {
		struct snapshot *cut = copy_of(s, len);

		CHECK(snapshot_check(cut, len, &why) == NULL);
		CHECK(why != NULL);
		/* One that knows how short it is: refused for what lies behind its end. */
		if (len >= sizeof(*cut)) {
			cut->bytes = len;
			CHECK(snapshot_check(cut, len, &why) == NULL);
		}
		free(cut);
	}
}

/* What the check says of a block in which one field of the header is another. */
static const char *refusal(void (*change)(struct snapshot *s))
{
	const struct snapshot *s = build();
	struct snapshot *changed = copy_of(s, s->bytes);
	const char *why;

	change(changed);
	CHECK(snapshot_check(changed, s->bytes, &why) == NULL);
	free(changed);
	return why;
}

static void other_magic(struct snapshot *s)
{
	s->magic++;
}

static void other_version(struct snapshot *s)
{
	s->version++;
}

static void other_catalogue(struct snapshot *s)
{
	s->catalogue ^= 1;
}

static void longer(struct snapshot *s)
{
	s->bytes += 8;
}

static void values_behind_the_end(struct snapshot *s)
{
	s->values_count = UINT32_MAX;
}

static void strings_without_end(struct snapshot *s)
{
	s->strings_bytes--;
}

static void table_inside_the_header(struct snapshot *s)
{
	s->tables[SCOPE_PROCESS].offset = 8;
}

static void table_of_too_many(struct snapshot *s)
{
	s->tables[SCOPE_PROCESS].rows = UINT32_MAX;
}

static void node_behind_the_strings(struct snapshot *s)
{
	s->node = s->strings_bytes;
}

TEST(a_refusal_has_its_reason)
{
	CHECK_STRING(refusal(other_magic), "not a snapshot");
	CHECK_STRING(refusal(other_version), "snapshot of another version");
	CHECK_STRING(refusal(other_catalogue), "snapshot with another metric catalogue");
	CHECK_STRING(refusal(longer), "snapshot cut short");
	CHECK_STRING(refusal(values_behind_the_end), "values outside the snapshot");
	CHECK_STRING(refusal(strings_without_end), "strings outside the snapshot");
	CHECK_STRING(refusal(table_inside_the_header), "table outside the snapshot");
	CHECK_STRING(refusal(table_of_too_many), "table outside the snapshot");
	CHECK_STRING(refusal(node_behind_the_strings), "string outside the snapshot");
}

/* Reads all there is of a block that was let in: a sanitizer sees what goes outside. */
static uint64_t read_everything(const struct snapshot *s)
{
	uint64_t sum = 0;
	static struct order_row order[64];

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

/* A block with something changed: refused, or all of it can be read. */
static void refused_or_harmless(const void *block, size_t bytes)
{
	const char *why;
	const struct snapshot *s = snapshot_check(block, bytes, &why);

	if (s)
		read_everything(s);
}

TEST(a_block_with_any_byte_changed_is_refused_or_harmless)
{
	const struct snapshot *s = build();
	unsigned char *block = copy_of(s, s->bytes);

	CHECK(read_everything(s) > 0);
	for (size_t i = 0; i < s->bytes; i++) {
		unsigned char right = block[i];

		for (int value = 0; value < 256; value++) {
			block[i] = (unsigned char)value;
			refused_or_harmless(block, s->bytes);
		}
		block[i] = right;
	}
	CHECK(memcmp(block, s, s->bytes) == 0);
	free(block);
}

/* Counts and offsets just inside and outside all that could be a bound. */
TEST(a_block_with_any_number_changed_is_refused_or_harmless)
{
	const struct snapshot *s = build();
	uint32_t *block = copy_of(s, s->bytes), bytes = (uint32_t)s->bytes;
	const uint32_t odd[] = {0,
				1,
				7,
				8,
				INT32_MAX,
				UINT32_MAX,
				UINT32_MAX - 7,
				bytes - 8,
				bytes - 1,
				bytes,
				bytes + 1,
				s->strings_bytes - 1,
				s->strings_bytes,
				s->values_count,
				s->values_count + 1,
				s->strings,
				s->values,
				0x80000000};

	for (size_t i = 0; i < bytes / sizeof(*block); i++) {
		uint32_t right = block[i];

		for (size_t k = 0; k < sizeof(odd) / sizeof(*odd); k++) {
			block[i] = odd[k];
			refused_or_harmless(block, bytes);
		}
		block[i] = right;
	}
	free(block);
}

/* Several at once: what one wrong number hides, two may show. */
TEST(a_block_with_several_bytes_changed_is_refused_or_harmless)
{
	const struct snapshot *s = build();
	unsigned char *block = copy_of(s, s->bytes);

	srandom(1);
	for (int round = 0; round < 20000; round++) {
		size_t from = round % 2 ? offsetof(struct snapshot, interval_ms) : 0;

		for (int k = 0; k < 4; k++)
			block[from + (size_t)random() % (s->bytes - from)] =
				(unsigned char)random();
		refused_or_harmless(block, s->bytes);
		memcpy(block, s, s->bytes);
	}
	free(block);
}

TEST(labels_come_out_as_they_went_in)
{
	static const char path[] = "/system.slice/ssh.service", odd[] = "\xff\x1b[31m\"<\n";
	struct builder_row row = {0};
	uint64_t value;

	builder_begin(&builder);
	builder_label(&row, SCOPE_PROCESS, LABEL_PROCESS_pid, UINT64_MAX);
	builder_label_string(&builder, &row, SCOPE_PROCESS, LABEL_PROCESS_comm, odd);
	builder_label_string(&builder, &row, SCOPE_PROCESS, LABEL_PROCESS_exe, NULL);
	builder_label_shared(&builder, &row, SCOPE_PROCESS, LABEL_PROCESS_cgroup, path);
	builder_add(&builder, SCOPE_PROCESS, &row);
	builder_label_shared(&builder, &row, SCOPE_PROCESS, LABEL_PROCESS_cgroup, path);
	builder_add(&builder, SCOPE_PROCESS, &row);

	const struct snapshot *s = builder_finish(&builder);
	const struct snapshot_row *first = snapshot_row(s, SCOPE_PROCESS, 0);
	const struct snapshot_row *second = snapshot_row(s, SCOPE_PROCESS, 1);

	CHECK(snapshot_label(first, SCOPE_PROCESS, LABEL_PROCESS_pid, &value));
	CHECK_UINT(value, UINT64_MAX);
	CHECK_STRING(snapshot_label_string(s, first, SCOPE_PROCESS, LABEL_PROCESS_comm), odd);
	value = 7;
	CHECK(!snapshot_label(first, SCOPE_PROCESS, LABEL_PROCESS_exe, &value));
	CHECK_UINT(value, 7);
	CHECK_STRING(snapshot_label_string(s, first, SCOPE_PROCESS, LABEL_PROCESS_exe), "");
	CHECK_STRING(snapshot_label_string(s, first, SCOPE_PROCESS, LABEL_PROCESS_cgroup), path);
	CHECK(snapshot_label_string(s, second, SCOPE_PROCESS, LABEL_PROCESS_cgroup) ==
	      snapshot_label_string(s, first, SCOPE_PROCESS, LABEL_PROCESS_cgroup));
}

/* A string that was shared in the last snapshot is not known in this one. */
TEST(nothing_is_left_of_the_last_snapshot)
{
	static char name[16] = "old";
	struct builder_row row = {0};

	for (int round = 0; round < 2; round++) {
		builder_begin(&builder);
		builder_label_shared(&builder, &row, SCOPE_PROCESS, LABEL_PROCESS_user, name);
		builder_add(&builder, SCOPE_PROCESS, &row);

		const struct snapshot *s = builder_finish(&builder);

		CHECK_UINT(snapshot_rows(s, SCOPE_PROCESS), 1);
		CHECK_STRING(snapshot_label_string(s, snapshot_row(s, SCOPE_PROCESS, 0),
						   SCOPE_PROCESS, LABEL_PROCESS_user),
			     round ? "new" : "old");
		memcpy(name, "new", 4);
	}
}

TEST(a_snapshot_of_nothing_is_one)
{
	const char *why;

	builder_begin(&builder);

	const struct snapshot *s = builder_finish(&builder);
	void *exact = copy_of(s, s->bytes);

	CHECK(snapshot_check(exact, s->bytes, &why) == exact);
	for (int scope = 0; scope < SCOPES; scope++)
		CHECK_UINT(snapshot_rows(s, (enum scope)scope), 0);
	CHECK_STRING(snapshot_string(s, s->node), "");
	free(exact);
}

TEST(the_largest_come_first_equal_ones_by_pid_absent_ones_last)
{
	const struct snapshot *s = build();
	struct order_row order[4];

	CHECK_UINT(order_largest(s, SCOPE_PROCESS, METRIC_PROCESS_cpu_percent, 3, order), 3);
	CHECK_UINT(order[0].row, 1);
	CHECK_UINT(order[1].row, 3);
	CHECK_UINT(order[2].row, 0);
	CHECK_UINT(order_largest(s, SCOPE_PROCESS, METRIC_PROCESS_memory_rss, 0, order), 4);
	CHECK_UINT(order[0].row, 0);
	CHECK_UINT(order[3].row, 1);
}

TEST(a_steady_builder_allocates_nothing_new)
{
	build();

	const char *before = builder.block.data;

	for (int i = 0; i < 100; i++)
		build();
	CHECK(builder.block.data == before);
}
