// SPDX-License-Identifier: Apache-2.0
/* Answers to HTTP requests: status, headers and body in one go. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <libwebsockets.h>

struct reply {
	unsigned status;
	const char *type;	 /* Content-Type; NULL for none */
	const char *etag;	 /* NULL for none */
	const char *encoding;	 /* Content-Encoding; NULL for none */
	const char *allow;	 /* with 405 */
	const char *retry_after; /* with 429 and 503 */
	const char *cache;	 /* Cache-Control; NULL means no-store */
	bool page;		 /* add the headers that bind a page */
	bool head;		 /* leave the body out, for HEAD */
	bool close;		 /* end the connection after it */
	bool upgrade;		 /* answers a refused upgrade: libwebsockets closes */
	const void *body;
	size_t len;
};

/* Sends the answer; the return value is for libwebsockets. */
int reply_send(struct lws *wsi, const struct reply *r);

/* Sends {"error":{"code","message"}}. Both texts are our own. */
int reply_error(struct lws *wsi, const struct reply *r, const char *code, const char *message);
