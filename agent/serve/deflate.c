// SPDX-License-Identifier: Apache-2.0
#include "serve/deflate.h"

#include <string.h>

#include <zlib.h>

#include "base/buf.h"
#include "base/text.h"
#include "serve/server.h"

/* Where libwebsockets keeps the name that it then writes into its answer. */
#define NAME_ROOM 64

/* The fastest: half a millisecond for 100 KB, a third larger than the best. */
#define LEVEL 1

#define WINDOW_BITS 15
#define MEMORY_LEVEL 8

/* What a sync flush ends with; the receiver puts it back (RFC 7692 7.2.1). */
#define TRAILER 4

static uint64_t packed;

/* The parameters are chosen here: none of the client's is to be repeated in the answer. */
static const struct lws_ext_options no_options[] = {{NULL, EXTARG_NONE}};

/*
 * To what libwebsockets wants packed or unpacked the answer is that nobody did:
 * messages pass through as they are.
 */
static int callback(struct lws_context *context, const struct lws_extension *ext, struct lws *wsi,
		    enum lws_extension_callback_reasons reason, void *user, void *in, size_t len)
{
	struct peer *peer = lws_get_opaque_user_data(wsi);

	(void)context;
	(void)ext;
	(void)user;
	(void)len;
	if (reason != LWS_EXT_CB_CONSTRUCT)
		return 0;
	*(const struct lws_ext_options **)in = no_options;
	if (peer)
		peer->deflate = true;
	return 0;
}

const struct lws_extension deflate_extensions[] = {
	{"permessage-deflate", callback, NULL},
	{NULL, NULL, NULL},
};

/* One who wants a smaller window from us gets no compression: all share what is made once. */
int deflate_confirm(struct lws *wsi, char *name)
{
	char offer[256];

	if (lws_hdr_copy(wsi, offer, sizeof(offer), WSI_TOKEN_EXTENSIONS) <= 0 ||
	    strstr(offer, "server_max_window_bits"))
		return 1;
	text_copy(name, NAME_ROOM, "permessage-deflate; client_no_context_takeover");
	return 0;
}

/* Kept, since it takes 260 KB; NULL without memory. */
static z_stream *fresh_stream(void)
{
	static z_stream stream;
	static bool ready;

	if (ready)
		return deflateReset(&stream) == Z_OK ? &stream : NULL;
	ready = deflateInit2(&stream, LEVEL, Z_DEFLATED, -WINDOW_BITS, MEMORY_LEVEL,
			     Z_DEFAULT_STRATEGY) == Z_OK;
	return ready ? &stream : NULL;
}

size_t deflate_pack(const unsigned char *text, size_t len, unsigned char *to, size_t room)
{
	z_stream *stream = fresh_stream();

	if (!stream || len > UINT32_MAX || room > UINT32_MAX)
		return 0;
	stream->next_in = (unsigned char *)(uintptr_t)text;
	stream->avail_in = (unsigned)len;
	stream->next_out = to;
	stream->avail_out = (unsigned)room;
	if (deflate(stream, Z_SYNC_FLUSH) != Z_OK || stream->avail_in || !stream->avail_out)
		return 0;
	packed++;
	return room - stream->avail_out - TRAILER;
}

/* Kept as well: 40 KB. */
static z_stream *fresh_inflater(void)
{
	static z_stream stream;
	static bool ready;

	if (ready)
		return inflateReset(&stream) == Z_OK ? &stream : NULL;
	ready = inflateInit2(&stream, -WINDOW_BITS) == Z_OK;
	return ready ? &stream : NULL;
}

/* A sender may end its stream and begin another (RFC 7692 7.2.3.4). False for what is none. */
static bool inflate_all(z_stream *stream, const void *bytes, size_t len)
{
	stream->next_in = (unsigned char *)(uintptr_t)bytes;
	stream->avail_in = (unsigned)len;
	while (stream->avail_in && stream->avail_out) {
		int result = inflate(stream, Z_SYNC_FLUSH);

		if (result == Z_STREAM_END)
			result = inflateReset(stream);
		if (result != Z_OK)
			return false;
	}
	return true;
}

const char *deflate_unpack(const char *text, size_t len, size_t most, size_t *ret_len)
{
	static const unsigned char trailer[TRAILER] = {0, 0, 0xff, 0xff};
	static struct buf out;
	z_stream *stream = fresh_inflater();

	/* What a long message took is not kept. */
	buf_free(&out);
	if (!stream || len > UINT32_MAX || most >= UINT32_MAX || !buf_reserve(&out, most + 1))
		return NULL;
	stream->next_out = (unsigned char *)out.data;
	stream->avail_out = (unsigned)most + 1;
	if (!inflate_all(stream, text, len) || !inflate_all(stream, trailer, TRAILER))
		return NULL;
	*ret_len = most + 1 - stream->avail_out;
	return out.data;
}

uint64_t deflate_count(void)
{
	return packed;
}
