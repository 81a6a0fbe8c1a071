// SPDX-License-Identifier: Apache-2.0
/* Connections against records made by hand: who opened what, how it ended, and pools. */
#include "collect/pool.h"
#include "unit/connected.h"

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
