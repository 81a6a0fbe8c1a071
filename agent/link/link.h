// SPDX-License-Identifier: Apache-2.0
/*
 * The pair of sockets between collector and server (SOCK_SEQPACKET). Blocks
 * travel as sealed memfds: the receiver knows they cannot change under it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

/* Descriptor number on which a started server finds its end of the link. */
#define LINK_SERVER_FD 3

enum link_kind {
	LINK_BUNDLE = 1, /* collector to server: configuration and rules, see bundle.h */
	LINK_SNAPSHOT,	 /* collector to server: one snapshot */
	LINK_READY,	 /* server to collector: it listens; number is the port, text a token for
			    the dashboard where the agent has its automatic key */
	LINK_FAILED,	 /* server to collector: it cannot start; text says why; number is the exit
			    status */
	LINK_STATUS, /* server to collector, the answer to each snapshot: number is its CPU time so
			far in ns */
};

/* A message as it was received. */
struct link_message {
	enum link_kind kind;
	uint64_t number;
	char text[512];
	const void *
		block; /* mapped read-only, NULL when the message has none; link_release() unmaps */
	size_t bytes;
};

/* Makes both ends. Returns 0 or a negative errno. */
int link_pair(int ret_ends[2]);

/* Sends parts, one after the other, as one block. As link_send_block(). */
int link_send_parts(int fd, enum link_kind kind, const struct iovec *parts, int count);

/* Sends a block as a sealed memfd. Returns 0 or a negative errno: -EAGAIN when the reader is
 * behind. */
int link_send_block(int fd, enum link_kind kind, const void *bytes, size_t len);

/* Sends a number and a text (may be NULL). Returns 0 or a negative errno. */
int link_send(int fd, enum link_kind kind, uint64_t number, const char *text);

/*
 * Receives one message without waiting. Returns 1; 0 at the end of the stream;
 * -EAGAIN when there is none; -EPROTO when it is malformed or its block is not sealed.
 */
int link_receive(int fd, struct link_message *ret);

/* Unmaps the block of a message; a message without one is fine. */
void link_release(struct link_message *message);
