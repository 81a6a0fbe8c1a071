// SPDX-License-Identifier: Apache-2.0
#include "collect/iterator.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "base/cleanup.h"

static size_t record_size(const struct record_header *head)
{
	switch (head->kind) {
	case RECORD_TASK:
	case RECORD_DEAD_THREADS:
		return sizeof(struct task_record);
	case RECORD_EXE:
		return sizeof(struct path_record);
	case RECORD_FILES:
		return sizeof(struct files_record);
	case RECORD_SOCKET:
		return sizeof(struct connection_record);
	}
	return 0;
}

/* A read may end inside a record: the rest of it comes with the next. */
int iterator_read(int link_fd, char *buffer,
		  void (*take)(void *context, const struct record_header *head), void *context)
{
	AUTO_CLOSE int fd = bpf_iter_create(link_fd);
	size_t have = 0;
	ssize_t got;

	if (fd < 0)
		return -errno;
	while ((got = read(fd, buffer + have, ITERATOR_BUFFER_BYTES - have)) != 0) {
		size_t at = 0, size;

		if (got < 0 && errno == EAGAIN)
			continue;
		if (got < 0)
			return -errno;
		have += (size_t)got;
		while (have - at >= sizeof(struct record_header)) {
			const struct record_header *head = (const void *)(buffer + at);

			size = record_size(head);
			if (!size)
				return -EPROTO;
			if (have - at < size)
				break;
			take(context, head);
			at += size;
		}
		have -= at;
		memmove(buffer, buffer + at, have);
	}
	return 0;
}
