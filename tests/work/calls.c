// SPDX-License-Identifier: Apache-2.0
/* A connection whose two ends each use one kind of system call. */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "work/socket.h"
#include "work/work.h"

/* Of a datagram, or of several that one call sends. */
#define MESSAGE 4800
#define SHORT_MESSAGE 300

static char chunk[CHUNK];

static const struct transport {
	const char *name;
	int family, type, protocol;
} transports[] = {
	{"tcp", AF_INET, SOCK_STREAM, 0},
	{"tcp6", AF_INET6, SOCK_STREAM, 0},
	{"mptcp", AF_INET, SOCK_STREAM, IPPROTO_MPTCP},
	{"udp", AF_INET, SOCK_DGRAM, 0},
	{"udp6", AF_INET6, SOCK_DGRAM, 0},
	{"unix-stream", AF_UNIX, SOCK_STREAM, 0},
	{"unix-datagram", AF_UNIX, SOCK_DGRAM, 0},
};

static const struct transport *find_transport(const char *name)
{
	for (size_t i = 0; i < sizeof(transports) / sizeof(*transports); i++)
		if (strcmp(transports[i].name, name) == 0)
			return &transports[i];
	errno = 0;
	work_fail(name);
}

/* Each message waits until it was received: none is lost on a full queue. */
static void wait_for(int acknowledged, uint64_t *seen, uint64_t messages)
{
	char c;

	for (; *seen < messages; ++*seen)
		if (read(acknowledged, &c, 1) != 1)
			work_fail("the receiver is gone");
}

static void send_all(int fd, const struct way *way, uint64_t bytes, size_t most, int acknowledged)
{
	struct traffic t = {0};
	uint64_t seen = 0;

	while (t.tx_bytes < bytes) {
		size_t len = bytes - t.tx_bytes < most ? bytes - t.tx_bytes : most;
		ssize_t sent = way->move(fd, chunk, len, &t);

		t.partial_calls += sent < (ssize_t)len;
		if (sent < 0 && errno == EAGAIN)
			poll(&(struct pollfd){fd, POLLOUT, 0}, 1, 1000);
		else if (sent <= 0)
			work_fail(way->name);
		else
			t.tx_bytes += (uint64_t)sent;
		if (acknowledged >= 0)
			wait_for(acknowledged, &seen, t.tx_messages);
	}
	traffic_report("client", &t);
}

/* Of a stream to its end; of datagrams until the sender closes its end of the pipe. */
static void receive_all(int fd, const struct way *way, int acknowledge)
{
	struct traffic t = {0};
	struct pollfd pollers[2] = {{fd, POLLIN, 0}, {acknowledge, 0, 0}};

	for (;;) {
		if (acknowledge >= 0 && poll(pollers, 2, -1) > 0 && !(pollers[0].revents & POLLIN))
			break;

		uint64_t before = t.rx_messages;
		ssize_t got = way->move(fd, chunk, CHUNK, &t);

		if (got < 0)
			work_fail(way->name);
		if (got == 0)
			break;
		t.rx_bytes += (uint64_t)got;
		for (; acknowledge >= 0 && before < t.rx_messages; before++)
			if (write(acknowledge, "", 1) != 1)
				work_fail("acknowledge");
	}
	traffic_report("server", &t);
}

static bool is_unsupported(const struct transport *t, const char *sends, const char *receives)
{
	bool uring = strstr(sends, "uring") || strstr(receives, "uring");
	const char *reason = uring ? uring_reason() : NULL;
	int fd = socket(t->family, t->type, t->protocol);

	if (fd < 0)
		reason = strerror(errno);
	close(fd);
	if (reason)
		work_report("unsupported", ",\"reason\":\"%s: %s\"", uring ? "io_uring" : t->name,
			    reason);
	return reason;
}

/* Where the two ends meet: at a listener, or they are there from the start. */
struct meeting {
	int listener; /* -1: none */
	struct sockaddr_storage address;
	socklen_t len;
	int ends[2];
	int acknowledgements[2]; /* of datagrams: a pipe from the server to the client */
};

static void meet(struct meeting *m, const struct transport *t)
{
	m->listener = -1;
	if (pipe(m->acknowledgements))
		work_fail("pipe");
	if (t->type == SOCK_STREAM && t->family != AF_UNIX)
		m->listener = socket_listen(t->family, t->protocol, &m->address, &m->len);
	else
		socket_connected_pair(t->family, t->type, m->ends);
}

static void part(const struct meeting *m)
{
	close(m->acknowledgements[0]);
	close(m->acknowledgements[1]);
	if (m->listener >= 0) {
		close(m->listener);
		return;
	}
	close(m->ends[0]);
	close(m->ends[1]);
}

static void be_client(const struct meeting *m, const struct transport *t, const struct way *sends,
		      uint64_t bytes)
{
	bool datagrams = t->type == SOCK_DGRAM;
	int fd = m->ends[1];

	if (m->listener >= 0) {
		fd = socket_open(t->family, t->type, t->protocol);
		socket_connect(fd, &m->address, m->len);
		close(m->listener);
	} else {
		close(m->ends[0]);
	}
	close(m->acknowledgements[1]);
	send_all(fd, sends, bytes, datagrams ? MESSAGE : CHUNK,
		 datagrams ? m->acknowledgements[0] : -1);
	_exit(0);
}

static void be_server(const struct meeting *m, const struct transport *t,
		      const struct way *receives)
{
	int fd = m->ends[0];

	if (m->listener >= 0) {
		fd = accept(m->listener, NULL, NULL);
		close(m->listener);
	} else {
		close(m->ends[1]);
	}
	if (fd < 0)
		work_fail("accept");
	close(m->acknowledgements[0]);
	receive_all(fd, receives, t->type == SOCK_DGRAM ? m->acknowledgements[1] : -1);
	_exit(0);
}

/* Each end is a process that shares its connection with no other. */
void work_calls(char **argv)
{
	const struct transport *transport = find_transport(argv[0]);
	const struct way *sends = way_to_send(argv[1]), *receives = way_to_receive(argv[2]);
	uint64_t bytes = work_number(argv[3]);
	struct meeting m;
	pid_t client, server;

	if (is_unsupported(transport, argv[1], argv[2]))
		return;
	meet(&m, transport);
	client = work_fork();
	if (client == 0)
		be_client(&m, transport, sends, bytes);
	server = work_fork();
	if (server == 0)
		be_server(&m, transport, receives);
	part(&m);
	work_wait(client);
	work_wait(server);
}

/* Each message comes back with the error: nothing was received. */
void work_udp_refused(char **argv)
{
	uint64_t messages = work_number(argv[0]);
	struct traffic t = {0};
	socklen_t len;
	int fd = socket_open(AF_INET, SOCK_DGRAM, 0), nobody = socket_open(AF_INET, SOCK_DGRAM, 0);
	struct sockaddr_storage address = socket_bind_loopback(nobody, AF_INET, &len);
	int on = 1, returned = 0;

	close(nobody);
	socket_connect(fd, &address, len);
	if (setsockopt(fd, IPPROTO_IP, IP_RECVERR, &on, sizeof(on)))
		work_fail("IP_RECVERR");
	for (; t.tx_messages < messages; t.tx_messages++) {
		char control[512];
		struct msghdr notice = {
			.msg_iov = &(struct iovec){chunk, CHUNK},
			.msg_iovlen = 1,
			.msg_control = control,
			.msg_controllen = sizeof(control),
		};

		if (send(fd, chunk, SHORT_MESSAGE, 0) != SHORT_MESSAGE)
			work_fail("send");
		t.tx_bytes += SHORT_MESSAGE;
		if (poll(&(struct pollfd){fd, 0, 0}, 1, 5000) != 1)
			work_fail("no error came");
		returned += recvmsg(fd, &notice, MSG_ERRQUEUE) > 0;
	}
	errno = 0;
	if (!returned)
		work_fail("no message came back");
	traffic_report("client", &t);
}
