// SPDX-License-Identifier: Apache-2.0
/* What sockets say was read, against what the hooks have heard of. */
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "base/clock.h"
#include "collect/connections.h"
#include "harness/harness.h"

#define SECOND 1000000000ULL
#define START 2000

static struct identity identity;
static struct window window;
static struct connections connections;
static struct builder builder;

/* What the walk over tasks, or the exit, tells of a process: its calls took so much over TCP. */
static void heard(uint32_t kind, uint32_t pid, uint64_t bytes)
{
	struct task_record r = {
		.head = {.kind = kind, .tid = pid, .pid = pid, .ppid = 1},
		.comm = "reader",
		.group_dead = kind == RECORD_EXIT,
		.shared.tcp_rx_bytes = bytes,
	};

	r.head.thread_start_ns = r.head.process_start_ns = START;
	window_task(&window, &r);
}

/* What the walk over files, or the end of a connection, tells: so much was read of it. */
static void take(uint32_t kind, uint32_t pid, uint64_t cookie, uint64_t bytes)
{
	struct connection_record r = {
		.head = {.kind = kind, .tid = pid, .pid = pid, .process_start_ns = START},
		.cookie = cookie,
		.family = AF_INET,
		.state = kind == RECORD_SOCKET ? TCP_ESTABLISHED : TCP_LAST_ACK,
		.read_bytes = bytes,
		.closed_ns = clock_boot_ns(),
	};

	connections_take(&connections, &r);
}

static void walk_files(uint32_t pid, uint64_t cookie, uint64_t bytes)
{
	connections_walk_begin(&connections);
	if (pid)
		take(RECORD_SOCKET, pid, cookie, bytes);
	connections_walk_end(&connections, true);
}

/* Two processes, 7 and 8, with hooks on all calls, and the first walk. */
static void setup(void)
{
	identity_init(&identity);
	window_init(&window, &identity, ~0ULL);
	connections_init(&connections, &window);
	connections_set_mode(&connections, TCP_BYTES_BY_CALLS);
	walk_files(0, 0, 0);
	heard(RECORD_TASK, 7, 0);
	heard(RECORD_TASK, 8, 0);
}

static double unseen(uint32_t pid)
{
	const struct snapshot *s = builder_finish(&builder);

	for (size_t i = 0; i < snapshot_rows(s, SCOPE_PROCESS); i++) {
		const struct snapshot_row *row = snapshot_row(s, SCOPE_PROCESS, i);
		uint64_t value = 0;

		snapshot_label(row, SCOPE_PROCESS, LABEL_PROCESS_pid, &value);
		if (value == pid)
			return snapshot_number(s, row, METRIC_PROCESS_tcp_unseen_rx, -1);
	}
	harness_fail(__FILE__, __LINE__, "no row of process %u", pid);
}

static void close_window(void)
{
	builder_begin(&builder);
	window_emit(&window, &builder, SECOND);
	connections_next(&connections);
	window_next(&window);
}

static void expect(double bytes)
{
	close_window();
	CHECK_REAL(unseen(7), bytes, 0);
}

TEST(what_the_calls_took_is_not_unseen)
{
	setup();
	walk_files(7, 1, 1000);
	heard(RECORD_TASK, 7, 1000);
	expect(0);
	/* What is read between the two walks is heard of first. */
	walk_files(7, 1, 1500);
	heard(RECORD_TASK, 7, 1800);
	expect(0);
	walk_files(7, 1, 2000);
	heard(RECORD_TASK, 7, 2000);
	expect(0);
}

TEST(the_rest_is_told_once_and_in_its_window)
{
	setup();
	walk_files(7, 1, 1000);
	heard(RECORD_TASK, 7, 400);
	expect(600);
	walk_files(7, 1, 1000);
	heard(RECORD_TASK, 7, 400);
	expect(0);
	walk_files(7, 1, 1300);
	heard(RECORD_TASK, 7, 600);
	expect(100);
}

/* Several at once, one of which ends; the exit has the last word on the calls. */
TEST(connections_add_up_and_ended_ones_count)
{
	setup();
	take(RECORD_CONNECTION, 7, 1, 500);
	walk_files(7, 2, 70);
	heard(RECORD_TASK, 7, 70);
	expect(500);
	heard(RECORD_EXIT, 7, 90);
	take(RECORD_CONNECTION, 7, 2, 100);
	expect(10);
}

/* An end that is told after the walk over tasks waits for the next one. */
TEST(what_was_read_later_than_heard_waits)
{
	setup();
	walk_files(0, 0, 0);
	heard(RECORD_TASK, 7, 0);
	take(RECORD_CONNECTION, 7, 1, 500);
	expect(0);
	walk_files(0, 0, 0);
	heard(RECORD_TASK, 7, 500);
	expect(0);
}

TEST(of_a_shared_connection_nothing_is_told)
{
	setup();
	connections_walk_begin(&connections);
	take(RECORD_SOCKET, 7, 1, 1000);
	take(RECORD_SOCKET, 8, 1, 1000);
	connections_walk_end(&connections, true);
	heard(RECORD_TASK, 7, 0);
	heard(RECORD_TASK, 8, 1000);
	expect(-1);
	CHECK_REAL(unseen(8), -1, 0);
}

TEST(nor_of_one_that_another_holds_now)
{
	setup();
	walk_files(7, 1, 0);
	expect(0);
	walk_files(8, 1, 1000);
	heard(RECORD_TASK, 8, 0);
	close_window();
	CHECK_REAL(unseen(8), -1, 0);
}

TEST(a_fork_may_share_any)
{
	struct fork_record r = {
		.head = {.kind = RECORD_FORK, .tid = 9, .pid = 9, .ppid = 7},
		.parent = 7,
		.parent_start_ns = START,
	};

	setup();
	walk_files(7, 1, 1000);
	r.head.thread_start_ns = r.head.process_start_ns = START + 1;
	window_fork(&window, &r);
	heard(RECORD_TASK, 7, 0);
	expect(-1);
	CHECK_REAL(unseen(8), 0, 0);
	CHECK_REAL(unseen(9), 0, 0);
}

/* While TCP is sampled nothing is unseen, and afterwards that is no debt. */
TEST(it_begins_anew_with_the_hooks)
{
	setup();
	walk_files(7, 1, 100);
	heard(RECORD_TASK, 7, 0);
	expect(100);
	connections_set_mode(&connections, TCP_BYTES_SAMPLED);
	walk_files(7, 1, 200);
	walk_files(7, 1, 5200);
	heard(RECORD_TASK, 7, 0);
	expect(0);
	connections_set_mode(&connections, TCP_BYTES_BY_CALLS);
	walk_files(7, 1, 5300);
	heard(RECORD_TASK, 7, 50);
	expect(0);
	walk_files(7, 1, 5450);
	heard(RECORD_TASK, 7, 50);
	expect(100);
}
