// SPDX-License-Identifier: Apache-2.0
/*
 * permessage-deflate (RFC 7692), without a context from one message to the
 * next. What is sent is compressed once for all its readers. libwebsockets only
 * agrees on it: the inflater of 4.1 ends the process by an assertion when a
 * message unpacks to much more than it was.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libwebsockets.h>

/* For the vhost. */
extern const struct lws_extension deflate_extensions[];

/*
 * Asked by libwebsockets whether a client may have the extension of this name, which is written
 * into the answer and may be changed. Returns 0, or 1 to go on without.
 */
int deflate_confirm(struct lws *wsi, char *name);

/*
 * Compresses a message. Returns how many bytes were written to to (room bytes), 0 when they are too
 * many, or without memory.
 */
size_t deflate_pack(const unsigned char *text, size_t len, unsigned char *to, size_t room);

/*
 * Unpacks a whole message. Returns it, valid until the next call, and its length; it may be one
 * byte longer than most, and is then cut. NULL when it is no message, or without memory.
 */
const char *deflate_unpack(const char *packed, size_t len, size_t most, size_t *ret_len);

/* Messages that were compressed so far. */
uint64_t deflate_count(void);
