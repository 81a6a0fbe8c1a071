// SPDX-License-Identifier: Apache-2.0
/* Every system call that moves bytes over a socket, held against what it returned. */
#include <stdio.h>
#include <string.h>

#include "harness/harness.h"
#include "probes/once.h"

#define WINDOW_MS 3000
#define TIMEOUT_S 40
#define STREAM_BYTES "1000000"
#define DATAGRAM_BYTES "96000"
#define MAX_CALLS 16

static struct background once, work;

#define WORK(...) work_start(&work, (const char *const[]){__VA_ARGS__, NULL})

/* How one end sends and the other receives. */
struct calls {
	const char *send, *receive;
};

/* The protocol's numbers of one end; all others must be zero. */
static void check_end(json_t *document, json_t *truth, const char *protocol)
{
	static const char *const protocols[] = {"tcp", "udp", "unix"};
	json_t *row = process_row(document, truth);
	double rx = number_at(truth, "rx_bytes") - number_at(truth, "unseen_bytes");
	double tx = number_at(truth, "tx_bytes");
	bool network = strcmp(protocol, "unix") != 0;

	for (size_t i = 0; i < sizeof(protocols) / sizeof(*protocols); i++) {
		bool own = strcmp(protocols[i], protocol) == 0;
		char path[64];

		snprintf(path, sizeof(path), "network.%s.rx_bytes", protocols[i]);
		harness_real(__FILE__, __LINE__, path, number_at(row, path), own ? rx : 0, 0);
		snprintf(path, sizeof(path), "network.%s.tx_bytes", protocols[i]);
		harness_real(__FILE__, __LINE__, path, number_at(row, path), own ? tx : 0, 0);
	}
	CHECK_REAL(number_at(row, "network.rx_bytes"), network ? rx : 0, 0);
	CHECK_REAL(number_at(row, "network.tx_bytes"), network ? tx : 0, 0);
	CHECK_REAL(number_at(row, "network.tcp.unseen_rx_bytes"), number_at(truth, "unseen_bytes"),
		   0);
	if (strcmp(protocol, "udp") != 0)
		return;
	CHECK_REAL(number_at(row, "network.udp.rx_messages"), number_at(truth, "rx_messages"), 0);
	CHECK_REAL(number_at(row, "network.udp.tx_messages"), number_at(truth, "tx_messages"), 0);
}

/* io_uring may be forbidden, and old kernels lack some of its calls. */
static void skip_unsupported(json_t *lines)
{
	json_t *line = json_array_get(lines, 0);
	const char *reason = json_string_value(json_object_get(line, "reason"));

	if (reason)
		SKIP("%s", reason);
}

/* Every pair of calls on a connection of its own, all in one window. */
static void check_calls(const char *transport, const char *protocol, const struct calls *calls,
			size_t count)
{
	json_t *lines[MAX_CALLS];
	bool datagrams = strncmp(transport, "udp", 3) == 0 || strstr(transport, "datagram");

	CHECK(count <= MAX_CALLS);
	once_start(&once, WINDOW_MS);
	for (size_t i = 0; i < count; i++) {
		WORK("calls", transport, calls[i].send, calls[i].receive,
		     datagrams ? DATAGRAM_BYTES : STREAM_BYTES);
		lines[i] = work_finish(&work);
		skip_unsupported(lines[i]);
	}

	json_t *document = once_whole(&once);

	need_probe(document, "sockets");
	need_probe(document, "connections");
	for (size_t i = 0; i < count; i++) {
		printf("%s: %s, %s\n", transport, calls[i].send, calls[i].receive);
		fflush(stdout);
		check_inside(document, lines[i]);
		check_end(document, work_of(lines[i], "client"), protocol);
		check_end(document, work_of(lines[i], "server"), protocol);
	}
	CHECK_INT(number_at(document, "losses.storage_failed"), 0);
}

/* Whether the receiver really took bytes that way is the work's to know. */
static void check_unseen(const char *send, const char *receive)
{
	json_t *lines;

	WORK("calls", "tcp", send, receive, STREAM_BYTES);
	lines = work_finish(&work);
	CHECK(number_at(work_of(lines, "server"), "unseen_bytes") > 0);
}

#define CHECK_CALLS(transport, protocol, ...)                                 \
	check_calls(transport, protocol, (const struct calls[]){__VA_ARGS__}, \
		    sizeof((const struct calls[]){__VA_ARGS__}) / sizeof(struct calls))

#define STREAM_CALLS                                                                      \
	{"write", "read"}, {"writev", "readv"}, {"send", "recv"}, {"sendto", "recvfrom"}, \
		{"sendmsg", "recvmsg"}, {"sendmmsg", "recvmmsg"}, {"sendfile", "recv"},   \
		{"splice", "read"}, {"dontwait", "peek"}, {"write", "trunc"},             \
	{                                                                                 \
		"sendmsg", "short"                                                        \
	}

#define DATAGRAM_CALLS                                                                    \
	{"write", "read"}, {"writev", "readv"}, {"send", "recv"}, {"sendto", "recvfrom"}, \
		{"sendmsg", "recvmsg"}, {"sendmmsg", "recvmmsg"}, {"sendmmsg", "recv"},   \
		{"send", "peek"}, {"sendmsg", "trunc-short"},                             \
	{                                                                                 \
		"sendmmsg", "short"                                                       \
	}

TEST_TIMEOUT(every_call_over_tcp, TIMEOUT_S)
{
	CHECK_CALLS("tcp", "tcp", STREAM_CALLS, {"zerocopy", "recv"});
}

TEST_TIMEOUT(every_call_over_tcp_and_ipv6, TIMEOUT_S)
{
	CHECK_CALLS("tcp6", "tcp", STREAM_CALLS, {"zerocopy", "recv"});
}

/* Its connections below are the kernel's own: what goes over them must not count again. */
TEST_TIMEOUT(multipath_tcp_counts_once, TIMEOUT_S)
{
	CHECK_CALLS("mptcp", "tcp", {"write", "read"}, {"sendmsg", "recvmsg"},
		    {"sendmmsg", "peek"});
}

TEST_TIMEOUT(every_call_over_udp, TIMEOUT_S)
{
	CHECK_CALLS("udp", "udp", DATAGRAM_CALLS, {"zerocopy", "recv"});
}

TEST_TIMEOUT(every_call_over_udp_and_ipv6, TIMEOUT_S)
{
	CHECK_CALLS("udp6", "udp", DATAGRAM_CALLS, {"zerocopy", "recv"});
}

TEST_TIMEOUT(every_call_over_unix_streams, TIMEOUT_S)
{
	CHECK_CALLS("unix-stream", "unix", STREAM_CALLS);
}

TEST_TIMEOUT(every_call_over_unix_datagrams, TIMEOUT_S)
{
	CHECK_CALLS("unix-datagram", "unix", DATAGRAM_CALLS);
}

#define URING_CALLS                            \
	{"uring", "uring"},                    \
	{                                      \
		"uring-polled", "uring-polled" \
	}

TEST_TIMEOUT(io_uring_counts_as_any_call, TIMEOUT_S)
{
	CHECK_CALLS("tcp", "tcp", URING_CALLS, {"uring-zerocopy", "uring"});
}

TEST_TIMEOUT(io_uring_with_datagrams, TIMEOUT_S)
{
	CHECK_CALLS("udp6", "udp", URING_CALLS, {"uring-zerocopy", "uring"});
}

TEST_TIMEOUT(io_uring_with_unix_sockets, TIMEOUT_S)
{
	CHECK_CALLS("unix-stream", "unix", URING_CALLS);
}

/* The calls are not seen, but what the socket has lost is. */
TEST_TIMEOUT(what_leaves_a_socket_without_a_copy_is_told_apart, TIMEOUT_S)
{
	check_unseen("send", "splice");
	check_unseen("pages", "zerocopy");
	CHECK_CALLS("tcp", "tcp", {"send", "splice"}, {"pages", "zerocopy"},
		    {"zerocopy", "zerocopy"});
}

static json_t *observe(const char *const arguments[], json_t **ret_lines)
{
	once_start(&once, WINDOW_MS);
	work_start(&work, arguments);
	*ret_lines = work_finish(&work);
	skip_unsupported(*ret_lines);

	json_t *document = once_whole(&once);

	check_inside(document, *ret_lines);
	need_probe(document, "sockets");
	return document;
}

#define OBSERVE(lines, ...) observe((const char *const[]){__VA_ARGS__, NULL}, lines)

TEST_TIMEOUT(calls_that_sent_a_part_or_nothing_count_what_they_sent, TIMEOUT_S)
{
	json_t *lines, *document = OBSERVE(&lines, "calls", "tcp", "dontwait", "recv", "300000");
	json_t *client = work_of(lines, "client");

	CHECK(number_at(client, "partial_calls") > 0);
	check_end(document, client, "tcp");
	check_end(document, work_of(lines, "server"), "tcp");
}

TEST_TIMEOUT(a_message_that_comes_back_with_an_error_was_not_received, TIMEOUT_S)
{
	json_t *lines, *document = OBSERVE(&lines, "udp-refused", "200");

	check_end(document, work_of(lines, "client"), "udp");
}

TEST_TIMEOUT(another_network_namespace_is_seen_as_well, TIMEOUT_S)
{
	static const char *const transports[] = {"tcp", "tcp6", "udp", "unix-stream"};
	static const char *const protocols[] = {"tcp", "tcp", "udp", "unix"};
	json_t *lines[4];

	once_start(&once, WINDOW_MS);
	for (size_t i = 0; i < 4; i++) {
		WORK("netns", "calls", transports[i], "send", "recv", DATAGRAM_BYTES);
		lines[i] = work_finish(&work);
		skip_unsupported(lines[i]);
	}

	json_t *document = once_whole(&once);

	need_probe(document, "sockets");
	for (size_t i = 0; i < 4; i++) {
		check_inside(document, lines[i]);
		check_end(document, work_of(lines[i], "client"), protocols[i]);
		check_end(document, work_of(lines[i], "server"), protocols[i]);
	}
}
