// SPDX-License-Identifier: Apache-2.0
#include "serve/frame.h"

#include <stdlib.h>
#include <string.h>

/* RFC 6455 5.2: FIN and the opcode of text. */
#define FIN_TEXT 0x81
#define LONGEST_HEADER 10

static size_t put_header(unsigned char *to, size_t len)
{
	to[0] = FIN_TEXT;
	if (len < 126) {
		to[1] = (unsigned char)len;
		return 2;
	}
	if (len < 65536) {
		to[1] = 126;
		to[2] = (unsigned char)(len >> 8);
		to[3] = (unsigned char)len;
		return 4;
	}
	to[1] = 127;
	for (int i = 0; i < 8; i++)
		to[2 + i] = (unsigned char)((uint64_t)len >> (56 - 8 * i));
	return LONGEST_HEADER;
}

struct frame *frame_text(const char *payload, size_t len)
{
	struct frame *f = malloc(sizeof(*f) + LONGEST_HEADER + len);

	if (!f)
		return NULL;

	size_t header = put_header(f->bytes, len);

	memcpy(f->bytes + header, payload, len);
	f->refs = 1;
	f->len = header + len;
	return f;
}

struct frame *frame_ref(struct frame *f)
{
	f->refs++;
	return f;
}

void frame_unref(struct frame *f)
{
	if (f && --f->refs == 0)
		free(f);
}
