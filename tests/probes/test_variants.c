// SPDX-License-Identifier: Apache-2.0
/*
 * Every variant of the sockets probe gives the same numbers: this process talks
 * to itself by the calls that take different ways through the kernel, and finds
 * in its row what it sent and received. A variant that this kernel refuses is
 * skipped; in a guest with another kernel it is not.
 */
#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "collect/collector.h"
#include "harness/harness.h"

#define CHUNK 1000
#define CHUNKS 100
#define BATCH 16
#define BATCHES 5
#define FILE_BYTES 50000
#define WAITING 40

static struct collector c;
static char bytes[65536];

struct pair {
	int from, to;
};

static void make_address(struct sockaddr_storage *address, socklen_t *len, int family)
{
	memset(address, 0, sizeof(*address));
	address->ss_family = (sa_family_t)family;
	*len = family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
	if (family == AF_INET6)
		((struct sockaddr_in6 *)address)->sin6_addr = in6addr_loopback;
	else
		((struct sockaddr_in *)address)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
}

static struct pair connect_pair(int family, int type)
{
	struct sockaddr_storage address;
	socklen_t len;
	struct pair p = {.from = socket(family, type, 0)};
	int end = socket(family, type, 0);

	make_address(&address, &len, family);
	if (end < 0 || bind(end, (struct sockaddr *)&address, len))
		SKIP("no loopback address of family %d", family);
	CHECK(getsockname(end, (struct sockaddr *)&address, &len) == 0);
	CHECK(type == SOCK_DGRAM || listen(end, 1) == 0);
	CHECK(connect(p.from, (struct sockaddr *)&address, len) == 0);
	p.to = type == SOCK_DGRAM ? end : accept(end, NULL, NULL);
	CHECK(p.to >= 0);
	if (type != SOCK_DGRAM)
		close(end);
	return p;
}

static struct pair unix_pair(int type)
{
	int fds[2];

	CHECK(socketpair(AF_UNIX, type, 0, fds) == 0);
	return (struct pair){fds[0], fds[1]};
}

static void close_pair(struct pair p)
{
	close(p.from);
	close(p.to);
}

/* Reads so much, in pieces as they come. */
static void receive(int fd, size_t len)
{
	while (len) {
		ssize_t got = read(fd, bytes, len);

		CHECK(got > 0);
		len -= (size_t)got;
	}
}

/* Each chunk is looked at before it is taken, and another buffer's end waits in vain. */
static void exchange(struct pair p)
{
	for (int i = 0; i < CHUNKS; i++) {
		CHECK(send(p.from, bytes, CHUNK, 0) == CHUNK);
		CHECK(recv(p.to, bytes, CHUNK, MSG_PEEK) > 0);
		receive(p.to, CHUNK);
		CHECK(recv(p.to, bytes, CHUNK, MSG_DONTWAIT) == -1);
	}
	close_pair(p);
}

static void exchange_batches(struct pair p)
{
	struct iovec part = {bytes, CHUNK};
	struct mmsghdr batch[BATCH] = {0};

	for (int i = 0; i < BATCH; i++)
		batch[i].msg_hdr = (struct msghdr){.msg_iov = &part, .msg_iovlen = 1};
	for (int i = 0; i < BATCHES; i++) {
		CHECK(sendmmsg(p.from, batch, BATCH, 0) == BATCH);
		CHECK(recvmmsg(p.to, batch, BATCH, 0, NULL) == BATCH);
	}
	close_pair(p);
}

static void send_file(struct pair p)
{
	int file = memfd_create("file", 0);
	off_t at = 0;

	CHECK(file >= 0 && ftruncate(file, FILE_BYTES) == 0);
	CHECK(sendfile(p.from, file, &at, FILE_BYTES) == FILE_BYTES);
	receive(p.to, FILE_BYTES);
	close(file);
	close_pair(p);
}

static void *wait_for_byte(void *fd)
{
	char byte;

	return read(*(int *)fd, &byte, 1) == 1 ? fd : NULL;
}

/* While many wait in the kernel, what others receive counts all the same. */
static void exchange_while_others_wait(void)
{
	struct pair p[WAITING];
	pthread_t threads[WAITING];
	void *result;

	for (int i = 0; i < WAITING; i++) {
		p[i] = connect_pair(AF_INET, SOCK_STREAM);
		CHECK(pthread_create(&threads[i], NULL, wait_for_byte, &p[i].to) == 0);
	}
	nanosleep(&(struct timespec){.tv_nsec = 200000000}, NULL);
	exchange(connect_pair(AF_INET, SOCK_STREAM));
	for (int i = 0; i < WAITING; i++) {
		CHECK(write(p[i].from, bytes, 1) == 1);
		CHECK(pthread_join(threads[i], &result) == 0 && result);
		close_pair(p[i]);
	}
}

static double own(enum metric metric)
{
	const struct snapshot *s = builder_finish(&c.builder);

	CHECK(s != NULL);
	for (size_t i = 0; i < snapshot_rows(s, SCOPE_PROCESS); i++) {
		const struct snapshot_row *row = snapshot_row(s, SCOPE_PROCESS, i);
		uint64_t pid = 0;

		snapshot_label(row, SCOPE_PROCESS, LABEL_PROCESS_pid, &pid);
		if (pid == (uint64_t)getpid())
			return snapshot_number(s, row, metric, -1);
	}
	harness_fail(__FILE__, __LINE__, "no row of this process");
}

static void open_collector(const char *probes)
{
	struct collector_options o = {.source = "bpf", .node = "test", .probes = probes};
	char error[512];

	if (geteuid() != 0)
		SKIP("needs root");
	if (collector_open(&c, &o, error, sizeof(error)))
		SKIP("%s", error);
	if (!c.states[PROVIDER_SOCKETS].attached)
		SKIP("sockets: %s", c.states[PROVIDER_SOCKETS].reason);
}

static void work(void)
{
	exchange(connect_pair(AF_INET, SOCK_STREAM));
	exchange(connect_pair(AF_INET6, SOCK_STREAM));
	send_file(connect_pair(AF_INET, SOCK_STREAM));
	exchange_while_others_wait();
	exchange(connect_pair(AF_INET, SOCK_DGRAM));
	exchange(connect_pair(AF_INET6, SOCK_DGRAM));
	exchange_batches(connect_pair(AF_INET, SOCK_DGRAM));
	exchange(unix_pair(SOCK_STREAM));
	exchange(unix_pair(SOCK_DGRAM));
	exchange(unix_pair(SOCK_SEQPACKET));
	send_file(unix_pair(SOCK_STREAM));
}

static void check_numbers(void)
{
	const double tcp = 3 * CHUNKS * CHUNK + FILE_BYTES + WAITING;
	const double udp = (2 * CHUNKS + BATCH * BATCHES) * CHUNK;
	const double local = 3 * CHUNKS * CHUNK + FILE_BYTES;

	CHECK_REAL(own(METRIC_PROCESS_tcp_tx), tcp, 0);
	CHECK_REAL(own(METRIC_PROCESS_tcp_rx), tcp, 0);
	CHECK_REAL(own(METRIC_PROCESS_udp_tx), udp, 0);
	CHECK_REAL(own(METRIC_PROCESS_udp_rx), udp, 0);
	CHECK_REAL(own(METRIC_PROCESS_udp_tx_messages), 2 * CHUNKS + BATCH * BATCHES, 0);
	CHECK_REAL(own(METRIC_PROCESS_udp_rx_messages), 2 * CHUNKS + BATCH * BATCHES, 0);
	CHECK_REAL(own(METRIC_PROCESS_unix_tx), local, 0);
	CHECK_REAL(own(METRIC_PROCESS_unix_rx), local, 0);
}

static void check_variant(const char *variant)
{
	char wish[32];

	snprintf(wish, sizeof(wish), "sockets=%s", variant);
	open_collector(wish);
	CHECK_STRING(c.states[PROVIDER_SOCKETS].variant, variant);
	work();
	collector_window(&c, &(struct collector_agent){0});
	check_numbers();
	collector_close(&c);
}

TEST_TIMEOUT(socket_bytes_by_tracepoint, 60)
{
	check_variant("tp_btf");
}

TEST_TIMEOUT(socket_bytes_by_fexit, 60)
{
	check_variant("fexit");
}

TEST_TIMEOUT(socket_bytes_by_kprobe, 60)
{
	check_variant("kprobe");
}
