/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Payload of socket calls where there is neither tracepoint nor fexit (arm64
 * before 6.4): kprobes on the functions of sockets_fexit.bpf.c. What the entry
 * knows is kept on the thread until the return.
 *
 * The kernel follows only so many calls of a function at once (ten, or two for
 * each CPU) and lets the returns of others go by. Sending seldom waits; receiving
 * does. So TCP and UDP are counted on the way, by what the kernel calls when it
 * has copied, and the return adds what is missing. For other sockets a return
 * that was missed is seen at the thread's next call, and counted.
 */
#include "sockets.bpf.h"

enum progress { RETURNED, ENTERED, ENTERED_COUNTED_ON_THE_WAY };

struct socket_call {
	enum progress progress;
	enum protocol protocol;
	int flags;
	int counted; /* bytes of this call so far */
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct socket_call);
} socket_calls SEC(".maps");

static __always_inline struct socket_call *enter(struct socket *socket, u32 type)
{
	struct sock *sk = BPF_CORE_READ(socket, sk);

	if (!is_of_type(type, BPF_CORE_READ(sk, sk_type)))
		return NULL;

	struct socket_call *call = bpf_task_storage_get(&socket_calls, bpf_get_current_task_btf(),
							NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (!call) {
		__sync_fetch_and_add(&storage_failed, 1);
		return NULL;
	}
	if (call->progress == ENTERED)
		__sync_fetch_and_add(&returns_missed, 1);
	call->progress = ENTERED;
	call->protocol = protocol_of(BPF_CORE_READ(sk, __sk_common.skc_family),
				     BPF_CORE_READ(sk, sk_protocol));
	call->flags = 0;
	call->counted = 0;
	return call;
}

static __always_inline void enter_receive(struct socket *socket, u32 type, int flags)
{
	struct socket_call *call = enter(socket, type);

	if (!call)
		return;
	call->flags = flags;
	if (call->protocol == TCP || call->protocol == UDP)
		call->progress = ENTERED_COUNTED_ON_THE_WAY;
}

static __always_inline struct socket_call *call_of_current(void)
{
	struct socket_call *call =
		bpf_task_storage_get(&socket_calls, bpf_get_current_task_btf(), NULL, 0);

	return call && call->progress != RETURNED ? call : NULL;
}

static __always_inline void leave_send(int result)
{
	struct socket_call *call = call_of_current();

	if (!call)
		return;
	count_send(call->protocol, result);
	call->progress = RETURNED;
}

/* The call has received so many bytes up to now: what was not counted yet is. */
static __always_inline void take_received(struct socket_call *call, int bytes)
{
	if (bytes <= call->counted)
		return;
	count_receive(call->protocol, bytes - call->counted, call->flags, !call->counted);
	call->counted = bytes;
}

static __always_inline void leave_receive(int result)
{
	struct socket_call *call = call_of_current();

	if (!call)
		return;
	take_received(call, result);
	call->progress = RETURNED;
}

static __always_inline void receive_on_the_way(int bytes)
{
	struct socket_call *call = call_of_current();

	if (call && call->progress == ENTERED_COUNTED_ON_THE_WAY)
		take_received(call, bytes);
}

#define SEND(optional, function, type)                                             \
	SEC(optional "kprobe/" #function)                                          \
	int BPF_KPROBE(sockets__enter_##function##__kprobe, struct socket *socket) \
	{                                                                          \
		enter(socket, type);                                               \
		return 0;                                                          \
	}                                                                          \
                                                                                   \
	SEC(optional "kretprobe/" #function)                                       \
	int BPF_KRETPROBE(sockets__leave_##function##__kprobe, int result)         \
	{                                                                          \
		leave_send(result);                                                \
		return 0;                                                          \
	}

#define RECEIVE(function, type)                                                                   \
	SEC("kprobe/" #function)                                                                  \
	int BPF_KPROBE(sockets__enter_##function##__kprobe, struct socket *socket, void *message, \
		       size_t size, int flags)                                                    \
	{                                                                                         \
		enter_receive(socket, type, flags);                                               \
		return 0;                                                                         \
	}                                                                                         \
                                                                                                  \
	SEC("kretprobe/" #function)                                                               \
	int BPF_KRETPROBE(sockets__leave_##function##__kprobe, int result)                        \
	{                                                                                         \
		leave_receive(result);                                                            \
		return 0;                                                                         \
	}

SEND("", inet_sendmsg, ANY_TYPE)
SEND("", inet6_sendmsg, ANY_TYPE)
SEND("", unix_stream_sendmsg, SOCK_STREAM)
SEND("", unix_dgram_sendmsg, SOCK_DGRAM)
SEND("", unix_seqpacket_sendmsg, SOCK_SEQPACKET)
SEND("?", inet_sendpage, ANY_TYPE)
SEND("?", unix_stream_sendpage, ANY_TYPE)
RECEIVE(inet_recvmsg, ANY_TYPE)
RECEIVE(inet6_recvmsg, ANY_TYPE)
RECEIVE(unix_stream_recvmsg, SOCK_STREAM)
RECEIVE(unix_dgram_recvmsg, SOCK_DGRAM)
RECEIVE(unix_seqpacket_recvmsg, SOCK_SEQPACKET)

/* Called once or more in a call, each time with the bytes that it has copied so far. */
SEC("kprobe/tcp_cleanup_rbuf")
int BPF_KPROBE(sockets__copied_tcp__kprobe, struct sock *sk, int copied)
{
	receive_on_the_way(copied);
	return 0;
}

/* Since 6.0, where the compiler may have put the function above into its callers. */
SEC("?kprobe/__tcp_cleanup_rbuf")
int BPF_KPROBE(sockets__copied_tcp_inner__kprobe, struct sock *sk, int copied)
{
	receive_on_the_way(copied);
	return 0;
}

/* Negative for a message that was only looked at. */
SEC("kprobe/skb_consume_udp")
int BPF_KPROBE(sockets__copied_udp__kprobe, struct sock *sk, void *skb, int length)
{
	receive_on_the_way(length);
	return 0;
}
