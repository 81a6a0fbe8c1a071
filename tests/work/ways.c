// SPDX-License-Identifier: Apache-2.0
/* Every system call that moves bytes over a socket. */
#include <errno.h>
#include <fcntl.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <unistd.h>

#include "work/socket.h"
#include "work/work.h"

#define PARTS 4
#define SHORT_BUFFER 100

/* The bytes in as many parts as a call takes; returns how many. */
static size_t split(char *data, size_t len, struct iovec parts[PARTS])
{
	size_t each = len / PARTS;

	for (size_t i = 0; i < PARTS; i++)
		parts[i] = (struct iovec){data + i * each, i < PARTS - 1 ? each : len - i * each};
	return PARTS;
}

static ssize_t one_sent(ssize_t result, struct traffic *t)
{
	t->tx_messages += result >= 0;
	return result;
}

static ssize_t one_received(ssize_t result, struct traffic *t)
{
	t->rx_messages += result > 0;
	return result;
}

static ssize_t send_write(int fd, char *data, size_t len, struct traffic *t)
{
	return one_sent(write(fd, data, len), t);
}

static ssize_t send_writev(int fd, char *data, size_t len, struct traffic *t)
{
	struct iovec parts[PARTS];
	size_t count = split(data, len, parts);

	return one_sent(writev(fd, parts, (int)count), t);
}

static ssize_t send_send(int fd, char *data, size_t len, struct traffic *t)
{
	return one_sent(send(fd, data, len, MSG_NOSIGNAL), t);
}

static ssize_t send_sendto(int fd, char *data, size_t len, struct traffic *t)
{
	return one_sent(sendto(fd, data, len, MSG_NOSIGNAL, NULL, 0), t);
}

static ssize_t send_sendmsg(int fd, char *data, size_t len, struct traffic *t)
{
	struct iovec parts[PARTS];
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = split(data, len, parts)};

	return one_sent(sendmsg(fd, &message, MSG_NOSIGNAL), t);
}

static ssize_t total(const struct mmsghdr *messages, int count)
{
	ssize_t bytes = 0;

	for (int i = 0; i < count; i++)
		bytes += messages[i].msg_len;
	return count < 0 ? -1 : bytes;
}

static void one_part_each(struct mmsghdr messages[PARTS], struct iovec parts[PARTS])
{
	for (size_t i = 0; i < PARTS; i++)
		messages[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = &parts[i], .msg_iovlen = 1}};
}

static ssize_t send_sendmmsg(int fd, char *data, size_t len, struct traffic *t)
{
	struct iovec parts[PARTS];
	struct mmsghdr messages[PARTS];

	split(data, len, parts);
	one_part_each(messages, parts);

	int count = sendmmsg(fd, messages, PARTS, MSG_NOSIGNAL);

	t->tx_messages += count > 0 ? (uint64_t)count : 0;
	return total(messages, count);
}

/* A file in memory with these bytes. */
static int file_of(const char *data, size_t len)
{
	static int fd = -1;

	if (fd >= 0)
		return fd;
	fd = memfd_create("work", MFD_CLOEXEC);
	if (fd < 0 || pwrite(fd, data, len, 0) != (ssize_t)len || ftruncate(fd, CHUNK))
		work_fail("memfd_create");
	return fd;
}

static ssize_t send_sendfile(int fd, char *data, size_t len, struct traffic *t)
{
	off_t offset = 0;

	return one_sent(sendfile(fd, file_of(data, len), &offset, len), t);
}

static const int *pipe_ends(void)
{
	static int ends[2] = {-1, -1};

	if (ends[0] < 0 && pipe(ends))
		work_fail("pipe");
	return ends;
}

/* What the pipe took must leave it again, or it is left for the next call. */
static ssize_t send_splice(int fd, char *data, size_t len, struct traffic *t)
{
	const int *ends = pipe_ends();
	off_t offset = 0;
	ssize_t have = splice(file_of(data, len), &offset, ends[1], NULL, len, 0), sent = 0;

	while (sent < have) {
		ssize_t n = splice(ends[0], NULL, fd, NULL, (size_t)(have - sent), 0);

		if (n <= 0)
			return -1;
		sent += n;
	}
	return one_sent(have < 0 ? have : sent, t);
}

/* Pages of the pipe's own: the only ones on loopback that a receiver can map. */
static ssize_t send_pages(int fd, char *data, size_t len, struct traffic *t)
{
	const int *ends = pipe_ends();
	ssize_t have = write(ends[1], data, len);

	return one_sent(have <= 0 ? -1 : splice(ends[0], NULL, fd, NULL, (size_t)have, 0), t);
}

/* Waits until the kernel has let go of the bytes; its notices are no traffic. */
static ssize_t send_zerocopy(int fd, char *data, size_t len, struct traffic *t)
{
	struct pollfd poller = {.fd = fd};
	struct msghdr notice = {.msg_controllen = 0};
	int on = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_ZEROCOPY, &on, sizeof(on)))
		return -1;

	ssize_t sent = send(fd, data, len, MSG_ZEROCOPY | MSG_NOSIGNAL);

	if (sent > 0 && poll(&poller, 1, 5000) == 1)
		recvmsg(fd, &notice, MSG_ERRQUEUE);
	return one_sent(sent, t);
}

/* With a small buffer, so that calls are refused, or take a part. */
static ssize_t send_dontwait(int fd, char *data, size_t len, struct traffic *t)
{
	int bytes = 8192;

	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
	return one_sent(send(fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL), t);
}

static ssize_t receive_read(int fd, char *data, size_t len, struct traffic *t)
{
	return one_received(read(fd, data, len), t);
}

static ssize_t receive_readv(int fd, char *data, size_t len, struct traffic *t)
{
	struct iovec parts[PARTS];
	size_t count = split(data, len, parts);

	return one_received(readv(fd, parts, (int)count), t);
}

static ssize_t receive_recv(int fd, char *data, size_t len, struct traffic *t)
{
	return one_received(recv(fd, data, len, 0), t);
}

static ssize_t receive_recvfrom(int fd, char *data, size_t len, struct traffic *t)
{
	struct sockaddr_storage from;
	socklen_t from_len = sizeof(from);

	return one_received(recvfrom(fd, data, len, 0, (struct sockaddr *)&from, &from_len), t);
}

static ssize_t receive_recvmsg(int fd, char *data, size_t len, struct traffic *t)
{
	struct iovec parts[PARTS];
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = split(data, len, parts)};

	return one_received(recvmsg(fd, &message, 0), t);
}

static ssize_t receive_recvmmsg(int fd, char *data, size_t len, struct traffic *t)
{
	struct iovec parts[PARTS];
	struct mmsghdr messages[PARTS];

	split(data, len, parts);
	one_part_each(messages, parts);

	int count = recvmmsg(fd, messages, PARTS, MSG_WAITFORONE, NULL);
	ssize_t bytes = total(messages, count);

	t->rx_messages += bytes > 0 ? (uint64_t)count : 0;
	return bytes;
}

/* Looks twice, takes once. */
static ssize_t receive_peek(int fd, char *data, size_t len, struct traffic *t)
{
	struct msghdr message = {.msg_iov = &(struct iovec){data, len}, .msg_iovlen = 1};

	if (recv(fd, data, len, MSG_PEEK) < 0 || recvmsg(fd, &message, MSG_PEEK) < 0)
		return -1;
	return one_received(recv(fd, data, len, 0), t);
}

/* A stream's bytes are thrown away, a message is told in its whole length: both are received. */
static ssize_t receive_trunc(int fd, char *data, size_t len, struct traffic *t)
{
	return one_received(recv(fd, data, len, MSG_TRUNC), t);
}

static ssize_t receive_trunc_short(int fd, char *data, size_t len, struct traffic *t)
{
	return one_received(recv(fd, data, len < SHORT_BUFFER ? len : SHORT_BUFFER, MSG_TRUNC), t);
}

/* The kernel tells what it copied; the rest of the message is gone. */
static ssize_t receive_short(int fd, char *data, size_t len, struct traffic *t)
{
	return one_received(recv(fd, data, len < SHORT_BUFFER ? len : SHORT_BUFFER, 0), t);
}

static ssize_t receive_splice(int fd, char *data, size_t len, struct traffic *t)
{
	const int *ends = pipe_ends();
	ssize_t moved = splice(fd, NULL, ends[1], NULL, len, 0);

	for (ssize_t left = moved; left > 0;) {
		ssize_t n = read(ends[0], data, (size_t)left);

		if (n <= 0)
			return -1;
		left -= n;
	}
	t->unseen_bytes += moved > 0 ? (uint64_t)moved : 0;
	return one_received(moved, t);
}

/* Whole pages are mapped, the rest is copied. */
static ssize_t receive_zerocopy(int fd, char *data, size_t len, struct traffic *t)
{
	static void *pages;
	struct tcp_zerocopy_receive zc = {.length = CHUNK};
	socklen_t size = sizeof(zc);
	ssize_t copied = 0;

	if (!pages)
		pages = mmap(NULL, CHUNK, PROT_READ, MAP_SHARED, fd, 0);
	zc.address = (uint64_t)(uintptr_t)pages;
	if (pages == MAP_FAILED || poll(&(struct pollfd){fd, POLLIN, 0}, 1, 5000) != 1)
		return -1;
	/* EIO is the end of the stream. */
	if (getsockopt(fd, IPPROTO_TCP, TCP_ZEROCOPY_RECEIVE, &zc, &size))
		return errno == EIO ? 0 : -1;
	t->unseen_bytes += zc.length;
	if (zc.recv_skip_hint || !zc.length)
		copied = recv(
			fd, data,
			zc.recv_skip_hint && zc.recv_skip_hint < len ? zc.recv_skip_hint : len, 0);
	return one_received(copied < 0 ? copied : copied + (ssize_t)zc.length, t);
}

static const struct way sends[] = {
	{"write", send_write},
	{"writev", send_writev},
	{"send", send_send},
	{"sendto", send_sendto},
	{"sendmsg", send_sendmsg},
	{"sendmmsg", send_sendmmsg},
	{"sendfile", send_sendfile},
	{"splice", send_splice},
	{"pages", send_pages},
	{"zerocopy", send_zerocopy},
	{"dontwait", send_dontwait},
	{"uring", uring_send},
	{"uring-zerocopy", uring_send_zerocopy},
	{"uring-polled", uring_send_polled},
};

static const struct way receives[] = {
	{"read", receive_read},
	{"readv", receive_readv},
	{"recv", receive_recv},
	{"recvfrom", receive_recvfrom},
	{"recvmsg", receive_recvmsg},
	{"recvmmsg", receive_recvmmsg},
	{"peek", receive_peek},
	{"trunc", receive_trunc},
	{"trunc-short", receive_trunc_short},
	{"short", receive_short},
	{"splice", receive_splice},
	{"zerocopy", receive_zerocopy},
	{"uring", uring_receive},
	{"uring-polled", uring_receive_polled},
};

static const struct way *find(const struct way *ways, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(ways[i].name, name) == 0)
			return &ways[i];
	errno = 0;
	work_fail(name);
}

const struct way *way_to_send(const char *name)
{
	return find(sends, sizeof(sends) / sizeof(*sends), name);
}

const struct way *way_to_receive(const char *name)
{
	return find(receives, sizeof(receives) / sizeof(*receives), name);
}
