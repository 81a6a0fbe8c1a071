// SPDX-License-Identifier: Apache-2.0
#include "work/socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <unistd.h>

#include "work/work.h"

void traffic_report(const char *role, const struct traffic *t)
{
	work_report(role,
		    ",\"rx_bytes\":%llu,\"tx_bytes\":%llu,\"rx_messages\":%llu,"
		    "\"tx_messages\":%llu,\"unseen_bytes\":%llu,\"partial_calls\":%llu",
		    (unsigned long long)t->rx_bytes, (unsigned long long)t->tx_bytes,
		    (unsigned long long)t->rx_messages, (unsigned long long)t->tx_messages,
		    (unsigned long long)t->unseen_bytes, (unsigned long long)t->partial_calls);
}

int socket_open(int family, int type, int protocol)
{
	int fd = socket(family, type, protocol);

	if (fd < 0)
		work_fail("socket");
	return fd;
}

struct sockaddr_storage socket_bind_loopback(int fd, int family, socklen_t *len)
{
	struct sockaddr_storage address = {.ss_family = (sa_family_t)family};

	if (family == AF_INET6)
		((struct sockaddr_in6 *)&address)->sin6_addr = in6addr_loopback;
	else
		((struct sockaddr_in *)&address)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	*len = family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
	if (bind(fd, (struct sockaddr *)&address, *len) ||
	    getsockname(fd, (struct sockaddr *)&address, len))
		work_fail("bind to loopback");
	return address;
}

void socket_connect(int fd, const struct sockaddr_storage *address, socklen_t len)
{
	if (connect(fd, (const struct sockaddr *)address, len))
		work_fail("connect");
}

int socket_listen(int family, int protocol, struct sockaddr_storage *address, socklen_t *len)
{
	int listener = socket_open(family, SOCK_STREAM, protocol);

	*address = socket_bind_loopback(listener, family, len);
	if (listen(listener, 1))
		work_fail("listen");
	return listener;
}

static void connect_datagrams(int family, int ends[2])
{
	struct sockaddr_storage addresses[2];
	socklen_t len;

	for (int i = 0; i < 2; i++) {
		ends[i] = socket_open(family, SOCK_DGRAM, 0);
		addresses[i] = socket_bind_loopback(ends[i], family, &len);
	}
	for (int i = 0; i < 2; i++)
		socket_connect(ends[i], &addresses[1 - i], len);
}

void socket_connected_pair(int family, int type, int ends[2])
{
	if (family == AF_UNIX) {
		if (socketpair(family, type, 0, ends))
			work_fail("socketpair");
	} else {
		connect_datagrams(family, ends);
	}
}
