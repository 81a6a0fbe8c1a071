/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Payload of every socket call, by process and protocol: exact for send, write,
 * sendfile, splice into a socket, io_uring, zero-copy sending, and the matching
 * receives. Not seen: splice from a socket to a pipe and TCP_ZEROCOPY_RECEIVE.
 * The tracepoints exist since 6.3 (6e6eda44b939: sock: add tracepoint for send
 * recv length).
 */
#include "probe.bpf.h"

enum protocol { TCP, UDP, UNIX, OTHER, NONE };

/* Netlink, vsock and packet sockets are no network traffic of the process. */
static __always_inline enum protocol protocol_of(struct sock *sk)
{
	u32 family = sk->__sk_common.skc_family;
	u32 protocol = sk->sk_protocol;

	if (family == AF_UNIX)
		return UNIX;
	if (family != AF_INET && family != AF_INET6)
		return NONE;
	if (protocol == IPPROTO_TCP || protocol == IPPROTO_MPTCP)
		return TCP;
	return protocol == IPPROTO_UDP ? UDP : OTHER;
}

static __always_inline struct shared_counters *counters_of_current(void)
{
	struct task_struct *leader = bpf_get_current_task_btf()->group_leader;
	struct process_storage *storage;

	storage = bpf_task_storage_get(&processes, leader, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!storage) {
		__sync_fetch_and_add(&storage_failed, 1);
		return NULL;
	}
	return &storage->counters;
}

static __always_inline void count_send(struct shared_counters *c, enum protocol protocol, u64 bytes)
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

static __always_inline void count_receive(struct shared_counters *c, enum protocol protocol,
					  u64 bytes)
{
	switch (protocol) {
	case TCP:
		__sync_fetch_and_add(&c->tcp_rx_bytes, bytes);
		__sync_fetch_and_add(&c->tcp_rx_messages, 1);
		break;
	case UDP:
		__sync_fetch_and_add(&c->udp_rx_bytes, bytes);
		__sync_fetch_and_add(&c->udp_rx_messages, 1);
		break;
	case UNIX:
		__sync_fetch_and_add(&c->unix_rx_bytes, bytes);
		__sync_fetch_and_add(&c->unix_rx_messages, 1);
		break;
	default:
		__sync_fetch_and_add(&c->other_rx_bytes, bytes);
	}
}

SEC("tp_btf/sock_send_length")
int BPF_PROG(sockets__send, struct sock *sk, int result, int flags)
{
	enum protocol protocol = protocol_of(sk);

	if (result <= 0 || protocol == NONE)
		return 0;

	struct shared_counters *c = counters_of_current();

	if (c)
		count_send(c, protocol, (u32)result);
	return 0;
}

/*
 * A peeked message is received again later, and from the error queue comes what
 * was sent, with its error or its time: neither was received.
 */
SEC("tp_btf/sock_recv_length")
int BPF_PROG(sockets__receive, struct sock *sk, int result, int flags)
{
	enum protocol protocol = protocol_of(sk);

	if (result <= 0 || protocol == NONE || (flags & (MSG_PEEK | MSG_ERRQUEUE)))
		return 0;

	struct shared_counters *c = counters_of_current();

	if (c)
		count_receive(c, protocol, (u32)result);
	return 0;
}
