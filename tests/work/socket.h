// SPDX-License-Identifier: Apache-2.0
/* Connected sockets on loopback, and what went over them. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

/* The most that one call moves. */
#define CHUNK 65536

struct traffic {
	uint64_t rx_bytes, tx_bytes, rx_messages, tx_messages;
	uint64_t unseen_bytes;	/* of rx_bytes: taken in a way that the kernel does not tell */
	uint64_t partial_calls; /* sent less than was asked for, or nothing for now */
};

/* Says what this end moved. */
void traffic_report(const char *role, const struct traffic *t);

/* socket() that fails loudly. */
int socket_open(int family, int type, int protocol);

/* Binds to a free port of loopback; returns the address. */
struct sockaddr_storage socket_bind_loopback(int fd, int family, socklen_t *len);

/* connect() that fails loudly. */
void socket_connect(int fd, const struct sockaddr_storage *address, socklen_t len);

/* A listener on a free port of loopback; returns its address as well. */
int socket_listen(int family, int protocol, struct sockaddr_storage *address, socklen_t *len);

/* A pair of unix sockets, or two datagram sockets of which each is connected to the other. */
void socket_connected_pair(int family, int type, int ends[2]);

/*
 * One way of moving bytes. move() makes one call that moves at most len bytes (of
 * datagrams: a whole message, or several), and returns what the kernel did, -1
 * with errno. It counts messages, and what the kernel does not tell, in t.
 */
struct way {
	const char *name;
	ssize_t (*move)(int fd, char *data, size_t len, struct traffic *t);
};

/* The ways, found by name; the program fails when there is none. */
const struct way *way_to_send(const char *name);
const struct way *way_to_receive(const char *name);

/* io_uring. NULL when it can be used; else why not. */
const char *uring_reason(void);
ssize_t uring_send(int fd, char *data, size_t len, struct traffic *t);
ssize_t uring_send_zerocopy(int fd, char *data, size_t len, struct traffic *t);
ssize_t uring_send_polled(int fd, char *data, size_t len, struct traffic *t);
ssize_t uring_receive(int fd, char *data, size_t len, struct traffic *t);
ssize_t uring_receive_polled(int fd, char *data, size_t len, struct traffic *t);
