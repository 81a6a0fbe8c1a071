/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Payload of every socket call, by process and protocol: exact for send, write,
 * sendfile, splice into a socket, io_uring, zero-copy sending, and the matching
 * receives. Not seen: splice from a socket to a pipe and TCP_ZEROCOPY_RECEIVE.
 * The tracepoints exist since 6.3 (6e6eda44b939: sock: add tracepoint for send
 * recv length); sockets_fexit.bpf.c and sockets_kprobe.bpf.c are for older kernels.
 */
#include "sockets.bpf.h"

SEC("tp_btf/sock_send_length")
int BPF_PROG(sockets__send, struct sock *sk, int result, int flags)
{
	count_send(protocol_of(sk->__sk_common.skc_family, sk->sk_protocol), result);
	return 0;
}

SEC("tp_btf/sock_recv_length")
int BPF_PROG(sockets__receive, struct sock *sk, int result, int flags)
{
	count_receive(protocol_of(sk->__sk_common.skc_family, sk->sk_protocol), result, flags, 1);
	return 0;
}
