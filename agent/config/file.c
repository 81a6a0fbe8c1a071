// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "config/setting.h"

/* Reads size bytes, fewer at the end of the file. Returns the number or a negative errno. */
static ssize_t read_all(int fd, char *to, size_t size)
{
	size_t len = 0;

	while (len < size) {
		ssize_t got = read(fd, to + len, size - len);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		len += (size_t)got;
	}
	return (ssize_t)len;
}

int file_read(const char *path, size_t limit, char **ret_text, size_t *ret_len)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return -errno;

	/* One byte more than allowed tells a file that is too large; else the NUL goes there. */
	AUTO_FREE char *text = malloc(limit + 1);

	if (!text)
		return -ENOMEM;

	ssize_t len = read_all(fd, text, limit + 1);

	if (len < 0)
		return (int)len;
	if ((size_t)len > limit)
		return -EFBIG;
	text[len] = '\0';
	*ret_text = text;
	*ret_len = (size_t)len;
	text = NULL;
	return 0;
}
