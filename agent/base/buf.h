// SPDX-License-Identifier: Apache-2.0
/*
 * A growing byte buffer. A failed allocation is remembered, later appends do
 * nothing, and the caller asks once at the end with buf_failed().
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
	char *data; /* owned; not NUL-terminated */
	size_t len;
	size_t cap;
	bool failed;
};

/* Frees the bytes; the buffer is empty and usable again. */
void buf_free(struct buf *b);

/* Forgets the content, keeps the memory, clears the failure. */
void buf_reset(struct buf *b);

/* Forgets the content, and gives memory of more than BUF_KEPT_BYTES back; its place stays. */
#define BUF_KEPT_BYTES (1u << 20)
void buf_rest(struct buf *b);

/* True when an allocation failed since the last reset: the content is cut. */
static inline bool buf_failed(const struct buf *b)
{
	return b->failed;
}

/* Makes room for extra bytes behind len. Returns where they begin, NULL without memory. */
char *buf_reserve(struct buf *b, size_t extra);

/* Appends len bytes. */
void buf_add(struct buf *b, const void *bytes, size_t len);

/* Appends a NUL-terminated string, without its NUL. */
void buf_add_string(struct buf *b, const char *text);

/* Appends formatted text. */
void buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Appends zero bytes until len is a multiple of alignment (a power of two). */
void buf_align(struct buf *b, size_t alignment);

static inline void buf_add_char(struct buf *b, char c)
{
	char *to = buf_reserve(b, 1);

	if (to) {
		*to = c;
		b->len++;
	}
}

#define AUTO_BUF __attribute__((cleanup(buf_free)))
