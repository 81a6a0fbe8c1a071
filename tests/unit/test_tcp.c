// SPDX-License-Identifier: Apache-2.0
/* TCP and UDP, from texts as the kernel writes them, and from a network of the test's own. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "harness/harness.h"
#include "machine/listeners.h"
#include "machine/system.h"

#define PORT 9000

static struct system_tcp tcp;
static struct series machine;
static struct builder builder;
static struct buf text;
static const struct snapshot *document;

static void read_all(void)
{
	struct builder_row row = {0};
	const char *why;

	series_begin(&machine);
	system_tcp_read(&tcp, &machine, &text);
	builder_begin(&builder);
	series_derive(&machine, &row, SCOPE_SYSTEM, NS_PER_SECOND, 1);
	builder_add(&builder, SCOPE_SYSTEM, &row);
	document = builder_finish(&builder);
	CHECK(document && snapshot_check(document, document->bytes, &why));
}

static bool known(enum metric metric, double *ret)
{
	union snapshot_value v;

	if (!snapshot_value(document, snapshot_row(document, SCOPE_SYSTEM, 0), metric, &v))
		return false;
	*ret = catalogue_metrics[metric].real ? v.real : (double)v.integer;
	return true;
}

static double value(enum metric metric)
{
	double number = 0;

	if (!known(metric, &number))
		harness_fail(__FILE__, __LINE__, "no %s", catalogue_metrics[metric].path);
	return number;
}

static bool is_known(enum metric metric)
{
	double number;

	return known(metric, &number);
}

static void replace(int *fd, const char *content)
{
	close(*fd);
	*fd = memfd_create("proc", MFD_CLOEXEC);
	CHECK(write(*fd, content, strlen(content)) == (ssize_t)strlen(content));
}

static void begin(void)
{
	tcp = (struct system_tcp){-1, -1, -1, -1, -1, 4096};
}

/* Names in an order of their own, unknown ones among them. */
TEST(values_belong_to_the_names_above_them)
{
	begin();
	replace(&tcp.snmp_fd, "Ip: Forwarding DefaultTTL\n"
			      "Ip: 2 64\n"
			      "Tcp: MaxConn OutSegs New RetransSegs CurrEstab ActiveOpens\n"
			      "Tcp: -1 100 7 10 5 1000\n"
			      "UdpLite: InDatagrams\n"
			      "UdpLite: 77\n"
			      "Udp: NoPorts InDatagrams\n"
			      "Udp: 20 30\n");
	replace(&tcp.snmp6_fd, "Ip6InReceives  1\nUdp6InDatagrams\t 5\nUdpLite6InDatagrams 9\n");
	replace(&tcp.netstat_fd, "TcpExt: SyncookiesSent ListenDrops ListenOverflows\n"
				 "TcpExt: 1 2 3\n"
				 "IpExt: InNoRoutes\n"
				 "IpExt: 4\n");
	replace(&tcp.sockstat_fd, "sockets: used 12\n"
				  "TCP: inuse 1 orphan 2 tw 3 alloc 4 new 9 mem 5\n"
				  "UDP: inuse 0 mem 6\n");
	read_all();
	CHECK_REAL(value(METRIC_SYSTEM_tcp_established), 5, 0);
	CHECK_REAL(value(METRIC_SYSTEM_tcp_orphaned), 2, 0);
	CHECK_REAL(value(METRIC_SYSTEM_tcp_time_wait), 3, 0);
	CHECK_REAL(value(METRIC_SYSTEM_tcp_memory), 5 * 4096, 0);
	CHECK(!is_known(METRIC_SYSTEM_tcp_listen));
	CHECK(!is_known(METRIC_SYSTEM_tcp_out_segments));
	replace(&tcp.snmp_fd, "Tcp: OutSegs RetransSegs CurrEstab ActiveOpens\n"
			      "Tcp: 190 20 6 1001\n"
			      "Udp: InDatagrams NoPorts\n"
			      "Udp: 33 24\n");
	replace(&tcp.snmp6_fd, "Udp6InDatagrams 10\n");
	replace(&tcp.netstat_fd, "TcpExt: ListenOverflows ListenDrops\nTcpExt: 4 6\n");
	read_all();
	CHECK_REAL(value(METRIC_SYSTEM_tcp_out_segments), 90, 0);
	CHECK_REAL(value(METRIC_SYSTEM_tcp_retransmitted), 10, 0);
	CHECK_REAL(value(METRIC_SYSTEM_tcp_retransmit), 10, 1e-9);
	CHECK_REAL(value(METRIC_SYSTEM_tcp_active_opens), 1, 0);
	CHECK_REAL(value(METRIC_SYSTEM_tcp_established), 6, 0);
	CHECK_REAL(value(METRIC_SYSTEM_tcp_listen_overflows), 1, 0);
	CHECK_REAL(value(METRIC_SYSTEM_tcp_listen_drops), 4, 0);
	CHECK_REAL(value(METRIC_SYSTEM_udp_in_datagrams), 8, 0);
	CHECK_REAL(value(METRIC_SYSTEM_udp_no_port), 4, 0);
	CHECK(!is_known(METRIC_SYSTEM_tcp_passive_opens));
	CHECK(!is_known(METRIC_SYSTEM_udp_out_datagrams));
	system_tcp_close(&tcp);
}

TEST(broken_texts_do_no_harm)
{
	static const char *const texts[] = {
		"",
		"\n",
		"Tcp:",
		"Tcp:\n",
		"Tcp: ActiveOpens",
		"Tcp: ActiveOpens\n",
		"Tcp: ActiveOpens\nTcp:",
		"Tcp: ActiveOpens\nUdp: 1\n",
		"Tcp: A B C\nTcp: 1\n",
		"Tcp ActiveOpens\nTcp 1\n",
		": x\n: 1\n",
		"TCP:",
		"TCP: mem",
		"TCP: mem\nx 5\n",
		"x: ActiveOpensActiveOpensActiveOpensActiveOpensActiveOpensActiveOpensActiveO\n"
		"x: 1\n",
	};

	begin();
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		replace(&tcp.snmp_fd, texts[i]);
		replace(&tcp.snmp6_fd, texts[i]);
		replace(&tcp.sockstat_fd, texts[i]);
		read_all();
		read_all();
		CHECK(!is_known(METRIC_SYSTEM_tcp_active_opens));
		CHECK(!is_known(METRIC_SYSTEM_tcp_memory));
	}
	system_tcp_close(&tcp);
}

/* A namespace in which nobody else talks. */
static void own_network(void)
{
	struct probe_state states[PROVIDERS] = {0};
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};

	if (geteuid() != 0 || unshare(CLONE_NEWNET))
		SKIP("needs root, and a network of its own");
	CHECK(ioctl(socket(AF_INET, SOCK_DGRAM, 0), SIOCSIFFLAGS, &request) == 0);
	system_tcp_open(&tcp, states);
	CHECK(states[PROVIDER_NETSTAT].attached);
	if (!states[PROVIDER_SOCKDIAG].attached)
		SKIP("no socket diagnosis: %s", states[PROVIDER_SOCKDIAG].reason);
	read_all();
}

static struct sockaddr_in address(uint16_t port)
{
	return (struct sockaddr_in){.sin_family = AF_INET,
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				    .sin_port = htons(port)};
}

static int listen_on(uint16_t port, int backlog)
{
	struct sockaddr_in at = address(port);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	CHECK(bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0 && listen(fd, backlog) == 0);
	return fd;
}

static int connect_to(uint16_t port, int flags)
{
	struct sockaddr_in to = address(port);
	int fd = socket(AF_INET, SOCK_STREAM | flags, 0);

	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0 || flags)
		return fd;
	close(fd);
	return -1;
}

TEST(connections_are_counted_as_they_are_made)
{
	struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons(PORT + 1)};
	int client[5];

	own_network();
	CHECK_REAL(value(METRIC_SYSTEM_tcp_listen), 0, 0);

	int server = listen_on(PORT, 10);
	int six = socket(AF_INET6, SOCK_STREAM, 0);
	bool has_six = six >= 0 && bind(six, (struct sockaddr *)&any, sizeof(any)) == 0 &&
		       listen(six, 1) == 0;

	for (int i = 0; i < 5; i++) {
		client[i] = connect_to(PORT, 0);
		CHECK(client[i] >= 0 && accept(server, NULL, NULL) >= 0);
	}
	for (int i = 0; i < 3; i++)
		CHECK_INT(connect_to(PORT + 2, 0), -1);
	read_all();
	CHECK_REAL(value(METRIC_SYSTEM_tcp_listen), has_six ? 2 : 1, 0);
	CHECK_REAL(value(METRIC_SYSTEM_tcp_established), 10, 0);
	CHECK_REAL(value(METRIC_SYSTEM_tcp_active_opens), 8, 0);
	CHECK_REAL(value(METRIC_SYSTEM_tcp_passive_opens), 5, 0);
	CHECK_REAL(value(METRIC_SYSTEM_tcp_failed_attempts), 3, 0);
	CHECK_REAL(value(METRIC_SYSTEM_tcp_resets_sent), 3, 0);
	/* A handshake is three segments, a refusal two. */
	CHECK_REAL(value(METRIC_SYSTEM_tcp_in_segments), 5 * 3 + 3 * 2, 0);
	CHECK_REAL(value(METRIC_SYSTEM_tcp_retransmit), 0, 0);

	struct linger abort = {.l_onoff = 1};

	CHECK(setsockopt(client[0], SOL_SOCKET, SO_LINGER, &abort, sizeof(abort)) == 0);
	close(client[0]);
	read_all();
	CHECK_REAL(value(METRIC_SYSTEM_tcp_established), 8, 0);
	CHECK(value(METRIC_SYSTEM_tcp_resets) >= 1);
	system_tcp_close(&tcp);
}

/* Room for one, and nobody accepts: the kernel drops what comes then. */
TEST(a_full_accept_queue_is_an_overflow)
{
	double overflows = 0;

	own_network();
	listen_on(PORT, 0);
	for (int i = 0; i < 5; i++)
		CHECK(connect_to(PORT, SOCK_NONBLOCK) >= 0);
	while (overflows == 0) {
		read_all();
		overflows += value(METRIC_SYSTEM_tcp_listen_overflows);
		CHECK(value(METRIC_SYSTEM_tcp_listen_drops) >=
		      value(METRIC_SYSTEM_tcp_listen_overflows));
		poll(NULL, 0, 10);
	}
	system_tcp_close(&tcp);
}

static int bind_udp(uint16_t port)
{
	struct sockaddr_in at = address(port);
	int fd = socket(AF_INET, SOCK_DGRAM, 0), smallest = 1;

	CHECK(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &smallest, sizeof(smallest)) == 0);
	CHECK(bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0);
	return fd;
}

static void send_udp(uint16_t port, int count)
{
	struct sockaddr_in to = address(port);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	for (int i = 0; i < count; i++)
		CHECK(sendto(fd, "x", 1, 0, (struct sockaddr *)&to, sizeof(to)) == 1);
	close(fd);
}

TEST(datagrams_are_delivered_refused_or_dropped)
{
	char byte;
	int fd, received = 0;

	own_network();
	fd = bind_udp(PORT);
	send_udp(PORT + 1, 4);
	send_udp(PORT, 100);
	while (recv(fd, &byte, 1, MSG_DONTWAIT) == 1)
		received++;
	read_all();
	CHECK(received > 0 && received < 100);
	CHECK_REAL(value(METRIC_SYSTEM_udp_out_datagrams), 104, 0);
	CHECK_REAL(value(METRIC_SYSTEM_udp_no_port), 4, 0);
	CHECK_REAL(value(METRIC_SYSTEM_udp_in_datagrams), received, 0);
	CHECK_REAL(value(METRIC_SYSTEM_udp_receive_buffer_errors), 100 - received, 0);
	system_tcp_close(&tcp);
}
