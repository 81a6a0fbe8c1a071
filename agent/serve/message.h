// SPDX-License-Identifier: Apache-2.0
/* The envelope around every message: type, id, channel, seq, timestamp, data. */
#pragma once

#include <stdint.h>

#include "base/buf.h"

struct message {
	const char *type;
	const char *id;	     /* the request's, as JSON text; NULL for none */
	const char *channel; /* NULL for none */
	uint64_t seq;	     /* 0 for none */
};

/* Begins a message up to and with "data": ; the caller appends the value and calls message_end().
 */
void message_begin(struct buf *b, const struct message *m);
void message_end(struct buf *b);
