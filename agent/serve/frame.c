// SPDX-License-Identifier: Apache-2.0
#include "serve/frame.h"

#include <stdlib.h>
#include <string.h>

#include "serve/deflate.h"

/* RFC 6455 5.2: FIN and the opcode of text; RFC 7692 6: RSV1 says that it is compressed. */
#define FIN_TEXT 0x81
#define RSV1 0x40
#define LONGEST_HEADER 10

/* Below this a packet is sent in any case. */
#define LEAST_TO_PACK 1024

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
	struct frame *f = calloc(1, sizeof(*f) + LONGEST_HEADER + len);

	if (!f)
		return NULL;
	f->refs = 1;
	f->payload = put_header(f->bytes, len);
	f->len = f->payload + len;
	memcpy(f->bytes + f->payload, payload, len);
	return f;
}

struct frame *frame_shared(const char *payload, size_t len)
{
	struct frame *f = frame_text(payload, len);

	if (f)
		f->shared = len >= LEAST_TO_PACK;
	return f;
}

/* NULL when it would be no smaller, or without memory. */
static struct frame *pack(const struct frame *f)
{
	static struct buf room;
	size_t len = f->len - f->payload, packed;
	struct frame *p;

	buf_reset(&room);
	if (!buf_reserve(&room, len))
		return NULL;
	packed = deflate_pack(f->bytes + f->payload, len, (unsigned char *)room.data, len);
	p = packed ? frame_text(room.data, packed) : NULL;
	if (p)
		p->bytes[0] |= RSV1;
	return p;
}

struct frame *frame_packed(struct frame *f)
{
	if (!f->shared)
		return f;
	if (!f->packed)
		f->packed = pack(f);
	if (!f->packed)
		f->shared = false;
	return f->packed ? f->packed : f;
}

struct frame *frame_ref(struct frame *f)
{
	f->refs++;
	return f;
}

void frame_unref(struct frame *f)
{
	if (!f || --f->refs)
		return;
	free(f->packed);
	free(f);
}
