// SPDX-License-Identifier: Apache-2.0
/* A connection, as the table of connections knows it: private to the files of connections. */
#pragma once

#include "collect/connections.h"
#include "collect/pool.h"

struct holder {
	uint32_t pid; /* 0: not known */
	uint64_t process_start_ns;
};

struct connection {
	uint64_t cookie;
	struct holder owner;
	struct holder first; /* in this walk: for when the owner holds it no more */
	struct endpoint remote;
	uint64_t rx_bytes, tx_bytes;
	uint64_t read_bytes, written_bytes; /* by the application */
	uint64_t read_new, written_new;	    /* of these, not credited yet */
	enum tcp_bytes mode;		    /* of the newest reading */
	struct pool *pool;		    /* NULL: accepted, or there was no room */
	uint32_t walk;			    /* the newest that showed it */
	uint32_t netns;
	uint32_t retransmits, rtt_us;
	uint16_t local_port;
	uint8_t state;
	bool owner_holds; /* in this walk */
	bool opened;	  /* by its owner; else accepted */
	bool counted;	  /* as opened or accepted */
	bool closed;	  /* counted as closed: the kernel may still talk with the other side */
	bool base;	  /* known from the first walk: began before the agent */
	bool active;	  /* moved data in this window */
	bool shared;	  /* several processes have held it */
};

/* The connection's owner among the processes of the window; NULL when it is not known. */
struct process *connection_process(const struct connections *c, const struct connection *n);

/* Notes what the application has read and written, as the socket tells it now. */
void connection_take_bytes(struct connection *n, const struct connection_record *r);

/*
 * Credits what was noted to the owner when the reading before was of the same mode. False, and it
 * stays noted, when the owner is not known.
 */
bool connection_credit(struct connections *c, struct connection *n, enum tcp_bytes mode);

/* The mode in which a connection ended that its application closed at this time. */
enum tcp_bytes connection_mode_at(const struct connections *c, uint64_t closed_ns);

/* Counts what was read of it and no call was heard of; at the end of a walk. */
void connection_settle_unseen(struct connections *c, const struct connection *n);

/* Says that a walk has ended: every connection that is open has its base. */
void connection_bytes_walked(struct connections *c);
