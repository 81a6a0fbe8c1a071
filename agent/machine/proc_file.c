// SPDX-License-Identifier: Apache-2.0
#include "machine/proc_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

#define STEP_BYTES 16384

int proc_file_open(const char *path, struct probe_state *state)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (!state)
		return fd;
	state->attached = fd >= 0;
	if (fd < 0)
		snprintf(state->reason, sizeof(state->reason), "%s: %s", path, strerror(errno));
	else
		text_copy(state->variant, sizeof(state->variant), "procfs");
	return fd;
}

char *proc_file_read(int fd, struct buf *text)
{
	ssize_t got;

	if (fd < 0)
		return NULL;
	buf_reset(text);
	do {
		char *to = buf_reserve(text, STEP_BYTES);

		if (!to || text->len > PROC_FILE_MOST_BYTES)
			return NULL;
		got = pread(fd, to, text->cap - text->len - 1, (off_t)text->len);
		if (got < 0)
			return NULL;
		text->len += (size_t)got;
	} while (got > 0);
	text->data[text->len] = '\0';
	return text->len ? text->data : NULL;
}

void proc_file_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

bool proc_file_number(const char *text, const char *name, uint64_t *ret)
{
	size_t len = strlen(name);

	while (text && strncmp(text, name, len) != 0) {
		text = strchr(text, '\n');
		text += text != NULL;
	}
	if (!text)
		return false;
	*ret = strtoull(text + len, NULL, 10);
	return true;
}
