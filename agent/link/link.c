// SPDX-License-Identifier: Apache-2.0
#include "link/link.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"

#define SEALS (F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)
#define MAX_BLOCK_BYTES (256u << 20)

/* As it travels; a block goes beside it as a descriptor. */
struct wire {
	uint32_t kind;
	uint32_t has_block;
	uint64_t number;
	char text[512];
};

union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(int))];
};

int link_pair(int ret_ends[2])
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ret_ends)
		       ? -errno
		       : 0;
}

static int send_wire(int fd, const struct wire *wire, int block_fd)
{
	struct iovec part = {(void *)wire, sizeof(*wire)};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	union control control = {0};

	if (block_fd >= 0) {
		message.msg_control = control.bytes;
		message.msg_controllen = sizeof(control.bytes);

		struct cmsghdr *head = CMSG_FIRSTHDR(&message);

		head->cmsg_level = SOL_SOCKET;
		head->cmsg_type = SCM_RIGHTS;
		head->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(head), &block_fd, sizeof(int));
	}
	return sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? -errno : 0;
}

static int write_all(int fd, const char *bytes, size_t len)
{
	while (len) {
		ssize_t wrote = write(fd, bytes, len);

		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote <= 0)
			return wrote ? -errno : -EIO;
		bytes += wrote;
		len -= (size_t)wrote;
	}
	return 0;
}

int link_send_parts(int fd, enum link_kind kind, const struct iovec *parts, int count)
{
	struct wire wire = {.kind = kind, .has_block = 1};
	AUTO_CLOSE int block = memfd_create("probecast", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (block < 0)
		return -errno;
	for (int i = 0; i < count; i++) {
		int failed = write_all(block, parts[i].iov_base, parts[i].iov_len);

		if (failed)
			return failed;
		wire.number += parts[i].iov_len;
	}
	if (fcntl(block, F_ADD_SEALS, SEALS))
		return -errno;
	return send_wire(fd, &wire, block);
}

int link_send_block(int fd, enum link_kind kind, const void *bytes, size_t len)
{
	const struct iovec whole = {(void *)bytes, len};

	return link_send_parts(fd, kind, &whole, 1);
}

int link_send(int fd, enum link_kind kind, uint64_t number, const char *text)
{
	struct wire wire = {.kind = kind, .number = number};

	if (text)
		text_copy(wire.text, sizeof(wire.text), text);
	return send_wire(fd, &wire, -1);
}

static int take_descriptor(struct msghdr *message)
{
	struct cmsghdr *head = CMSG_FIRSTHDR(message);
	int fd = -1;

	if (head && head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_RIGHTS &&
	    head->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(&fd, CMSG_DATA(head), sizeof(int));
	return fd;
}

/* Nobody can change or cut a sealed block any more: what is checked stays so. */
static int map_block(int fd, struct link_message *ret)
{
	struct stat info;

	if (fd < 0 || (fcntl(fd, F_GET_SEALS) & SEALS) != SEALS || fstat(fd, &info))
		return -EPROTO;
	if (info.st_size <= 0 || (uint64_t)info.st_size > MAX_BLOCK_BYTES)
		return -EPROTO;

	void *block = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_SHARED, fd, 0);

	if (block == MAP_FAILED)
		return -errno;
	ret->block = block;
	ret->bytes = (size_t)info.st_size;
	return 0;
}

int link_receive(int fd, struct link_message *ret)
{
	struct wire wire;
	struct iovec part = {&wire, sizeof(wire)};
	union control control;
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	ssize_t len = recvmsg(fd, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);

	if (len < 0)
		return errno == EWOULDBLOCK ? -EAGAIN : -errno;
	if (len == 0)
		return 0;

	AUTO_CLOSE int block = take_descriptor(&message);

	if (len != sizeof(wire) || (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)))
		return -EPROTO;
	*ret = (struct link_message){.kind = wire.kind, .number = wire.number};
	wire.text[sizeof(wire.text) - 1] = '\0';
	text_copy(ret->text, sizeof(ret->text), wire.text);
	if (!wire.has_block)
		return 1;

	int failed = map_block(block, ret);

	return failed ? failed : 1;
}

void link_release(struct link_message *message)
{
	if (message->block)
		munmap((void *)message->block, message->bytes);
	message->block = NULL;
	message->bytes = 0;
}
