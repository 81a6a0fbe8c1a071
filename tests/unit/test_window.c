// SPDX-License-Identifier: Apache-2.0
/* The window against records made by hand: what adds up, what must not be counted twice. */
#include <string.h>

#include "collect/window.h"
#include "harness/harness.h"

#define WATCHED_FROM 1000
#define SECOND 1000000000ULL

static struct identity identity;
static struct window window;
static struct builder builder;

static void setup(void)
{
	identity_init(&identity);
	window_init(&window, &identity, ~0ULL);
	window.watched_from_ns = WATCHED_FROM;
}

static struct task_record task(uint32_t kind, uint32_t tid, uint32_t pid, uint64_t start,
			       uint64_t run)
{
	struct task_record r = {
		.head = {.kind = kind, .tid = tid, .pid = pid, .ppid = 1},
		.threads = 1,
		.comm = "work",
	};

	r.head.thread_start_ns = r.head.process_start_ns = start;
	r.thread.run_ns = run;
	return r;
}

static void feed(uint32_t kind, uint32_t pid, uint64_t start, uint64_t run)
{
	struct task_record r = task(kind, pid, pid, start, run);

	r.group_dead = kind == RECORD_EXIT;
	window_task(&window, &r);
}

/* Ends the window and returns its snapshot. */
static const struct snapshot *close_window(void)
{
	builder_begin(&builder);
	window_emit(&window, &builder, SECOND);
	window_next(&window);
	return builder_finish(&builder);
}

static const struct snapshot_row *row_of(const struct snapshot *s, uint64_t pid, uint64_t start)
{
	for (size_t i = 0; i < snapshot_rows(s, SCOPE_PROCESS); i++) {
		const struct snapshot_row *row = snapshot_row(s, SCOPE_PROCESS, i);
		uint64_t a = 0, b = 0;

		snapshot_label(row, SCOPE_PROCESS, LABEL_PROCESS_pid, &a);
		snapshot_label(row, SCOPE_PROCESS, LABEL_PROCESS_start_time, &b);
		if (a == pid && b == start)
			return row;
	}
	return NULL;
}

static double metric(const struct snapshot *s, uint64_t pid, uint64_t start, enum metric m)
{
	const struct snapshot_row *row = row_of(s, pid, start);

	CHECK(row != NULL);
	return snapshot_number(s, row, m, -1);
}

TEST(a_new_process_brings_all_it_used)
{
	setup();
	feed(RECORD_TASK, 7, 2000, SECOND / 2);

	const struct snapshot *s = close_window();

	CHECK_REAL(metric(s, 7, 2000, METRIC_PROCESS_cpu_percent), 50, 1e-9);
	CHECK_REAL(metric(s, 7, 2000, METRIC_PROCESS_cpu_seconds), .5, 1e-9);
}

TEST(an_older_process_brings_its_past_as_total_only)
{
	setup();
	feed(RECORD_TASK, 7, 500, 30 * SECOND);
	feed(RECORD_TASK, 7, 500, 31 * SECOND);

	const struct snapshot *s = close_window();

	CHECK_REAL(metric(s, 7, 500, METRIC_PROCESS_cpu_seconds), 1, 1e-9);
	CHECK_REAL(metric(s, 7, 500, METRIC_PROCESS_cpu_seconds_total), 31, 1e-9);
}

TEST(walk_exit_and_release_telescope)
{
	setup();
	feed(RECORD_TASK, 7, 2000, 100);
	feed(RECORD_EXIT, 7, 2000, 150);
	feed(RECORD_FREE, 7, 2000, 175);

	const struct snapshot *s = close_window();

	CHECK_REAL(metric(s, 7, 2000, METRIC_PROCESS_cpu_seconds), 175e-9, 1e-15);
	CHECK_UINT(window.totals.run_ns, 175);
}

TEST(records_out_of_order_count_once)
{
	setup();
	feed(RECORD_TASK, 7, 2000, 150);
	feed(RECORD_EXIT, 7, 2000, 100);
	feed(RECORD_TASK, 7, 2000, 140);
	feed(RECORD_FREE, 7, 2000, 175);
	CHECK_UINT(window.totals.run_ns, 175);
}

TEST(a_process_that_no_walk_saw_is_whole)
{
	setup();
	feed(RECORD_EXIT, 7, 2000, 40);
	feed(RECORD_FREE, 7, 2000, 90);

	const struct snapshot *s = close_window();
	uint64_t exited = 0;

	CHECK_REAL(metric(s, 7, 2000, METRIC_PROCESS_cpu_seconds), 90e-9, 1e-15);
	CHECK(snapshot_label(row_of(s, 7, 2000), SCOPE_PROCESS, LABEL_PROCESS_exited, &exited));
	CHECK_UINT(exited, 1);
}

TEST(a_reused_pid_is_another_process)
{
	setup();
	feed(RECORD_EXIT, 7, 2000, 40);
	feed(RECORD_FREE, 7, 2000, 40);
	feed(RECORD_TASK, 7, 3000, 60);

	const struct snapshot *s = close_window();

	CHECK_UINT(snapshot_rows(s, SCOPE_PROCESS), 2);
	CHECK_REAL(metric(s, 7, 2000, METRIC_PROCESS_cpu_seconds), 40e-9, 1e-15);
	CHECK_REAL(metric(s, 7, 3000, METRIC_PROCESS_cpu_seconds), 60e-9, 1e-15);
}

TEST(a_late_release_is_shown_in_the_next_window_and_the_row_then_goes)
{
	setup();
	feed(RECORD_EXIT, 7, 2000, 40);
	close_window();
	feed(RECORD_FREE, 7, 2000, 90);

	const struct snapshot *s = close_window();

	CHECK_REAL(metric(s, 7, 2000, METRIC_PROCESS_cpu_seconds), 50e-9, 1e-15);
	s = close_window();
	CHECK(row_of(s, 7, 2000) == NULL);
	CHECK_UINT(window.processes.count, 0);
	CHECK_UINT(window.threads.count, 0);
}

TEST(an_ended_process_without_news_is_shown_once)
{
	setup();
	feed(RECORD_EXIT, 7, 2000, 40);
	feed(RECORD_FREE, 7, 2000, 40);
	CHECK_UINT(snapshot_rows(close_window(), SCOPE_PROCESS), 1);
	CHECK_UINT(snapshot_rows(close_window(), SCOPE_PROCESS), 0);
}

TEST(threads_add_up_and_one_that_ends_first_is_kept)
{
	setup();
	feed(RECORD_TASK, 7, 2000, 10);

	struct task_record thread = task(RECORD_TASK, 8, 7, 2000, 20);

	thread.head.thread_start_ns = WATCHED_FROM - 1;
	window_task(&window, &thread);
	CHECK_UINT(window.totals.unowned, 0);
	thread.head.thread_start_ns = 2100;
	window_task(&window, &thread);
	thread.head.kind = RECORD_FREE;
	thread.thread.run_ns = 25;
	window_task(&window, &thread);
	feed(RECORD_TASK, 7, 2000, 15);

	const struct snapshot *s = close_window();
	uint64_t exited = 1;

	CHECK_REAL(metric(s, 7, 2000, METRIC_PROCESS_cpu_seconds), 40e-9, 1e-15);
	snapshot_label(row_of(s, 7, 2000), SCOPE_PROCESS, LABEL_PROCESS_exited, &exited);
	CHECK_UINT(exited, 0);
}

TEST(a_leader_that_ends_first_does_not_end_the_process)
{
	setup();
	feed(RECORD_TASK, 7, 2000, 10);

	struct task_record leader = task(RECORD_EXIT, 7, 7, 2000, 12);

	leader.group_dead = 0;
	window_task(&window, &leader);

	uint64_t exited = 1;

	snapshot_label(row_of(close_window(), 7, 2000), SCOPE_PROCESS, LABEL_PROCESS_exited,
		       &exited);
	CHECK_UINT(exited, 0);
}

TEST(network_counts_from_the_first_byte)
{
	struct task_record r = task(RECORD_TASK, 7, 7, 500, 0);

	setup();
	r.shared.tcp_tx_bytes = 1000;
	r.shared.udp_tx_bytes = 10;
	window_task(&window, &r);
	r.shared.tcp_tx_bytes = 1300;
	window_task(&window, &r);

	const struct snapshot *s = close_window();

	CHECK_REAL(metric(s, 7, 500, METRIC_PROCESS_tcp_tx), 1300, 0);
	CHECK_REAL(metric(s, 7, 500, METRIC_PROCESS_network_tx), 1310, 0);
}

TEST(user_and_system_time_are_scaled_to_the_run_time)
{
	struct task_record r = task(RECORD_TASK, 7, 7, 2000, SECOND);

	setup();
	r.thread.user_ns = 300;
	r.thread.system_ns = 100;
	window_task(&window, &r);

	const struct snapshot *s = close_window();

	CHECK_REAL(metric(s, 7, 2000, METRIC_PROCESS_cpu_user_percent), 75, 1e-6);
	CHECK_REAL(metric(s, 7, 2000, METRIC_PROCESS_cpu_system_percent), 25, 1e-6);
}

TEST(a_process_whose_exit_was_lost_is_found_by_the_second_full_walk)
{
	setup();
	window_walk_begin(&window);
	feed(RECORD_TASK, 7, 2000, 10);
	window_walk_end(&window, true, 0, 12);
	for (int walk = 0; walk < 2; walk++) {
		CHECK_UINT(window.totals.exits_missed, 0);
		window_walk_begin(&window);
		window_walk_end(&window, true, 0, 12);
	}
	CHECK_UINT(window.totals.exits_missed, 1);
}

TEST(an_exit_without_a_release_has_all_bytes_and_is_counted)
{
	struct task_record r = task(RECORD_EXIT, 7, 7, 2000, 10);

	setup();
	r.group_dead = 1;
	r.shared.tcp_tx_bytes = 500;
	window_task(&window, &r);
	CHECK_REAL(metric(close_window(), 7, 2000, METRIC_PROCESS_tcp_tx), 500, 0);
	for (int walk = 0; walk < 2; walk++) {
		CHECK_UINT(window.totals.releases_missed, 0);
		window_walk_begin(&window);
		window_walk_end(&window, true, 0, 12);
	}
	CHECK_UINT(window.totals.releases_missed, 1);
	CHECK_UINT(window.totals.exits_missed, 0);
	close_window();
	CHECK_UINT(window.processes.count, 0);
}

TEST(a_release_after_a_missed_walk_counts_only_what_is_new)
{
	setup();
	feed(RECORD_TASK, 7, 2000, 100);
	window_walk_begin(&window);
	window_walk_end(&window, true, 0, 12);
	feed(RECORD_FREE, 7, 2000, 130);
	CHECK_UINT(window.totals.run_ns, 130);
}

TEST(a_release_does_not_change_the_parent)
{
	struct task_record r = task(RECORD_EXIT, 7, 7, 2000, 0);
	uint64_t ppid = 0;

	setup();
	r.group_dead = 1;
	r.head.ppid = 42;
	window_task(&window, &r);
	r.head.kind = RECORD_FREE;
	r.head.ppid = 0;
	window_task(&window, &r);
	snapshot_label(row_of(close_window(), 7, 2000), SCOPE_PROCESS, LABEL_PROCESS_ppid, &ppid);
	CHECK_UINT(ppid, 42);
}

/* The leader may be gone by then, and its memory another task's. */
TEST(a_released_thread_goes_to_the_process_it_was_known_in)
{
	struct task_record thread = task(RECORD_TASK, 8, 7, 2000, 20);

	setup();
	feed(RECORD_TASK, 7, 2000, 10);
	window_task(&window, &thread);
	thread.head.kind = RECORD_FREE;
	thread.head.process_start_ns = 0xdeadbeef;
	thread.thread.run_ns = 25;
	window_task(&window, &thread);

	const struct snapshot *s = close_window();

	CHECK_UINT(snapshot_rows(s, SCOPE_PROCESS), 1);
	CHECK_REAL(metric(s, 7, 2000, METRIC_PROCESS_cpu_seconds), 35e-9, 1e-15);
	thread.head.tid = 9;
	thread.head.thread_start_ns = WATCHED_FROM - 1;
	window_task(&window, &thread);
	CHECK_UINT(window.totals.unowned, 0);
	thread.head.thread_start_ns = 2100;
	window_task(&window, &thread);
	CHECK_UINT(window.processes.count, 1);
	CHECK_UINT(window.totals.unowned, 1);
}

TEST(a_walk_over_one_class_says_nothing_of_the_others)
{
	setup();
	feed(RECORD_TASK, 7, 2000, 100);
	for (int walk = 0; walk < 3; walk++) {
		window_walk_begin(&window);
		window_walk_end(&window, false, 8, 12);
	}
	CHECK_UINT(window.threads.count, 1);
}

TEST(a_zombie_stays_until_it_is_reaped)
{
	struct task_record r = task(RECORD_TASK, 7, 7, 2000, 0);

	setup();
	r.zombie = 1;
	window_task(&window, &r);
	for (int i = 0; i < 3; i++)
		CHECK_UINT(snapshot_rows(close_window(), SCOPE_PROCESS), 1);
	feed(RECORD_FREE, 7, 2000, 0);
	close_window();
	CHECK_UINT(snapshot_rows(close_window(), SCOPE_PROCESS), 0);
}

TEST(exit_status_and_signal_are_told_apart)
{
	struct task_record r = task(RECORD_EXIT, 7, 7, 2000, 0);
	uint64_t value = 0;

	setup();
	r.group_dead = 1;
	r.exit_code = 3 << 8;
	window_task(&window, &r);
	r.head.pid = r.head.tid = 8;
	r.exit_code = 9 | 0x80;
	window_task(&window, &r);

	const struct snapshot *s = close_window();

	CHECK(snapshot_label(row_of(s, 7, 2000), SCOPE_PROCESS, LABEL_PROCESS_exit_code, &value));
	CHECK_UINT(value, 3);
	CHECK(snapshot_label(row_of(s, 8, 2000), SCOPE_PROCESS, LABEL_PROCESS_exit_signal, &value));
	CHECK_UINT(value, 9);
	CHECK(!snapshot_label(row_of(s, 8, 2000), SCOPE_PROCESS, LABEL_PROCESS_exit_code, &value));
}

TEST(a_process_without_memory_of_its_own_has_no_memory_numbers)
{
	setup();
	feed(RECORD_TASK, 7, 2000, 0);

	const struct snapshot *s = close_window();

	CHECK_REAL(metric(s, 7, 2000, METRIC_PROCESS_memory_rss), -1, 0);
}

TEST(a_path_without_an_end_is_left_out)
{
	struct path_record r = {.head = {.kind = RECORD_EXEC, .pid = 7, .tid = 7},
				.length = 100000};

	setup();
	window_path(&window, &r);

	const struct snapshot *s = close_window();

	CHECK_STRING(snapshot_label_string(s, row_of(s, 7, 0), SCOPE_PROCESS, LABEL_PROCESS_exe),
		     "");
}

TEST(a_million_processes_leave_nothing_behind)
{
	setup();
	for (uint32_t i = 0; i < 1000000; i++) {
		feed(RECORD_EXIT, i, 2000 + i, 10);
		feed(RECORD_FREE, i, 2000 + i, 20);
		if (i % 10000 == 9999)
			window_next(&window);
	}
	window_next(&window);
	window_next(&window);
	CHECK_UINT(window.processes.count, 0);
	CHECK_UINT(window.threads.count, 0);
	CHECK_UINT(window.totals.run_ns, 20000000);
	CHECK_UINT(window.totals.table_full, 0);
}
