// SPDX-License-Identifier: Apache-2.0
/* TCP bytes from what sockets count: sampled, or held against what the hooks have heard of. */
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
static void take_both(uint32_t kind, uint32_t pid, uint64_t cookie, uint64_t read, uint64_t written,
		      uint64_t closed_ns)
{
	struct connection_record r = {
		.head = {.kind = kind, .tid = pid, .pid = pid, .process_start_ns = START},
		.cookie = cookie,
		.family = AF_INET,
		.state = kind == RECORD_SOCKET ? TCP_ESTABLISHED : TCP_LAST_ACK,
		.read_bytes = read,
		.written_bytes = written,
		.closed_ns = closed_ns,
	};

	connections_take(&connections, &r);
}

static void take(uint32_t kind, uint32_t pid, uint64_t cookie, uint64_t read)
{
	take_both(kind, pid, cookie, read, 0, clock_boot_ns());
}

static void walk_files(uint32_t pid, uint64_t cookie, uint64_t bytes)
{
	connections_walk_begin(&connections);
	if (pid)
		take(RECORD_SOCKET, pid, cookie, bytes);
	connections_walk_end(&connections, true);
}

/* The same with what it has written; the end of a connection that was closed at that time. */
static void walk_bytes(uint64_t cookie, uint64_t read, uint64_t written)
{
	connections_walk_begin(&connections);
	take_both(RECORD_SOCKET, 7, cookie, read, written, 0);
	connections_walk_end(&connections, true);
}

static void end_bytes(uint64_t cookie, uint64_t read, uint64_t written, uint64_t closed_ns)
{
	take_both(RECORD_CONNECTION, 7, cookie, read, written, closed_ns);
}

/* Two processes, 7 and 8, before the first walk. */
static void setup_mode(enum tcp_bytes mode)
{
	identity_init(&identity);
	window_init(&window, &identity, ~0ULL);
	connections_init(&connections, &window);
	connections_set_mode(&connections, mode);
	heard(RECORD_TASK, 7, 0);
	heard(RECORD_TASK, 8, 0);
}

/* The same with hooks on all calls, and the first walk. */
static void setup(void)
{
	setup_mode(TCP_BYTES_BY_CALLS);
	walk_files(0, 0, 0);
}

static double number_of(uint32_t pid, enum metric metric)
{
	const struct snapshot *s = builder_finish(&builder);

	for (size_t i = 0; i < snapshot_rows(s, SCOPE_PROCESS); i++) {
		const struct snapshot_row *row = snapshot_row(s, SCOPE_PROCESS, i);
		uint64_t value = 0;

		snapshot_label(row, SCOPE_PROCESS, LABEL_PROCESS_pid, &value);
		if (value == pid)
			return snapshot_number(s, row, metric, -1);
	}
	harness_fail(__FILE__, __LINE__, "no row of process %u", pid);
}

static double unseen(uint32_t pid)
{
	return number_of(pid, METRIC_PROCESS_tcp_unseen_rx);
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

static void expect_tcp(double rx, double tx)
{
	close_window();
	CHECK_REAL(number_of(7, METRIC_PROCESS_tcp_rx), rx, 0);
	CHECK_REAL(number_of(7, METRIC_PROCESS_tcp_tx), tx, 0);
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

/* Files are read along with the tasks; of a process with threads before all of them. */
TEST(the_counter_that_comes_with_the_files_counts)
{
	struct files_record r = {
		.head = {.kind = RECORD_FILES, .tid = 7, .pid = 7, .process_start_ns = START},
		.tcp_rx_bytes = 900,
	};

	setup();
	connections_walk_begin(&connections);
	heard(RECORD_TASK, 7, 500);
	take(RECORD_SOCKET, 7, 1, 1000);
	window_files(&window, &r);
	connections_walk_end(&connections, false);
	expect(100);
	connections_walk_begin(&connections);
	take(RECORD_SOCKET, 7, 1, 1200);
	r.tcp_rx_bytes = 1100;
	window_files(&window, &r);
	heard(RECORD_TASK, 7, 1100);
	connections_walk_end(&connections, false);
	expect(0);
}

TEST(sampled_bytes_begin_at_the_first_walk)
{
	setup_mode(TCP_BYTES_SAMPLED);
	end_bytes(9, 50, 50, clock_boot_ns());
	walk_bytes(1, 1000, 100);
	expect_tcp(0, 0);
	walk_bytes(1, 1500, 100);
	expect_tcp(500, 0);
	end_bytes(1, 1510, 120, clock_boot_ns());
	end_bytes(2, 3, 4, clock_boot_ns());
	walk_files(0, 0, 0);
	expect_tcp(13, 24);
	/* One that began after the base needs none. */
	walk_bytes(3, 70, 80);
	expect_tcp(70, 80);
}

TEST(a_reading_that_falls_takes_nothing_back)
{
	setup_mode(TCP_BYTES_SAMPLED);
	walk_files(0, 0, 0);
	walk_bytes(1, 100, 200);
	expect_tcp(100, 200);
	walk_bytes(1, 90, 180);
	expect_tcp(0, 0);
	walk_bytes(1, 101, 201);
	expect_tcp(1, 1);
}

TEST(what_hooks_have_heard_is_not_sampled)
{
	uint64_t heard_ns;

	setup_mode(TCP_BYTES_BY_CALLS);
	walk_bytes(1, 100, 100);
	walk_bytes(1, 200, 200);
	expect_tcp(0, 0);
	heard_ns = clock_boot_ns();
	connections_set_mode(&connections, TCP_BYTES_SAMPLED);
	/* Closed while hooks heard it, or before the base. */
	end_bytes(2, 5000, 5000, heard_ns);
	end_bytes(3, 5000, 5000, clock_boot_ns());
	walk_bytes(1, 300, 300);
	expect_tcp(0, 0);
	/* Told late. */
	end_bytes(4, 5000, 5000, heard_ns);
	walk_bytes(1, 310, 320);
	expect_tcp(10, 20);
}

TEST(what_was_sampled_is_told_after_the_hooks_are_back)
{
	uint64_t sampled_ns;

	setup_mode(TCP_BYTES_SAMPLED);
	walk_bytes(1, 100, 100);
	expect_tcp(0, 0);
	walk_bytes(1, 150, 150);
	sampled_ns = clock_boot_ns();
	connections_set_mode(&connections, TCP_BYTES_BY_CALLS);
	end_bytes(2, 7, 8, sampled_ns);
	expect_tcp(57, 58);
	walk_bytes(1, 900, 900);
	expect_tcp(0, 0);
	end_bytes(1, 950, 950, clock_boot_ns());
	expect_tcp(0, 0);
}

/* It never had its base, so the mode before it is still the one that counted. */
TEST(a_mode_that_did_not_last_is_none)
{
	uint64_t sampled_ns;

	setup_mode(TCP_BYTES_SAMPLED);
	walk_files(0, 0, 0);
	sampled_ns = clock_boot_ns();
	connections_set_mode(&connections, TCP_BYTES_UNKNOWN);
	connections_set_mode(&connections, TCP_BYTES_BY_CALLS);
	end_bytes(1, 7, 8, sampled_ns);
	expect_tcp(7, 8);
}

TEST(sampled_bytes_go_to_who_holds_the_connection)
{
	setup_mode(TCP_BYTES_SAMPLED);
	walk_bytes(1, 10, 10);
	close_window();
	walk_files(8, 1, 110);
	expect_tcp(0, 0);
	CHECK_REAL(number_of(8, METRIC_PROCESS_tcp_rx), 100, 0);
}

/* It began during the walk; or ended long ago. */
TEST(bytes_of_a_process_that_is_not_known_wait_or_are_counted_as_lost)
{
	setup_mode(TCP_BYTES_SAMPLED);
	walk_files(0, 0, 0);
	walk_files(9, 1, 40);
	close_window();
	heard(RECORD_TASK, 9, 0);
	walk_files(9, 1, 45);
	close_window();
	CHECK_REAL(number_of(9, METRIC_PROCESS_tcp_rx), 45, 0);
	take(RECORD_CONNECTION, 10, 2, 1);
	CHECK_UINT(connections.totals.unowned, 1);
}
