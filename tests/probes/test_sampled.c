// SPDX-License-Identifier: Apache-2.0
/* TCP bytes from the counters of sockets, and the change between them and the hooks. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "collect/collector.h"
#include "collect/sampled.h"
#include "harness/harness.h"
#include "link/privilege.h"
#include "probes/once.h"

#define SHORT 200
#define CHUNK 1000
#define WINDOWS 100

static struct collector c;
static struct background work;
static char bytes[65536];

static void open_collector(const char *probes)
{
	struct collector_options o = {.source = "bpf", .node = "test", .probes = probes};
	char error[512];

	if (geteuid() != 0)
		SKIP("needs root");
	if (collector_open(&c, &o, error, sizeof(error)))
		SKIP("%s", error);
	if (!c.states[PROVIDER_CONNECTIONS].attached)
		SKIP("connections: %s", c.states[PROVIDER_CONNECTIONS].reason);
}

static void window(void)
{
	collector_window(&c, &(struct collector_agent){0});
}

/* The process's number of the newest window; -1 when it is absent. */
static double number_of(pid_t pid, enum metric metric)
{
	const struct snapshot *s = builder_finish(&c.builder);

	CHECK(s != NULL);
	for (size_t i = 0; i < snapshot_rows(s, SCOPE_PROCESS); i++) {
		const struct snapshot_row *row = snapshot_row(s, SCOPE_PROCESS, i);
		uint64_t value = 0;

		snapshot_label(row, SCOPE_PROCESS, LABEL_PROCESS_pid, &value);
		if (value == (uint64_t)pid)
			return snapshot_number(s, row, metric, -1);
	}
	harness_fail(__FILE__, __LINE__, "no row of process %d", (int)pid);
}

static void check_tcp(pid_t pid, double rx, double tx)
{
	CHECK_REAL(number_of(pid, METRIC_PROCESS_tcp_rx), rx, 0);
	CHECK_REAL(number_of(pid, METRIC_PROCESS_tcp_tx), tx, 0);
}

struct pair {
	int listener, client, server;
};

static struct pair connect_pair(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	struct pair p = {.listener = socket(AF_INET, SOCK_STREAM, 0),
			 .client = socket(AF_INET, SOCK_STREAM, 0)};

	CHECK_INT(bind(p.listener, (struct sockaddr *)&address, len), 0);
	CHECK_INT(listen(p.listener, 1), 0);
	CHECK_INT(getsockname(p.listener, (struct sockaddr *)&address, &len), 0);
	CHECK_INT(connect(p.client, (struct sockaddr *)&address, len), 0);
	p.server = accept(p.listener, NULL, NULL);
	CHECK(p.server >= 0);
	return p;
}

static void close_pair(struct pair p)
{
	close(p.listener);
	close(p.client);
	close(p.server);
}

static void put(struct pair p, size_t len)
{
	CHECK_INT(send(p.client, bytes, len, 0), (ssize_t)len);
}

static void get(struct pair p, size_t len)
{
	CHECK_INT(recv(p.server, bytes, len, MSG_WAITALL), (ssize_t)len);
}

/* One end of the work against what it says that it has moved. */
static void check_end(json_t *lines, const char *role)
{
	json_t *truth = work_of(lines, role);

	check_tcp((pid_t)number_at(truth, "pid"), number_at(truth, "rx_bytes"),
		  number_at(truth, "tx_bytes"));
}

static void check_work(const char *const arguments[])
{
	json_t *lines;

	work_start(&work, arguments);
	lines = work_finish(&work);
	if (json_object_get(json_array_get(lines, 0), "reason"))
		return;
	window();
	check_end(lines, "client");
	check_end(lines, "server");
}

static void check_once(const char *command)
{
	open_collector("sockets=tcp-sampled");
	CHECK_STRING(c.states[PROVIDER_SOCKETS].variant, "tcp-sampled");
	check_work((const char *const[]){command, "10000000", NULL});
	collector_close(&c);
}

TEST(bytes_over_ipv4_are_what_the_sockets_count)
{
	check_once("tcp");
}

TEST(bytes_over_ipv6_are_what_the_sockets_count)
{
	check_once("tcp6");
}

/* What takes bytes past the hooks, too. */
TEST_TIMEOUT(any_call_counts_the_same, 60)
{
	static const char *const calls[][2] = {
		{"write", "read"},    {"writev", "readv"},	 {"sendmmsg", "recvmmsg"},
		{"sendfile", "recv"}, {"splice", "read"},	 {"dontwait", "peek"},
		{"write", "trunc"},   {"sendmsg", "short"},	 {"zerocopy", "recv"},
		{"send", "splice"},   {"pages", "zerocopy"},	 {"zerocopy", "zerocopy"},
		{"uring", "uring"},   {"uring-polled", "uring"}, {"uring-zerocopy", "uring"},
	};

	open_collector("sockets=tcp-sampled");
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		printf("# %s, %s\n", calls[i][0], calls[i][1]);
		check_work((const char *const[]){"calls", i % 2 ? "tcp6" : "tcp", calls[i][0],
						 calls[i][1], "1000000", NULL});
	}
	collector_close(&c);
}

TEST(what_no_socket_counts_is_absent)
{
	static const enum metric absent[] = {
		METRIC_PROCESS_network_rx,	METRIC_PROCESS_network_tx,
		METRIC_PROCESS_udp_rx,		METRIC_PROCESS_unix_tx,
		METRIC_PROCESS_tcp_rx_messages, METRIC_PROCESS_udp_tx_messages,
	};

	open_collector("sockets=tcp-sampled");
	window();
	check_tcp(getpid(), 0, 0);
	for (size_t i = 0; i < sizeof(absent) / sizeof(*absent); i++)
		CHECK_REAL(number_of(getpid(), absent[i]), -1, 0);
	CHECK(c.states[PROVIDER_SOCKETS].reason[0] != '\0');
	collector_close(&c);
}

/* What was there before the agent is the base; then each window has its own. */
TEST(a_long_connection_is_told_window_by_window)
{
	struct pair p = connect_pair();

	put(p, 5000);
	open_collector("sockets=tcp-sampled");
	window();
	check_tcp(getpid(), 0, 0);
	get(p, 2000);
	window();
	check_tcp(getpid(), 2000, 0);
	put(p, 700);
	get(p, 3700);
	window();
	check_tcp(getpid(), 3700, 700);
	/* The end of the stream is no byte, read or not. */
	shutdown(p.client, SHUT_WR);
	window();
	check_tcp(getpid(), 0, 0);
	CHECK_INT(recv(p.server, bytes, 1, 0), 0);
	window();
	check_tcp(getpid(), 0, 0);
	close_pair(p);
	window();
	check_tcp(getpid(), 0, 0);
	collector_close(&c);
}

TEST(short_connections_count_to_the_byte)
{
	open_collector("sockets=tcp-sampled");
	for (int i = 0; i < SHORT; i++) {
		struct pair p = connect_pair();

		put(p, CHUNK + (size_t)i);
		get(p, CHUNK + (size_t)i);
		close_pair(p);
	}
	window();
	check_tcp(getpid(), SHORT * CHUNK + SHORT * (SHORT - 1) / 2,
		  SHORT * CHUNK + SHORT * (SHORT - 1) / 2);
	CHECK_UINT(c.connections.totals.unowned, 0);
	collector_close(&c);
}

/* It accepts, reads a part and ends: the kernel answers with a reset. */
static pid_t read_a_part(struct pair p, size_t len)
{
	pid_t pid = fork();
	struct sockaddr_in address;
	socklen_t size = sizeof(address);

	CHECK(pid >= 0);
	if (pid == 0) {
		close(p.client);
		close(p.server);
		p.server = accept(p.listener, NULL, NULL);
		_exit(recv(p.server, bytes, len, MSG_WAITALL) != (ssize_t)len);
	}
	close(p.client);
	p.client = socket(AF_INET, SOCK_STREAM, 0);
	CHECK_INT(getsockname(p.listener, (struct sockaddr *)&address, &size), 0);
	CHECK_INT(connect(p.client, (struct sockaddr *)&address, size), 0);
	put(p, 3 * len);
	CHECK_INT(waitpid(pid, NULL, 0), pid);
	close(p.client);
	return pid;
}

TEST(what_a_process_left_unread_it_has_not_received)
{
	struct pair p = connect_pair();
	pid_t pid;

	open_collector("sockets=tcp-sampled");
	pid = read_a_part(p, 4000);
	window();
	check_tcp(pid, 4000, 0);
	check_tcp(getpid(), 0, 12000);
	CHECK_UINT(c.connections.totals.unowned, 0);
	collector_close(&c);
}

static void until(bool sampled)
{
	for (int i = 0; i < WINDOWS && sampled_is_on(&c) != sampled; i++) {
		nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
		window();
	}
	CHECK_INT(sampled_is_on(&c), sampled);
}

/* Work that makes the hooks dear, until the agent has changed over; returns what was moved. */
static double exchange_until(struct pair p, bool sampled)
{
	double moved = 0, rx = 0, tx = 0;

	for (int i = 0; i < WINDOWS && sampled_is_on(&c) != sampled; i++) {
		for (int k = 0; k < 100; k++, moved += CHUNK) {
			put(p, CHUNK);
			get(p, CHUNK);
		}
		window();
		rx += number_of(getpid(), METRIC_PROCESS_tcp_rx);
		tx += number_of(getpid(), METRIC_PROCESS_tcp_tx);
	}
	CHECK_INT(sampled_is_on(&c), sampled);
	CHECK_REAL(rx, moved, 0);
	CHECK_REAL(tx, moved, 0);
	return moved;
}

TEST_TIMEOUT(above_the_budget_tcp_is_sampled_until_there_is_room, 60)
{
	struct pair p = connect_pair(), brief;

	open_collector("");
	if (!c.states[PROVIDER_SOCKETS].attached || sampled_is_on(&c))
		SKIP("sockets: %s", c.states[PROVIDER_SOCKETS].reason);
	if (strcmp(c.states[PROVIDER_SOCKETS].variant, "kprobe") == 0)
		SKIP("kprobes do not attach again without privileges");
	CHECK_INT(privilege_drop(), 0);
	c.budget.percent = 0.001;
	exchange_until(p, true);
	printf("# %s\n", c.states[PROVIDER_SOCKETS].reason);
	CHECK(strncmp(c.states[PROVIDER_SOCKETS].reason, "switched off: the agent used ", 29) == 0);
	CHECK_STRING(c.states[PROVIDER_SOCKETS].variant, "tcp-sampled");
	CHECK(c.states[PROVIDER_SOCKETS].attached);

	/* What was counted by the hooks is not counted again, and nothing is missing. */
	brief = connect_pair();
	put(p, 300);
	get(p, 100);
	put(brief, 10);
	get(brief, 10);
	close_pair(brief);
	c.budget.percent = 10000;
	window();
	check_tcp(getpid(), 110, 310);
	CHECK_REAL(number_of(getpid(), METRIC_PROCESS_udp_rx), -1, 0);

	until(false);
	CHECK_STRING(c.states[PROVIDER_SOCKETS].reason, "");
	get(p, 200);
	put(p, 40);
	window();
	check_tcp(getpid(), 200, 40);
	CHECK_REAL(number_of(getpid(), METRIC_PROCESS_udp_rx), 0, 0);
	close_pair(p);
	window();
	check_tcp(getpid(), 0, 0);
	collector_close(&c);
}

#define TAKEN 2000
#define SPLICED 1000

/* Moves bytes over a connection of its own, some by splice; forks when it is told. */
static void splice_some(struct pair p)
{
	int ends[2];

	CHECK_INT(pipe(ends), 0);
	put(p, TAKEN + SPLICED);
	CHECK_INT(splice(p.server, NULL, ends[1], NULL, SPLICED, 0), SPLICED);
	get(p, TAKEN);
	close(ends[0]);
	close(ends[1]);
}

static void obey(int commands, int answers)
{
	struct pair p = connect_pair();
	char command;

	while (read(commands, &command, 1) == 1) {
		if (command == 's')
			splice_some(p);
		else if (fork() == 0)
			_exit(0);
		CHECK_INT(write(answers, &command, 1), 1);
	}
	_exit(0);
}

static int commands[2], answers[2];

static void tell(char command)
{
	CHECK_INT(write(commands[1], &command, 1), 1);
	CHECK_INT(read(answers[0], &command, 1), 1);
	window();
}

static pid_t start_splicer(void)
{
	pid_t pid;

	CHECK(pipe(commands) == 0 && pipe(answers) == 0);
	pid = fork();
	CHECK(pid >= 0);
	if (pid)
		return pid;
	close(commands[1]);
	obey(commands[0], answers[1]);
	return 0;
}

TEST(what_is_spliced_is_told_while_the_process_lives)
{
	pid_t pid;

	open_collector("");
	if (!c.states[PROVIDER_SOCKETS].attached || sampled_is_on(&c))
		SKIP("sockets: %s", c.states[PROVIDER_SOCKETS].reason);
	pid = start_splicer();
	for (int i = 0; i < 3; i++) {
		tell('s');
		check_tcp(pid, TAKEN, TAKEN + SPLICED);
		CHECK_REAL(number_of(pid, METRIC_PROCESS_tcp_unseen_rx), SPLICED, 0);
	}
	window();
	CHECK_REAL(number_of(pid, METRIC_PROCESS_tcp_unseen_rx), 0, 0);
	CHECK_REAL(number_of(getpid(), METRIC_PROCESS_tcp_unseen_rx), -1, 0);
	tell('f');
	CHECK_REAL(number_of(pid, METRIC_PROCESS_tcp_unseen_rx), -1, 0);
	close(commands[1]);
	CHECK_INT(waitpid(pid, NULL, 0), pid);
	collector_close(&c);
}

TEST(without_the_walk_over_files_nothing_is_known)
{
	open_collector("sockets=tcp-sampled");
	collector_close(&c);
	open_collector("");
	collector_close(&c);

	struct collector_options o = {
		.source = "bpf", .node = "test", .probes = "sockets=tcp-sampled connections=off"};
	char error[512];

	CHECK_INT(collector_open(&c, &o, error, sizeof(error)), 0);
	CHECK(!c.states[PROVIDER_SOCKETS].attached);
	CHECK(strstr(c.states[PROVIDER_SOCKETS].reason, "needs the probe connections") != NULL);
	window();
	check_tcp(getpid(), -1, -1);
	collector_close(&c);
}
