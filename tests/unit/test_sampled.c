// SPDX-License-Identifier: Apache-2.0
/* TCP bytes by the sockets' own counters, where no hook hears of calls. */
#include "base/clock.h"
#include "unit/connected.h"

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
