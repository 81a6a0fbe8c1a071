/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Payload by process and protocol: what the variants of the probe have in
 * common. They differ in how they hear of a socket call.
 */
#pragma once

#include "probe.bpf.h"

#define ANY_TYPE 0
#define SOCK_STREAM 1
#define SOCK_DGRAM 2
#define SOCK_SEQPACKET 5

enum protocol { TCP, UDP, UNIX, OTHER, NONE };

/* Netlink, vsock and packet sockets are no network traffic of the process. */
static __always_inline enum protocol protocol_of(u32 family, u32 protocol)
{
	if (family == AF_UNIX)
		return UNIX;
	if (family != AF_INET && family != AF_INET6)
		return NONE;
	if (protocol == IPPROTO_TCP || protocol == IPPROTO_MPTCP)
		return TCP;
	return protocol == IPPROTO_UDP ? UDP : OTHER;
}

static __always_inline void add_send(struct shared_counters *c, enum protocol protocol, u64 bytes)
{
	switch (protocol) {
	case TCP:
		__sync_fetch_and_add(&c->tcp_tx_bytes, bytes);
		__sync_fetch_and_add(&c->tcp_tx_messages, 1);
		break;
	case UDP:
		__sync_fetch_and_add(&c->udp_tx_bytes, bytes);
		__sync_fetch_and_add(&c->udp_tx_messages, 1);
		break;
	case UNIX:
		__sync_fetch_and_add(&c->unix_tx_bytes, bytes);
		__sync_fetch_and_add(&c->unix_tx_messages, 1);
		break;
	default:
		__sync_fetch_and_add(&c->other_tx_bytes, bytes);
	}
}

static __always_inline void add_receive(struct shared_counters *c, enum protocol protocol,
					u64 bytes, u64 messages)
{
	switch (protocol) {
	case TCP:
		__sync_fetch_and_add(&c->tcp_rx_bytes, bytes);
		__sync_fetch_and_add(&c->tcp_rx_messages, messages);
		break;
	case UDP:
		__sync_fetch_and_add(&c->udp_rx_bytes, bytes);
		__sync_fetch_and_add(&c->udp_rx_messages, messages);
		break;
	case UNIX:
		__sync_fetch_and_add(&c->unix_rx_bytes, bytes);
		__sync_fetch_and_add(&c->unix_rx_messages, messages);
		break;
	default:
		__sync_fetch_and_add(&c->other_rx_bytes, bytes);
	}
}

/*
 * Calls of seqpacket sockets go on into the functions of datagram sockets, where
 * the compiler did not join the two: each function counts its own type of socket.
 */
static __always_inline bool is_of_type(u32 wanted, u32 type)
{
	return wanted == ANY_TYPE || wanted == type;
}

/* A call that sent: bytes is what it returned. */
static __always_inline void count_send(enum protocol protocol, int bytes)
{
	if (bytes <= 0 || protocol == NONE)
		return;

	struct shared_counters *c = counters_of_current(PROBE_SOCKETS);

	if (c)
		add_send(c, protocol, (u32)bytes);
}

/*
 * A call that received, or a part of it: messages is 1 for its first. A peeked
 * message is received again later, and from the error queue comes what was sent,
 * with its error or its time: neither was received.
 */
static __always_inline void count_receive(enum protocol protocol, int bytes, int flags,
					  u32 messages)
{
	if (bytes <= 0 || protocol == NONE || (flags & (MSG_PEEK | MSG_ERRQUEUE)))
		return;

	struct shared_counters *c = counters_of_current(PROBE_SOCKETS);

	if (c)
		add_receive(c, protocol, (u32)bytes, messages);
}
