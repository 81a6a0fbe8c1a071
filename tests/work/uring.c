// SPDX-License-Identifier: Apache-2.0
/* Socket calls through io_uring, one at a time. */
#include <errno.h>
#include <liburing.h>
#include <stdbool.h>
#include <string.h>

#include "work/socket.h"
#include "work/work.h"

#define ENTRIES 8

const char *uring_reason(void)
{
	struct io_uring ring;
	int failed = io_uring_queue_init(ENTRIES, &ring, 0);

	if (failed)
		return strerror(-failed);
	io_uring_queue_exit(&ring);
	return NULL;
}

/* Two rings: one that the caller drives, one that a thread of the kernel polls. */
static struct io_uring *ring_of(bool polled)
{
	static struct io_uring rings[2];
	static bool open[2];

	if (!open[polled]) {
		int failed = io_uring_queue_init(ENTRIES, &rings[polled],
						 polled ? IORING_SETUP_SQPOLL : 0);

		errno = -failed;
		if (failed)
			work_fail("io_uring_queue_init");
		open[polled] = true;
	}
	return &rings[polled];
}

/* Its result; a second answer says that the bytes are free again. */
static ssize_t run(struct io_uring *ring)
{
	struct io_uring_cqe *answer;
	ssize_t result = 0;
	bool more = true;

	io_uring_submit(ring);
	while (more) {
		int failed = io_uring_wait_cqe(ring, &answer);

		errno = -failed;
		if (failed)
			return -1;
		if (!(answer->flags & IORING_CQE_F_NOTIF))
			result = answer->res;
		more = answer->flags & IORING_CQE_F_MORE;
		io_uring_cqe_seen(ring, answer);
	}
	if (result >= 0)
		return result;
	errno = (int)-result;
	return -1;
}

static ssize_t ring_send(struct io_uring *ring, int fd, char *data, size_t len, struct traffic *t)
{
	io_uring_prep_send(io_uring_get_sqe(ring), fd, data, len, MSG_NOSIGNAL);
	t->tx_messages++;
	return run(ring);
}

ssize_t uring_send(int fd, char *data, size_t len, struct traffic *t)
{
	return ring_send(ring_of(false), fd, data, len, t);
}

ssize_t uring_send_polled(int fd, char *data, size_t len, struct traffic *t)
{
	return ring_send(ring_of(true), fd, data, len, t);
}

ssize_t uring_send_zerocopy(int fd, char *data, size_t len, struct traffic *t)
{
	struct io_uring *ring = ring_of(false);

	io_uring_prep_send_zc(io_uring_get_sqe(ring), fd, data, len, MSG_NOSIGNAL, 0);
	t->tx_messages++;
	return run(ring);
}

static ssize_t ring_receive(struct io_uring *ring, int fd, char *data, size_t len,
			    struct traffic *t)
{
	io_uring_prep_recv(io_uring_get_sqe(ring), fd, data, len, 0);

	ssize_t result = run(ring);

	t->rx_messages += result > 0;
	return result;
}

ssize_t uring_receive(int fd, char *data, size_t len, struct traffic *t)
{
	return ring_receive(ring_of(false), fd, data, len, t);
}

ssize_t uring_receive_polled(int fd, char *data, size_t len, struct traffic *t)
{
	return ring_receive(ring_of(true), fd, data, len, t);
}
