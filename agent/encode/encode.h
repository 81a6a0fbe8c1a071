// SPDX-License-Identifier: Apache-2.0
/*
 * JSON out: catalogue and snapshot to bytes. Pure: no I/O, no allocation beyond
 * the buffer. Whatever bytes come in, valid UTF-8 and valid JSON go out.
 */
#pragma once

#include <stdbool.h>

#include "alert/alert.h"
#include "base/buf.h"
#include "snapshot/snapshot.h"

/* Which processes of a snapshot a reader wants. */
struct encode_view {
	enum metric sort; /* of SCOPE_PROCESS; largest first, then by pid */
	size_t limit;	  /* rows at the most; 0 means all */
};

/* What the server knows of itself, shown as system.websocket. */
struct encode_server {
	uint64_t connections;
	uint64_t messages_sent;
	uint64_t messages_skipped; /* for slow readers */
};

/*
 * Appends a string with its quotes. Bytes that are not UTF-8 become U+FFFD;
 * control characters, quotes, backslashes, U+2028, U+2029, DEL, '<', '>' and '&'
 * are escaped, so that the text is harmless inside a page too.
 */
void encode_string(struct buf *b, const char *text, size_t len);

/* Appends a number; a double that is not finite becomes null. At most 6 decimals, none that are 0.
 */
void encode_integer(struct buf *b, uint64_t value);
void encode_real(struct buf *b, double value);

/* Appends the snapshot document (the "data" of admin:metrics:update). server may be NULL. */
void encode_snapshot(struct buf *b, const struct snapshot *s, const struct encode_view *view,
		     const struct encode_server *server);

/* Appends the metric catalogue: {"scopes":[{name,help,labels:[...],metrics:[...]}]}. */
void encode_catalogue(struct buf *b);

/* Appends one alert as an object. */
void encode_alert(struct buf *b, const struct alert *alert);
