/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Payload of socket calls on kernels before 6.3: at the return of the functions
 * that every call of a protocol family ends in. sock_sendmsg() and sock_recvmsg()
 * would be fewer, but sendmmsg(), recvmmsg() and sendfile() go past them.
 */
#include "sockets.bpf.h"

static __always_inline enum protocol protocol_of_socket(struct socket *socket, u32 type)
{
	struct sock *sk = socket->sk;

	if (!is_of_type(type, sk->sk_type))
		return NONE;
	return protocol_of(sk->__sk_common.skc_family, sk->sk_protocol);
}

#define SEND(function, type)                                                             \
	SEC("fexit/" #function)                                                          \
	int BPF_PROG(sockets__##function##__fexit, struct socket *socket, void *message, \
		     size_t size, int result)                                            \
	{                                                                                \
		count_send(protocol_of_socket(socket, type), result);                    \
		return 0;                                                                \
	}

#define RECEIVE(function, type)                                                          \
	SEC("fexit/" #function)                                                          \
	int BPF_PROG(sockets__##function##__fexit, struct socket *socket, void *message, \
		     size_t size, int flags, int result)                                 \
	{                                                                                \
		count_receive(protocol_of_socket(socket, type), result, flags, 1);       \
		return 0;                                                                \
	}

SEND(inet_sendmsg, ANY_TYPE)
SEND(inet6_sendmsg, ANY_TYPE)
SEND(unix_stream_sendmsg, SOCK_STREAM)
SEND(unix_dgram_sendmsg, SOCK_DGRAM)
SEND(unix_seqpacket_sendmsg, SOCK_SEQPACKET)
RECEIVE(inet_recvmsg, ANY_TYPE)
RECEIVE(inet6_recvmsg, ANY_TYPE)
RECEIVE(unix_stream_recvmsg, SOCK_STREAM)
RECEIVE(unix_dgram_recvmsg, SOCK_DGRAM)
RECEIVE(unix_seqpacket_recvmsg, SOCK_SEQPACKET)

/*
 * sendfile() and splice() into a socket, before 6.5 (dc97391e6610: sock: Remove
 * ->sendpage*() in favour of sendmsg(MSG_SPLICE_PAGES)). Raw sockets end in
 * inet_sendmsg() and are counted there.
 */
#define SEND_PAGE(function)                                                                   \
	SEC("?fexit/" #function)                                                              \
	int BPF_PROG(sockets__##function##__fexit, struct socket *socket, void *page, int at, \
		     size_t size, int flags, int result)                                      \
	{                                                                                     \
		enum protocol protocol = protocol_of_socket(socket, ANY_TYPE);                \
                                                                                              \
		if (protocol != OTHER)                                                        \
			count_send(protocol, result);                                         \
		return 0;                                                                     \
	}

SEND_PAGE(inet_sendpage)
SEND_PAGE(unix_stream_sendpage)
