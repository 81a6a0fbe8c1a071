// SPDX-License-Identifier: Apache-2.0
/* Views: equal wishes share one; who applies each message of changes has the whole document. */
#include "serve/view.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "harness/harness.h"
#include "snapshot/builder.h"

#define PIDS 24

static struct builder builder;
static struct views views;
static uint64_t cpu[PIDS]; /* of each pid; 0: it is not there */
static uint64_t born[PIDS];

static uint64_t next_random(void)
{
	static uint64_t state = 88172645463325252ULL;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static void add_process(uint64_t pid)
{
	struct builder_row row = {0};

	builder_label(&row, SCOPE_PROCESS, LABEL_PROCESS_pid, pid);
	builder_label(&row, SCOPE_PROCESS, LABEL_PROCESS_start_time, born[pid]);
	builder_label_string(&builder, &row, SCOPE_PROCESS, LABEL_PROCESS_comm,
			     pid % 2 ? "odd" : "even");
	builder_value(&row, METRIC_PROCESS_cpu_percent,
		      (union snapshot_value){.real = (double)cpu[pid]});
	builder_value(&row, METRIC_PROCESS_threads, (union snapshot_value){.integer = 1});
	builder_add(&builder, SCOPE_PROCESS, &row);
}

static void add_group(const char *name, uint64_t processes)
{
	struct builder_row row = {0};

	builder_label_string(&builder, &row, SCOPE_GROUP, LABEL_GROUP_kind, "unit");
	builder_label_string(&builder, &row, SCOPE_GROUP, LABEL_GROUP_name, name);
	builder_value(&row, METRIC_GROUP_processes, (union snapshot_value){.integer = processes});
	builder_add(&builder, SCOPE_GROUP, &row);
}

static const struct snapshot *build(uint64_t seq)
{
	builder_begin(&builder);
	builder.head.seq = seq;
	builder.head.node = builder_string(&builder, "n");
	builder.head.source = builder_string(&builder, "bpf");
	for (uint64_t pid = 0; pid < PIDS; pid++)
		if (cpu[pid])
			add_process(pid);
	if (seq % 3)
		add_group("a \"quoted\" unit", seq % 3);
	add_group("steady", 1);
	return builder_finish(&builder);
}

/* Some end, some begin (also under the pid of another), some work. */
static void live(uint64_t seq)
{
	for (int i = 0; i < 4; i++) {
		uint64_t pid = next_random() % PIDS;

		if (next_random() % 3 == 0) {
			cpu[pid] = 0;
		} else {
			if (!cpu[pid] || next_random() % 4 == 0)
				born[pid] = seq;
			cpu[pid] = 1 + next_random() % 5;
		}
	}
}

/* The data of a message. */
static json_t *data_of(const struct frame *f)
{
	const char *text = memmem(f->bytes, f->len, "{\"type", 6);
	json_t *message = json_loadb(text, f->len - (size_t)(text - (const char *)f->bytes),
				     JSON_REJECT_DUPLICATES, NULL);
	json_t *data = json_object_get(message, "data");

	CHECK(data != NULL);
	json_incref(data);
	json_decref(message);
	return data;
}

static json_t *parse(const struct buf *b)
{
	json_t *data = json_loadb(b->data, b->len, JSON_REJECT_DUPLICATES, NULL);

	CHECK(data != NULL);
	return data;
}

/* Rows by what names them: the client's table. */
static void key_of(const json_t *row, char key[64])
{
	const json_t *pid = json_object_get(row, "pid");

	if (pid)
		snprintf(key, 64, "%lld %lld", json_integer_value(pid),
			 json_integer_value(json_object_get(row, "start_time")));
	else
		snprintf(key, 64, "%s %s", json_string_value(json_object_get(row, "kind")),
			 json_string_value(json_object_get(row, "name")));
}

static void put_rows(json_t *table, json_t *rows)
{
	size_t i;
	json_t *row;
	char key[64];

	json_array_foreach (rows, i, row) {
		key_of(row, key);
		json_object_set(table, key, row);
	}
}

static void take_rows(json_t *table, json_t *rows)
{
	size_t i;
	json_t *row;
	char key[64];

	json_array_foreach (rows, i, row) {
		key_of(row, key);
		CHECK_INT(json_object_del(table, key), 0);
	}
}

/* What a client does with a message. */
static void apply(json_t *table, json_t *data, uint64_t *have)
{
	json_t *since = json_object_get(data, "since"), *gone = json_object_get(data, "gone");

	if (since)
		CHECK_UINT(json_integer_value(since), *have);
	else
		json_object_clear(table);
	take_rows(table, json_object_get(gone, "processes"));
	take_rows(table, json_object_get(gone, "groups"));
	put_rows(table, json_object_get(data, "processes"));
	put_rows(table, json_object_get(data, "groups"));
	*have = (uint64_t)json_integer_value(json_object_get(data, "seq"));
}

static void check_table(json_t *table, const struct snapshot *s, const struct view_wish *wish)
{
	static struct buf whole;
	json_t *expected = json_object(), *data;
	uint64_t seq = 0;

	buf_reset(&whole);
	encode_snapshot(&whole, s, &wish->what, NULL);
	data = parse(&whole);
	apply(expected, data, &seq);
	CHECK(json_equal(table, expected));
	json_decref(data);
	json_decref(expected);
}

static struct view_wish wish_of(uint32_t limit)
{
	struct view_wish wish = {0};

	wish.what.sort = METRIC_PROCESS_cpu_percent;
	wish.what.limit = limit;
	wish.every = 1;
	wish.delta = 1;
	return wish;
}

/* Reads all messages but those that it misses, and has the same as the document each time. */
static void follow(uint32_t limit, bool misses, size_t *ret_changes, size_t *ret_full)
{
	struct view_wish wish = wish_of(limit);
	struct view *view = view_get(&views, &wish);
	json_t *table = json_object();
	uint64_t have = 0;

	for (uint64_t seq = 1; seq <= 200; seq++) {
		const struct snapshot *s;

		live(seq);
		s = build(seq);

		struct frame *f = view_update(view, s, NULL, have);

		CHECK(f != NULL && view_update(view, s, NULL, have) == f);
		if (misses && next_random() % 4 == 0)
			continue;

		json_t *data = data_of(f);

		*(json_object_get(data, "since") ? ret_changes : ret_full) += 1;
		apply(table, data, &have);
		check_table(table, s, &wish);
		json_decref(data);
	}
	json_decref(table);
	view_put(&views, view);
}

TEST(who_applies_every_change_has_the_whole)
{
	size_t changes = 0, full = 0;

	follow(0, false, &changes, &full);
	CHECK_UINT(full, 1 + 200 / VIEW_FULL_EVERY);
	CHECK_UINT(changes, 200 - full);
}

TEST(a_row_that_falls_out_of_the_limit_is_gone)
{
	size_t changes = 0, full = 0;

	follow(5, false, &changes, &full);
	CHECK(changes > 190);
}

TEST(who_missed_one_gets_the_whole)
{
	size_t changes = 0, full = 0;

	follow(0, true, &changes, &full);
	CHECK(full > 20 && changes > 50);
}

TEST(nothing_changed_is_a_message_without_rows)
{
	struct view_wish wish = wish_of(0);
	struct view *view = view_get(&views, &wish);
	json_t *data;

	cpu[3] = 1;
	CHECK(view_data(view, build(3), NULL) != NULL);
	data = data_of(view_update(view, build(6), NULL, 3));
	CHECK_INT(json_integer_value(json_object_get(data, "since")), 3);
	CHECK_UINT(json_array_size(json_object_get(data, "processes")), 0);
	CHECK_UINT(json_array_size(json_object_get(data, "groups")), 0);
	json_decref(data);
	view_put(&views, view);
}

TEST(equal_wishes_share_a_view)
{
	struct view_wish wish = wish_of(5), other = wish_of(6);
	struct view *view = view_get(&views, &wish);

	CHECK(view_get(&views, &wish) == view);
	CHECK(view_get(&views, &other) != view);
	other = wish_of(5);
	other.every = 2;
	CHECK(view_get(&views, &other) != view);
	other.delta = wish.delta = 0;
	CHECK(view_get(&views, &other) == view_get(&views, &wish));
	view_put(&views, view);
	CHECK_UINT(view->readers, 1);
}

TEST(there_are_so_many_views_at_the_most)
{
	struct view_wish wish = wish_of(0);

	for (uint32_t i = 0; i < VIEW_MAX; i++) {
		wish.what.limit = i;
		CHECK(view_get(&views, &wish) != NULL);
	}
	wish.what.limit = VIEW_MAX;
	CHECK(view_get(&views, &wish) == NULL);
	wish.what.limit = 7;
	CHECK(view_get(&views, &wish) != NULL);
}
