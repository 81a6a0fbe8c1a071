/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Payload of socket calls on kernels before 6.3: at the return of the functions
 * that every call of a protocol family ends in. sock_sendmsg() and sock_recvmsg()
 * would be fewer, but sendmmsg(), recvmmsg() and sendfile() go past them.
 */
#include "sockets.bpf.h"

static __always_inline enum protocol protocol_of_socket(struct socket *socket)
{
	struct sock *sk = socket->sk;

	return protocol_of(sk->__sk_common.skc_family, sk->sk_protocol);
}

#define SEND(function)                                                                   \
	SEC("fexit/" #function)                                                          \
	int BPF_PROG(sockets__##function##__fexit, struct socket *socket, void *message, \
		     size_t size, int result)                                            \
	{                                                                                \
		count_send(protocol_of_socket(socket), result);                          \
		return 0;                                                                \
	}

#define RECEIVE(function)                                                                \
	SEC("fexit/" #function)                                                          \
	int BPF_PROG(sockets__##function##__fexit, struct socket *socket, void *message, \
		     size_t size, int flags, int result)                                 \
	{                                                                                \
		count_receive(protocol_of_socket(socket), result, flags, 1);             \
		return 0;                                                                \
	}

SEND(inet_sendmsg)
SEND(inet6_sendmsg)
SEND(unix_stream_sendmsg)
SEND(unix_dgram_sendmsg)
RECEIVE(inet_recvmsg)
RECEIVE(inet6_recvmsg)
RECEIVE(unix_stream_recvmsg)
RECEIVE(unix_dgram_recvmsg)

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
		enum protocol protocol = protocol_of_socket(socket);                          \
                                                                                              \
		if (protocol != OTHER)                                                        \
			count_send(protocol, result);                                         \
		return 0;                                                                     \
	}

SEND_PAGE(inet_sendpage)
SEND_PAGE(unix_stream_sendpage)
