/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Payload of socket calls where there is neither tracepoint nor fexit (arm64
 * before 6.4): kprobes on the functions of sockets_fexit.bpf.c. What the entry
 * knows is kept on the thread until the return. The kernel follows only so many
 * calls of a function at once (ten, or two for each CPU) and lets the returns of
 * others go by: that is seen at the thread's next call, and counted.
 */
#include "sockets.bpf.h"

struct socket_call {
	u32 open; /* entered, and the return not seen */
	enum protocol protocol;
	int flags;
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct socket_call);
} socket_calls SEC(".maps");

static __always_inline void enter(struct socket *socket, int flags)
{
	struct sock *sk = BPF_CORE_READ(socket, sk);
	struct socket_call *call = bpf_task_storage_get(&socket_calls, bpf_get_current_task_btf(),
							NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (!call) {
		__sync_fetch_and_add(&storage_failed, 1);
		return;
	}
	if (call->open)
		__sync_fetch_and_add(&returns_missed, 1);
	call->protocol = protocol_of(BPF_CORE_READ(sk, __sk_common.skc_family),
				     BPF_CORE_READ(sk, sk_protocol));
	call->flags = flags;
	call->open = 1;
}

static __always_inline struct socket_call *leave(void)
{
	struct socket_call *call =
		bpf_task_storage_get(&socket_calls, bpf_get_current_task_btf(), NULL, 0);

	if (!call || !call->open)
		return NULL;
	call->open = 0;
	return call;
}

#define SEND(optional, function)                                                   \
	SEC(optional "kprobe/" #function)                                          \
	int BPF_KPROBE(sockets__##function##_enter__kprobe, struct socket *socket) \
	{                                                                          \
		enter(socket, 0);                                                  \
		return 0;                                                          \
	}                                                                          \
                                                                                   \
	SEC(optional "kretprobe/" #function)                                       \
	int BPF_KRETPROBE(sockets__##function##_leave__kprobe, int result)         \
	{                                                                          \
		struct socket_call *call = leave();                                \
                                                                                   \
		if (call)                                                          \
			count_send(call->protocol, result);                        \
		return 0;                                                          \
	}

#define RECEIVE(function)                                                                         \
	SEC("kprobe/" #function)                                                                  \
	int BPF_KPROBE(sockets__##function##_enter__kprobe, struct socket *socket, void *message, \
		       u64 size, int flags)                                                       \
	{                                                                                         \
		enter(socket, flags);                                                             \
		return 0;                                                                         \
	}                                                                                         \
                                                                                                  \
	SEC("kretprobe/" #function)                                                               \
	int BPF_KRETPROBE(sockets__##function##_leave__kprobe, int result)                        \
	{                                                                                         \
		struct socket_call *call = leave();                                               \
                                                                                                  \
		if (call)                                                                         \
			count_receive(call->protocol, result, call->flags);                       \
		return 0;                                                                         \
	}

SEND("", inet_sendmsg)
SEND("", inet6_sendmsg)
SEND("", unix_stream_sendmsg)
SEND("", unix_dgram_sendmsg)
SEND("?", inet_sendpage)
SEND("?", unix_stream_sendpage)
RECEIVE(inet_recvmsg)
RECEIVE(inet6_recvmsg)
RECEIVE(unix_stream_recvmsg)
RECEIVE(unix_dgram_recvmsg)
