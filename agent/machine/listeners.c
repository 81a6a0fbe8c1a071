// SPDX-License-Identifier: Apache-2.0
#include "machine/listeners.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#define ANSWER_BYTES 16384

int listeners_open(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_SOCK_DIAG);

	return fd < 0 ? -errno : fd;
}

static int ask(int fd, uint8_t family, uint32_t number)
{
	struct {
		struct nlmsghdr head;
		struct inet_diag_req_v2 body;
	} request = {
		.head.nlmsg_len = sizeof(request),
		.head.nlmsg_type = SOCK_DIAG_BY_FAMILY,
		.head.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
		.head.nlmsg_seq = number,
		.body.sdiag_family = family,
		.body.sdiag_protocol = IPPROTO_TCP,
		.body.idiag_states = 1 << TCP_LISTEN,
	};
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	const struct sockaddr *to = (const struct sockaddr *)&kernel;

	return sendto(fd, &request, sizeof(request), 0, to, sizeof(kernel)) < 0 ? -errno : 0;
}

/* Counts the messages of a datagram. Returns 1 at the end of the list, 0 before, or an error. */
static int take_answer(struct nlmsghdr *m, size_t len, uint32_t number, int *count)
{
	for (; NLMSG_OK(m, len); m = NLMSG_NEXT(m, len)) {
		if (m->nlmsg_seq != number)
			continue;
		if (m->nlmsg_type == NLMSG_DONE)
			return 1;
		if (m->nlmsg_type == NLMSG_ERROR)
			return ((struct nlmsgerr *)NLMSG_DATA(m))->error;
		(*count)++;
	}
	return 0;
}

static int count_family(int fd, uint8_t family, int *count)
{
	static uint32_t number;
	_Alignas(struct nlmsghdr) char answer[ANSWER_BYTES];
	int done = ask(fd, family, ++number);

	while (!done) {
		ssize_t len = recv(fd, answer, sizeof(answer), 0);

		if (len < 0)
			return -errno;
		done = take_answer((struct nlmsghdr *)answer, (size_t)len, number, count);
	}
	return done < 0 ? done : 0;
}

int listeners_count(int fd)
{
	int count = 0, failed = count_family(fd, AF_INET, &count);

	if (!failed)
		failed = count_family(fd, AF_INET6, &count);
	/* Where there is no IPv6 nobody listens on it. */
	return failed && failed != -ENOENT ? failed : count;
}
