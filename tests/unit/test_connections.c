// SPDX-License-Identifier: Apache-2.0
/* Connections against records made by hand: who opened what, how it ended, and pools. */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#include "base/clock.h"
#include "collect/connections.h"
#include "collect/pool.h"
#include "harness/harness.h"

#define SECOND 1000000000ULL
#define START 2000

static struct identity identity;
static struct window window;
static struct connections connections;
static struct builder builder;

static void process(uint32_t pid)
{
	struct task_record r = {
		.head = {.kind = RECORD_TASK, .tid = pid, .pid = pid, .ppid = 1},
		.comm = "client",
	};

	r.head.thread_start_ns = r.head.process_start_ns = START;
	window_task(&window, &r);
}

/* A machine with two processes, 7 and 8, and one walk over it. */
static void setup(void)
{
	identity_init(&identity);
	window_init(&window, &identity, ~0ULL);
	connections_init(&connections, &window);
	process(7);
	process(8);
}

static struct connection_record connection(uint32_t kind, uint32_t pid, uint64_t cookie, int state)
{
	struct connection_record r = {
		.head = {.kind = kind, .tid = pid, .pid = pid, .process_start_ns = pid ? START : 0},
		.cookie = cookie,
		.family = AF_INET,
		.state = (uint16_t)state,
		.local = {127, 0, 0, 1},
		.remote = {10, 0, 0, 1},
		.local_port = 40000,
		.remote_port = 5432,
		.opened = 1,
	};

	return r;
}

static void walk(const struct connection_record *records, size_t count)
{
	connections_walk_begin(&connections);
	for (size_t i = 0; i < count; i++)
		connections_take(&connections, &records[i]);
	connections_walk_end(&connections, true);
}

/* One that found only the process 8 awake. */
static void walk_awake(const struct connection_record *records, size_t count)
{
	struct files_record files = {
		.head = {.kind = RECORD_FILES, .tid = 8, .pid = 8, .process_start_ns = START},
		.files = 3,
	};

	connections_walk_begin(&connections);
	for (size_t i = 0; i < count; i++)
		connections_take(&connections, &records[i]);
	window_files(&window, &files);
	connections_walk_end(&connections, false);
}

static const struct snapshot *close_window(void)
{
	builder_begin(&builder);
	window_emit(&window, &builder, SECOND);
	connections_emit(&connections, &builder, SECOND);
	connections_next(&connections);
	window_next(&window);
	return builder_finish(&builder);
}

static double metric(const struct snapshot *s, uint32_t pid, enum metric m)
{
	for (size_t i = 0; i < snapshot_rows(s, SCOPE_PROCESS); i++) {
		const struct snapshot_row *row = snapshot_row(s, SCOPE_PROCESS, i);
		uint64_t value = 0;

		snapshot_label(row, SCOPE_PROCESS, LABEL_PROCESS_pid, &value);
		if (value == pid)
			return snapshot_number(s, row, m, -1);
	}
	CHECK(!"the process has a row");
	return 0;
}

static double pool_metric(const struct snapshot *s, enum metric m)
{
	CHECK_UINT(snapshot_rows(s, SCOPE_POOL), 1);
	return snapshot_number(s, snapshot_row(s, SCOPE_POOL, 0), m, -1);
}

TEST(what_the_first_walk_shows_was_opened_by_nobody)
{
	struct connection_record r[] = {
		connection(RECORD_SOCKET, 7, 1, TCP_ESTABLISHED),
		connection(RECORD_SOCKET, 8, 2, TCP_ESTABLISHED),
		connection(RECORD_SOCKET, 8, 3, TCP_LISTEN),
	};

	setup();
	r[0].opened = r[1].opened = 0;
	r[1].local_port = r[2].local_port = 80;
	r[0].rx_bytes = r[0].tx_bytes = r[0].retransmits = 1000;
	r[0].rtt_us = 250;
	walk(r, 3);

	const struct snapshot *s = close_window();

	CHECK_REAL(metric(s, 7, METRIC_PROCESS_tcp_connections), 1, 0);
	CHECK_REAL(metric(s, 7, METRIC_PROCESS_tcp_opened), 0, 0);
	CHECK_REAL(metric(s, 7, METRIC_PROCESS_tcp_retransmits), 0, 0);
	CHECK_REAL(metric(s, 7, METRIC_PROCESS_tcp_rtt), 250e-6, 1e-9);
	CHECK_REAL(metric(s, 8, METRIC_PROCESS_tcp_connections), 1, 0);
	CHECK_REAL(metric(s, 8, METRIC_PROCESS_tcp_accepted), 0, 0);
	CHECK_REAL(metric(s, 8, METRIC_PROCESS_tcp_rtt), -1, 0);
	/* The one that listens on the local port accepted it: only the other is a pool. */
	CHECK_REAL(pool_metric(s, METRIC_POOL_established), 1, 0);
	CHECK_REAL(pool_metric(s, METRIC_POOL_idle), 1, 0);
	CHECK_REAL(pool_metric(s, METRIC_POOL_opened), 0, 0);
}

TEST(who_sleeps_holds_what_it_held)
{
	struct connection_record r[] = {
		connection(RECORD_SOCKET, 7, 1, TCP_ESTABLISHED),
		connection(RECORD_SOCKET, 8, 2, TCP_ESTABLISHED),
		connection(RECORD_SOCKET, 8, 3, TCP_ESTABLISHED),
	};
	const struct snapshot *s;

	setup();
	walk(r, 3);
	close_window();
	for (int i = 0; i < 3; i++) {
		walk_awake(&r[1], 1);
		s = close_window();
		CHECK_REAL(metric(s, 7, METRIC_PROCESS_tcp_connections), 1, 0);
		CHECK_REAL(metric(s, 7, METRIC_PROCESS_tcp_closed), 0, 0);
		CHECK_REAL(metric(s, 8, METRIC_PROCESS_tcp_connections), 1, 0);
		CHECK_REAL(metric(s, 8, METRIC_PROCESS_tcp_closed), i == 0, 0);
	}
	/* Awake, it does not hold it any more. */
	walk(&r[1], 1);
	s = close_window();
	CHECK_REAL(metric(s, 7, METRIC_PROCESS_tcp_connections), 0, 0);
	CHECK_REAL(metric(s, 7, METRIC_PROCESS_tcp_closed), 1, 0);
}

TEST(a_connection_is_opened_active_idle_and_closed)
{
	struct connection_record r = connection(RECORD_SOCKET, 7, 1, TCP_ESTABLISHED);
	const struct snapshot *s;

	setup();
	walk(NULL, 0);
	close_window();
	r.tx_bytes = 100;
	walk(&r, 1);
	s = close_window();
	CHECK_REAL(metric(s, 7, METRIC_PROCESS_tcp_opened), 1, 0);
	CHECK_REAL(pool_metric(s, METRIC_POOL_active), 1, 0);
	CHECK_REAL(pool_metric(s, METRIC_POOL_idle), 0, 0);
	CHECK_REAL(pool_metric(s, METRIC_POOL_tx_bytes), 100, 0);
	r.retransmits = 3;
	walk(&r, 1);
	s = close_window();
	CHECK_REAL(metric(s, 7, METRIC_PROCESS_tcp_opened), 0, 0);
	CHECK_REAL(metric(s, 7, METRIC_PROCESS_tcp_retransmits), 3, 0);
	CHECK_REAL(pool_metric(s, METRIC_POOL_idle), 1, 0);
	r.head.kind = RECORD_CONNECTION;
	r.rx_bytes = 50;
	connections_take(&connections, &r);
	walk(NULL, 0);
	s = close_window();
	CHECK_REAL(metric(s, 7, METRIC_PROCESS_tcp_closed), 1, 0);
	CHECK_REAL(metric(s, 7, METRIC_PROCESS_tcp_connections), 0, 0);
	CHECK_REAL(pool_metric(s, METRIC_POOL_closed), 1, 0);
	CHECK_REAL(pool_metric(s, METRIC_POOL_rx_bytes), 50, 0);
	CHECK_REAL(pool_metric(s, METRIC_POOL_established), 0, 0);
	walk(NULL, 0);
	s = close_window();
	CHECK_UINT(snapshot_rows(s, SCOPE_POOL), 0);
	CHECK_UINT(connections.connections.count, 0);
}

TEST(what_lives_between_two_walks_is_told_by_its_end)
{
	struct connection_record r = connection(RECORD_CONNECTION, 7, 1, TCP_LAST_ACK);
	const struct snapshot *s;

	setup();
	walk(NULL, 0);
	close_window();
	r.rx_bytes = 10;
	connections_take(&connections, &r);
	r.cookie = 2;
	r.state = TCP_SYN_SENT;
	connections_take(&connections, &r);
	r = connection(RECORD_CONNECTION, 8, 3, TCP_FIN_WAIT2);
	r.opened = 0;
	connections_take(&connections, &r);
	r = connection(RECORD_CONNECTION, 0, 4, TCP_ESTABLISHED);
	connections_take(&connections, &r);
	walk(NULL, 0);
	s = close_window();
	CHECK_REAL(metric(s, 7, METRIC_PROCESS_tcp_opened), 1, 0);
	CHECK_REAL(metric(s, 7, METRIC_PROCESS_tcp_closed), 1, 0);
	CHECK_REAL(metric(s, 7, METRIC_PROCESS_tcp_failed), 1, 0);
	CHECK_REAL(metric(s, 8, METRIC_PROCESS_tcp_accepted), 1, 0);
	CHECK_REAL(metric(s, 8, METRIC_PROCESS_tcp_closed), 1, 0);
	CHECK_REAL(pool_metric(s, METRIC_POOL_opened), 1, 0);
	CHECK_REAL(pool_metric(s, METRIC_POOL_failed), 1, 0);
	CHECK_UINT(connections.totals.unowned, 1);
	CHECK_UINT(connections.connections.count, 0);
}

TEST(a_connection_that_nobody_holds_is_closed_once)
{
	struct connection_record r = connection(RECORD_SOCKET, 7, 1, TCP_ESTABLISHED);
	const struct snapshot *s;

	setup();
	walk(NULL, 0);
	walk(&r, 1);
	close_window();
	walk(NULL, 0);
	s = close_window();
	CHECK_REAL(metric(s, 7, METRIC_PROCESS_tcp_closed), 1, 0);
	r.head.kind = RECORD_CONNECTION;
	r.state = TCP_FIN_WAIT2;
	connections_take(&connections, &r);
	walk(NULL, 0);
	s = close_window();
	CHECK_REAL(metric(s, 7, METRIC_PROCESS_tcp_closed), 0, 0);
	CHECK_UINT(connections.connections.count, 0);
}

TEST(a_connection_follows_who_holds_it)
{
	struct connection_record r[] = {
		connection(RECORD_SOCKET, 7, 1, TCP_ESTABLISHED),
		connection(RECORD_SOCKET, 8, 1, TCP_ESTABLISHED),
	};
	const struct snapshot *s;

	setup();
	walk(NULL, 0);
	walk(r, 2);
	s = close_window();
	/* Shared after a fork: it stays with the one that has it, and counts once. */
	CHECK_REAL(metric(s, 7, METRIC_PROCESS_tcp_connections), 1, 0);
	CHECK_REAL(metric(s, 8, METRIC_PROCESS_tcp_connections), 0, 0);
	CHECK_REAL(pool_metric(s, METRIC_POOL_established), 1, 0);
	walk(&r[1], 1);
	s = close_window();
	CHECK_REAL(metric(s, 7, METRIC_PROCESS_tcp_connections), 0, 0);
	CHECK_REAL(metric(s, 8, METRIC_PROCESS_tcp_connections), 1, 0);
	CHECK_REAL(metric(s, 8, METRIC_PROCESS_tcp_opened), 0, 0);
}

TEST(connections_that_are_not_closed_leak)
{
	struct connection_record r = connection(RECORD_SOCKET, 7, 1, TCP_ESTABLISHED);
	const struct snapshot *s;

	setup();
	walk(NULL, 0);
	walk(&r, 1);
	CHECK_REAL(metric(close_window(), 7, METRIC_PROCESS_tcp_close_wait), 0, 0);
	r.state = TCP_CLOSE_WAIT;
	walk(&r, 1);
	CHECK_UINT(connections.close_wait, 1);
	s = close_window();
	CHECK_REAL(metric(s, 7, METRIC_PROCESS_tcp_close_wait), 1, 0);
	CHECK_REAL(metric(s, 7, METRIC_PROCESS_tcp_connections), 1, 0);
	walk(NULL, 0);
	CHECK_UINT(connections.close_wait, 0);
	CHECK_REAL(metric(close_window(), 7, METRIC_PROCESS_tcp_close_wait), 0, 0);
}

TEST(tables_that_are_full_are_counted)
{
	struct connection_record r = connection(RECORD_SOCKET, 7, 1, TCP_ESTABLISHED);

	setup();
	walk(NULL, 0);
	connections.connections.limit = 10;
	connections.pools.limit = 2;
	connections_walk_begin(&connections);
	for (uint32_t i = 1; i <= 12; i++) {
		r.cookie = i;
		r.remote_port = (uint16_t)i;
		connections_take(&connections, &r);
	}
	connections_walk_end(&connections, true);
	CHECK_UINT(connections.totals.table_full, 2 + 8);
	CHECK_REAL(metric(close_window(), 7, METRIC_PROCESS_tcp_opened), 10, 0);
}

static const char *pool_label(const struct snapshot *s, enum label label)
{
	return snapshot_label_string(s, snapshot_row(s, SCOPE_POOL, 0), SCOPE_POOL, label);
}

TEST(a_pool_has_its_endpoint_and_service)
{
	struct connection_record r = connection(RECORD_SOCKET, 7, 1, TCP_ESTABLISHED);
	const struct snapshot *s;

	setup();
	walk(NULL, 0);
	r.family = AF_INET6;
	memset(r.remote, 0, 16);
	memset(r.remote + 10, 0xff, 2);
	memcpy(r.remote + 12, (uint8_t[]){192, 0, 2, 9}, 4);
	walk(&r, 1);
	s = close_window();
	CHECK_STRING(pool_label(s, LABEL_POOL_address), "192.0.2.9");
	CHECK_STRING(pool_label(s, LABEL_POOL_service), "postgresql");
	CHECK_STRING(pool_label(s, LABEL_POOL_comm), "client");
	r.cookie = 2;
	r.remote_port = 1;
	r.remote[0] = 0x20;
	walk(&r, 1);
	close_window();
	CHECK(pool_service(1) == NULL);
	CHECK_STRING(pool_service(6379), "redis");
	CHECK_STRING(pool_service(25), "smtp");
	CHECK_STRING(pool_service(50000), "db2");
	CHECK(pool_service(65535) == NULL);
}

TEST(open_files_are_absent_until_told)
{
	struct files_record r = {
		.head = {.kind = RECORD_FILES, .tid = 7, .pid = 7, .process_start_ns = START},
		.files = 12,
	};
	const struct snapshot *s;

	setup();
	connections_walk_begin(&connections);
	window_files(&window, &r);
	r.head.tid = 9;
	r.files = 99;
	window_files(&window, &r);
	connections_walk_end(&connections, true);
	s = close_window();
	CHECK_REAL(metric(s, 7, METRIC_PROCESS_open_files), 12, 0);
	CHECK_REAL(metric(s, 8, METRIC_PROCESS_open_files), -1, 0);
	for (int i = 0; i <= WINDOW_FILES_WALKS; i++)
		walk(NULL, 0);
	CHECK_REAL(metric(close_window(), 7, METRIC_PROCESS_open_files), 0, 0);
}

/* A walk over one connection of process 7 that has read and written so much since it began. */
static void walk_bytes(uint64_t cookie, uint64_t read, uint64_t written)
{
	struct connection_record r = connection(RECORD_SOCKET, 7, cookie, TCP_ESTABLISHED);

	r.read_bytes = read;
	r.written_bytes = written;
	walk(&r, 1);
}

static void end_bytes(uint64_t cookie, uint64_t read, uint64_t written, uint64_t closed_ns)
{
	struct connection_record r = connection(RECORD_CONNECTION, 7, cookie, TCP_FIN_WAIT2);

	r.read_bytes = read;
	r.written_bytes = written;
	r.closed_ns = closed_ns;
	connections_take(&connections, &r);
}

static void expect_tcp(double rx, double tx)
{
	const struct snapshot *s = close_window();

	CHECK_REAL(metric(s, 7, METRIC_PROCESS_tcp_rx), rx, 0);
	CHECK_REAL(metric(s, 7, METRIC_PROCESS_tcp_tx), tx, 0);
}

static void setup_mode(enum tcp_bytes mode)
{
	setup();
	connections_set_mode(&connections, mode);
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
	walk(NULL, 0);
	expect_tcp(13, 24);
	/* One that began after the base needs none. */
	walk_bytes(3, 70, 80);
	expect_tcp(70, 80);
}

TEST(a_reading_that_falls_takes_nothing_back)
{
	setup_mode(TCP_BYTES_SAMPLED);
	walk(NULL, 0);
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
	walk(NULL, 0);
	sampled_ns = clock_boot_ns();
	connections_set_mode(&connections, TCP_BYTES_UNKNOWN);
	connections_set_mode(&connections, TCP_BYTES_BY_CALLS);
	end_bytes(1, 7, 8, sampled_ns);
	expect_tcp(7, 8);
}

TEST(sampled_bytes_go_to_who_holds_the_connection)
{
	struct connection_record r = connection(RECORD_SOCKET, 8, 1, TCP_ESTABLISHED);
	const struct snapshot *s;

	setup_mode(TCP_BYTES_SAMPLED);
	walk_bytes(1, 10, 10);
	close_window();
	r.read_bytes = r.written_bytes = 110;
	walk(&r, 1);
	s = close_window();
	CHECK_REAL(metric(s, 7, METRIC_PROCESS_tcp_rx), 0, 0);
	CHECK_REAL(metric(s, 8, METRIC_PROCESS_tcp_rx), 100, 0);
}

/* It began during the walk; or ended long ago. */
TEST(bytes_of_a_process_that_is_not_known_wait_or_are_counted_as_lost)
{
	struct connection_record r = connection(RECORD_SOCKET, 9, 1, TCP_ESTABLISHED);

	setup_mode(TCP_BYTES_SAMPLED);
	walk(NULL, 0);
	r.read_bytes = 40;
	walk(&r, 1);
	close_window();
	process(9);
	r.read_bytes = 45;
	walk(&r, 1);
	CHECK_REAL(metric(close_window(), 9, METRIC_PROCESS_tcp_rx), 45, 0);
	r = connection(RECORD_CONNECTION, 10, 2, TCP_FIN_WAIT2);
	r.closed_ns = clock_boot_ns();
	r.read_bytes = 1;
	connections_take(&connections, &r);
	CHECK_UINT(connections.totals.unowned, 1);
}
