// SPDX-License-Identifier: Apache-2.0
/* Socket traffic of known size; each end is a process of its own and says what it moved. */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "work/socket.h"
#include "work/work.h"

#define MAX_DATAGRAM 65000

static char chunk[CHUNK];

static void send_all(int fd, uint64_t bytes, struct traffic *t)
{
	while (bytes) {
		ssize_t sent = send(fd, chunk, bytes < CHUNK ? bytes : CHUNK, MSG_NOSIGNAL);

		if (sent <= 0)
			work_fail("send");
		bytes -= (uint64_t)sent;
		t->tx_bytes += (uint64_t)sent;
	}
}

static void receive_all(int fd, uint64_t bytes, struct traffic *t)
{
	while (bytes) {
		ssize_t got = recv(fd, chunk, bytes < CHUNK ? bytes : CHUNK, 0);

		if (got <= 0)
			work_fail("recv");
		bytes -= (uint64_t)got;
		t->rx_bytes += (uint64_t)got;
	}
}

static void tcp_client(int family, const struct sockaddr_storage *address, socklen_t len,
		       uint64_t bytes)
{
	struct traffic t = {0};
	int fd = socket_open(family, SOCK_STREAM, 0);

	socket_connect(fd, address, len);
	send_all(fd, bytes, &t);
	receive_all(fd, bytes / 4, &t);
	close(fd);
	traffic_report("client", &t);
}

static void tcp(int family, uint64_t bytes)
{
	struct traffic t = {0};
	socklen_t len;
	int listener = socket_open(family, SOCK_STREAM, 0);
	struct sockaddr_storage address = socket_bind_loopback(listener, family, &len);

	if (listen(listener, 1))
		work_fail("listen");

	pid_t client = work_fork();

	if (client == 0) {
		tcp_client(family, &address, len, bytes);
		_exit(0);
	}

	int fd = accept(listener, NULL, NULL);

	if (fd < 0)
		work_fail("accept");
	receive_all(fd, bytes, &t);
	send_all(fd, bytes / 4, &t);
	traffic_report("server", &t);
	work_wait(client);
}

void work_tcp(char **argv)
{
	tcp(AF_INET, work_number(argv[0]));
}

void work_tcp6(char **argv)
{
	tcp(AF_INET6, work_number(argv[0]));
}

/* Each message waits for its answer: none is lost on a full queue. */
static void udp_client(const struct sockaddr_storage *address, socklen_t len, uint64_t messages,
		       size_t size)
{
	struct traffic t = {0};
	int fd = socket_open(AF_INET, SOCK_DGRAM, 0);

	socket_connect(fd, address, len);
	for (; t.tx_messages < messages; t.tx_messages++, t.rx_messages++) {
		if (send(fd, chunk, size, 0) != (ssize_t)size || recv(fd, chunk, 1, 0) != 1)
			work_fail("send a datagram");
		t.tx_bytes += size;
		t.rx_bytes++;
	}
	traffic_report("client", &t);
}

static void udp_server(int fd, uint64_t messages, size_t size)
{
	struct traffic t = {0};

	for (; t.rx_messages < messages; t.tx_messages++, t.rx_messages++) {
		struct sockaddr_storage from;
		socklen_t len = sizeof(from);
		ssize_t got = recvfrom(fd, chunk, CHUNK, 0, (struct sockaddr *)&from, &len);

		if (got != (ssize_t)size ||
		    sendto(fd, chunk, 1, 0, (struct sockaddr *)&from, len) != 1)
			work_fail("answer a datagram");
		t.rx_bytes += size;
		t.tx_bytes++;
	}
	traffic_report("server", &t);
}

void work_udp(char **argv)
{
	uint64_t messages = work_number(argv[0]), size = work_number(argv[1]);
	socklen_t len;
	int fd = socket_open(AF_INET, SOCK_DGRAM, 0);
	struct sockaddr_storage address = socket_bind_loopback(fd, AF_INET, &len);

	errno = 0;
	if (size > MAX_DATAGRAM)
		work_fail("a datagram is at most 65000 bytes");

	pid_t client = work_fork();

	if (client == 0) {
		udp_client(&address, len, messages, size);
		_exit(0);
	}
	udp_server(fd, messages, size);
	work_wait(client);
}

void work_unix(char **argv)
{
	uint64_t bytes = work_number(argv[0]);
	struct traffic t = {0};
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds))
		work_fail("socketpair");

	pid_t client = work_fork();

	if (client == 0) {
		close(fds[0]);
		send_all(fds[1], bytes, &t);
		traffic_report("client", &t);
		_exit(0);
	}
	close(fds[1]);
	receive_all(fds[0], bytes, &t);
	traffic_report("server", &t);
	work_wait(client);
}
