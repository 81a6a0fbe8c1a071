// SPDX-License-Identifier: Apache-2.0
/* More processes than rows: the smallest share one, and all still add up. */
#include "collect/window.h"
#include "harness/harness.h"

#define SECOND 1000000000ULL
#define START 2000
#define ROWS 10

static struct identity identity;
static struct window window;
static struct builder builder;
static struct window_counts counts;

/* Process n uses n ms of CPU and has n pages. */
static void setup(uint32_t processes, uint64_t run)
{
	identity_init(&identity);
	window_init(&window, &identity, ~0ULL);
	window.rows_limit = ROWS;
	for (uint32_t pid = 1; pid <= processes; pid++) {
		struct task_record r = {
			.head = {.kind = RECORD_TASK, .tid = pid, .pid = pid, .ppid = 1},
			.threads = 1,
			.has_memory = 1,
			.anonymous_pages = pid,
			.comm = "work",
		};

		r.head.thread_start_ns = r.head.process_start_ns = START;
		r.thread.run_ns = run * pid;
		window_task(&window, &r);
	}
}

static const struct snapshot *close_window(void)
{
	builder_begin(&builder);
	counts = window_emit(&window, &builder, SECOND);
	window_next(&window);
	return builder_finish(&builder);
}

static double sum(const struct snapshot *s, enum metric metric)
{
	double all = 0;

	for (size_t i = 0; i < snapshot_rows(s, SCOPE_PROCESS); i++)
		all += snapshot_number(s, snapshot_row(s, SCOPE_PROCESS, i), metric, 0);
	return all;
}

/* The shared row; NULL when there is none. */
static const struct snapshot_row *shared_row(const struct snapshot *s, uint64_t *ret_merged)
{
	const struct snapshot_row *found = NULL;

	for (size_t i = 0; i < snapshot_rows(s, SCOPE_PROCESS); i++) {
		const struct snapshot_row *row = snapshot_row(s, SCOPE_PROCESS, i);

		if (snapshot_label(row, SCOPE_PROCESS, LABEL_PROCESS_merged, ret_merged)) {
			CHECK(found == NULL);
			found = row;
		}
	}
	return found;
}

TEST(as_many_processes_as_rows_have_one_each)
{
	const struct snapshot *s;
	uint64_t merged = 0;

	setup(ROWS, SECOND / 1000);
	s = close_window();
	CHECK_UINT(snapshot_rows(s, SCOPE_PROCESS), ROWS);
	CHECK(shared_row(s, &merged) == NULL);
	CHECK_UINT(counts.merged, 0);
	CHECK_UINT(counts.rows, ROWS);
}

TEST(the_smallest_share_a_row_and_all_add_up)
{
	const struct snapshot *s;
	const struct snapshot_row *row;
	uint64_t merged = 0;

	setup(100, SECOND / 1000);
	s = close_window();
	CHECK_UINT(snapshot_rows(s, SCOPE_PROCESS), ROWS);
	row = shared_row(s, &merged);
	CHECK(row != NULL);
	CHECK_UINT(merged, 100 - (ROWS - 1));
	CHECK_UINT(counts.merged, merged);
	CHECK_UINT(counts.rows, ROWS);
	CHECK_REAL(sum(s, METRIC_PROCESS_cpu_seconds), 5.05, 1e-9);
	CHECK_REAL(sum(s, METRIC_PROCESS_threads), 100, 0);
	/* 1 + 2 + ... + 91 ms. */
	CHECK_REAL(snapshot_number(s, row, METRIC_PROCESS_cpu_seconds, -1), 4.186, 1e-9);
	CHECK_REAL(snapshot_number(s, row, METRIC_PROCESS_cpu_seconds_total, -1), -1, 0);
	CHECK_STRING(snapshot_label_string(s, row, SCOPE_PROCESS, LABEL_PROCESS_comm), "other");
}

TEST(idle_ones_go_by_their_memory)
{
	const struct snapshot *s;
	uint64_t merged = 0, pid = 0;

	setup(100, 0);
	s = close_window();
	CHECK_UINT(snapshot_rows(s, SCOPE_PROCESS), ROWS);
	CHECK(shared_row(s, &merged) != NULL);
	for (size_t i = 0; i < ROWS; i++) {
		snapshot_label(snapshot_row(s, SCOPE_PROCESS, i), SCOPE_PROCESS, LABEL_PROCESS_pid,
			       &pid);
		CHECK(pid == 0 || pid > 100 - (ROWS - 1));
	}
}

TEST(of_equal_ones_just_enough_have_a_row)
{
	const struct snapshot *s;
	uint64_t merged = 0;

	setup(0, 0);
	for (uint32_t pid = 1; pid <= 50; pid++) {
		struct record_header head = {.kind = RECORD_FORK, .tid = pid, .pid = pid};

		head.thread_start_ns = head.process_start_ns = START;
		window_process(&window, &head);
	}
	s = close_window();
	CHECK_UINT(snapshot_rows(s, SCOPE_PROCESS), ROWS);
	CHECK(shared_row(s, &merged) != NULL);
	CHECK_UINT(merged, 50 - (ROWS - 1));
}
