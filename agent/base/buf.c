// SPDX-License-Identifier: Apache-2.0
#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void buf_free(struct buf *b)
{
	free(b->data);
	*b = (struct buf){0};
}

void buf_reset(struct buf *b)
{
	b->len = 0;
	b->failed = false;
}

void buf_rest(struct buf *b)
{
	if (b->cap > BUF_KEPT_BYTES)
		memory_give_back(b->data + BUF_KEPT_BYTES, b->cap - BUF_KEPT_BYTES);
	buf_reset(b);
}

char *buf_reserve(struct buf *b, size_t extra)
{
	if (b->failed)
		return NULL;
	if (b->cap - b->len >= extra)
		return b->data + b->len;

	size_t cap = b->cap ? b->cap : 256;

	while (cap - b->len < extra) {
		if (cap > SIZE_MAX / 2) {
			b->failed = true;
			return NULL;
		}
		cap *= 2;
	}

	char *data = realloc(b->data, cap);

	if (!data) {
		b->failed = true;
		return NULL;
	}
	b->data = data;
	b->cap = cap;
	return b->data + b->len;
}

void buf_add(struct buf *b, const void *bytes, size_t len)
{
	char *to = buf_reserve(b, len);

	if (to && len) {
		memcpy(to, bytes, len);
		b->len += len;
	}
}

void buf_add_string(struct buf *b, const char *text)
{
	buf_add(b, text, strlen(text));
}

void buf_printf(struct buf *b, const char *format, ...)
{
	va_list args, again;

	va_start(args, format);
	va_copy(again, args);

	int len = vsnprintf(NULL, 0, format, args);
	char *to = len < 0 ? NULL : buf_reserve(b, (size_t)len + 1);

	if (to) {
		vsnprintf(to, (size_t)len + 1, format, again);
		b->len += (size_t)len;
	}
	va_end(again);
	va_end(args);
}

void buf_align(struct buf *b, size_t alignment)
{
	size_t pad = -b->len & (alignment - 1);
	char *to = buf_reserve(b, pad);

	if (to && pad) {
		memset(to, 0, pad);
		b->len += pad;
	}
}
