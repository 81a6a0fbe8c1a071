// SPDX-License-Identifier: Apache-2.0
/*
 * A thread becomes the leader by exec: its records come as the leader's, and the
 * leader's release as the thread's. Whatever comes first, nothing counts twice.
 */
#include "collect/window.h"
#include "harness/harness.h"

#define WATCHED_FROM 1000
#define SECOND 1000000000ULL
#define PID 7
#define TID 9
#define BEGAN 500	  /* the process, before the agent */
#define THREAD_BEGAN 3000 /* the thread */

/* The two tasks, by the address of their task_struct. */
#define LEADER 0xffff888000010000ULL
#define THREAD 0xffff888000020040ULL

static struct identity identity;
static struct window window;
static struct builder builder;

static void setup(void)
{
	identity_init(&identity);
	window_init(&window, &identity, ~0ULL);
	window.watched_from_ns = WATCHED_FROM;
}

static void feed(uint32_t kind, uint32_t tid, uint64_t start, uint64_t task, uint64_t run,
		 uint64_t sent)
{
	struct task_record r = {
		.head = {.kind = kind,
			 .tid = tid,
			 .pid = PID,
			 .ppid = 1,
			 .thread_start_ns = start,
			 .process_start_ns = BEGAN,
			 .task = task},
		.threads = 2,
		.comm = "work",
	};

	r.thread.run_ns = run;
	r.shared.tcp_tx_bytes = sent;
	window_task(&window, &r);
}

static void feed_leader(uint32_t kind, uint64_t run, uint64_t sent)
{
	feed(kind, PID, BEGAN, LEADER, run, sent);
}

static void feed_thread(uint32_t kind, uint64_t run, uint64_t sent)
{
	feed(kind, TID, THREAD_BEGAN, THREAD, run, sent);
}

/* The same tasks after the exec. */
static void feed_old_leader(uint32_t kind, uint64_t run, uint64_t sent)
{
	feed(kind, TID, BEGAN, LEADER, run, sent);
}

static void feed_new_leader(uint32_t kind, uint64_t run, uint64_t sent)
{
	feed(kind, PID, BEGAN, THREAD, run, sent);
}

/* The first walk, with all that was before; then a window's own walk. */
static void walk_before(void)
{
	setup();
	feed_leader(RECORD_TASK, 1000, 100);
	feed_thread(RECORD_TASK, 300, 100);
	window_clear_amounts(&window);
}

static void check_window(uint64_t run, uint64_t sent)
{
	builder_begin(&builder);
	window_emit(&window, &builder, SECOND);
	window_next(&window);

	const struct snapshot *s = builder_finish(&builder);

	CHECK_UINT(snapshot_rows(s, SCOPE_PROCESS), 1);

	const struct snapshot_row *row = snapshot_row(s, SCOPE_PROCESS, 0);

	CHECK_REAL(snapshot_number(s, row, METRIC_PROCESS_cpu_seconds, -1), (double)run / 1e9,
		   1e-15);
	CHECK_REAL(snapshot_number(s, row, METRIC_PROCESS_tcp_tx, -1), (double)sent, 0);
	CHECK_UINT(window.totals.unowned, 0);
}

TEST(the_release_of_the_old_leader_comes_first)
{
	walk_before();
	feed_leader(RECORD_EXIT, 1100, 0);
	feed_old_leader(RECORD_FREE, 1110, 150);
	feed_new_leader(RECORD_TASK, 350, 20);
	check_window(110 + 50, 50 + 20);
	CHECK_UINT(window.threads.count, 1);
}

TEST(a_walk_over_the_new_leader_comes_first)
{
	walk_before();
	feed_new_leader(RECORD_TASK, 1350, 700);
	feed_leader(RECORD_EXIT, 1100, 0);
	feed_old_leader(RECORD_FREE, 1110, 150);
	feed_new_leader(RECORD_TASK, 1360, 701);
	check_window(1060 + 110, 50 + 701);
	CHECK_UINT(window.threads.count, 1);
}

TEST(a_walk_may_show_the_old_leader_under_its_new_tid)
{
	walk_before();
	feed_old_leader(RECORD_TASK, 1100, 5);
	feed_new_leader(RECORD_TASK, 350, 20);
	feed_old_leader(RECORD_FREE, 1110, 150);
	check_window(50 + 110, 50 + 20);
}

TEST(a_thread_that_no_walk_saw_takes_over)
{
	setup();
	feed_leader(RECORD_TASK, 1000, 100);
	window_clear_amounts(&window);
	feed_leader(RECORD_EXIT, 1100, 0);
	feed_old_leader(RECORD_FREE, 1110, 150);
	feed_new_leader(RECORD_TASK, 50, 20);
	feed_new_leader(RECORD_EXIT, 60, 0);
	feed_new_leader(RECORD_FREE, 70, 30);
	check_window(110 + 70, 50 + 30);
	CHECK_UINT(window.threads.count, 0);
}

TEST(the_new_leader_may_be_new_when_a_walk_shows_it)
{
	setup();
	feed_leader(RECORD_TASK, 1000, 100);
	window_clear_amounts(&window);
	feed_new_leader(RECORD_TASK, 50, 20);
	feed_old_leader(RECORD_FREE, 1110, 150);
	check_window(50 + 110, 20 + 50);
}

TEST(a_walk_may_show_the_new_leader_of_a_process_that_no_record_told_of)
{
	setup();
	window.watched_from_ns = 0;
	feed_new_leader(RECORD_TASK, 350, 20);
	feed_leader(RECORD_EXIT, 1100, 140);
	feed_old_leader(RECORD_FREE, 1110, 150);
	feed_new_leader(RECORD_EXIT, 360, 30);
	feed_new_leader(RECORD_FREE, 370, 30);
	check_window(1110 + 370, 150 + 30);
	CHECK_UINT(window.threads.count, 0);
}

TEST(the_release_is_known_though_its_leader_is_gone)
{
	struct task_record r = {
		.head = {.kind = RECORD_FREE,
			 .tid = TID,
			 .pid = PID,
			 .thread_start_ns = BEGAN,
			 .process_start_ns = 0xdeadbeef,
			 .task = LEADER},
		.comm = "work",
	};

	walk_before();
	feed_new_leader(RECORD_TASK, 350, 20);
	r.thread.run_ns = 1110;
	r.shared.tcp_tx_bytes = 150;
	window_task(&window, &r);
	check_window(50 + 110, 50 + 20);
}

TEST(what_a_lost_release_leaves_goes_with_the_process)
{
	walk_before();
	feed_new_leader(RECORD_TASK, 350, 20);
	check_window(50, 20);
	feed_new_leader(RECORD_FREE, 360, 20);
	check_window(10, 0);
	window_next(&window);
	CHECK_UINT(window.processes.count, 0);
	CHECK_UINT(window.threads.count, 0);
	window_free(&window);
	builder_free(&builder);
	identity_free(&identity);
}
