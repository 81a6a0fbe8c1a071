// SPDX-License-Identifier: Apache-2.0
#include "collect/arguments.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"

#define ARGUMENTS_BYTES 256
#define CUT "..."

char *arguments_text(const char *bytes, size_t length, size_t room)
{
	bool cut = length >= room && bytes[length - 1] != '\0';

	while (length && bytes[length - 1] == '\0')
		length--;

	char *text = length ? malloc(length + sizeof(CUT)) : NULL;

	if (!text)
		return NULL;
	for (size_t i = 0; i < length; i++)
		text[i] = bytes[i] == '\0' ? ' ' : bytes[i];
	memcpy(text + length, cut ? CUT : "", cut ? sizeof(CUT) : 1);
	return text;
}

char *arguments_read(uint32_t pid)
{
	char path[64], bytes[ARGUMENTS_BYTES];

	snprintf(path, sizeof(path), "/proc/%u/cmdline", pid);

	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, bytes, sizeof(bytes));

	return length > 0 ? arguments_text(bytes, (size_t)length, sizeof(bytes)) : NULL;
}
