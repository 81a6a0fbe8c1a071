// SPDX-License-Identifier: Apache-2.0
#include "serve/reply.h"

#include <string.h>

#include "base/buf.h"
#include "encode/writer.h"

#define HEADER_BYTES 4096

/* All of the page comes from here, nothing is inline, and nobody may frame it. */
static const char content_policy[] = "default-src 'none'; script-src 'self'; style-src 'self'; "
				     "img-src 'self'; connect-src 'self'; "
				     "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

struct headers {
	struct lws *wsi;
	unsigned char *at, *end;
	bool failed;
};

static void add(struct headers *h, const char *name, const char *value)
{
	if (value && lws_add_http_header_by_name(h->wsi, (const unsigned char *)name,
						 (const unsigned char *)value, (int)strlen(value),
						 &h->at, h->end))
		h->failed = true;
}

static void add_all(struct headers *h, const struct reply *r)
{
	add(h, "content-type:", r->type);
	add(h, "etag:", r->etag);
	add(h, "content-encoding:", r->encoding);
	add(h, "allow:", r->allow);
	add(h, "retry-after:", r->retry_after);
	add(h, "cache-control:", r->cache ? r->cache : "no-store");
	add(h, "vary:", r->page ? "Accept-Encoding" : NULL);
	add(h, "content-security-policy:", r->page ? content_policy : "default-src 'none'");
	add(h, "x-content-type-options:", "nosniff");
	add(h, "x-frame-options:", "DENY");
	add(h, "referrer-policy:", "no-referrer");
	add(h, "cross-origin-resource-policy:", "same-origin");
	add(h, "www-authenticate:", r->status == 401 ? "Bearer" : NULL);
	add(h, "connection:", r->close ? "close" : NULL);
}

/* The body is our own and stays in place; libwebsockets keeps what the socket does not take. */
static int send_body(struct lws *wsi, const struct reply *r)
{
	static struct buf padded;

	buf_reset(&padded);
	if (!buf_reserve(&padded, LWS_PRE + r->len))
		return -1;
	padded.len = LWS_PRE;
	buf_add(&padded, r->body, r->len);
	return lws_write(wsi, (unsigned char *)padded.data + LWS_PRE, r->len,
			 LWS_WRITE_HTTP_FINAL) < 0;
}

int reply_send(struct lws *wsi, const struct reply *r)
{
	unsigned char text[LWS_PRE + HEADER_BYTES], *start = text + LWS_PRE;
	struct headers h = {.wsi = wsi, .at = start, .end = text + sizeof(text) - 1};
	bool has_body = r->len && !r->head;

	if (lws_add_http_header_status(wsi, r->status, &h.at, h.end))
		return -1;
	add_all(&h, r);
	if (r->status != 304 && lws_add_http_header_content_length(wsi, r->len, &h.at, h.end))
		return -1;
	if (h.failed || lws_finalize_write_http_header(wsi, start, &h.at, h.end))
		return -1;
	if (has_body && send_body(wsi, r))
		return -1;
	if (r->upgrade)
		return 1;
	if (r->close || lws_http_transaction_completed(wsi))
		return -1;
	return 0;
}

int reply_error(struct lws *wsi, const struct reply *r, const char *code, const char *message)
{
	static struct buf body;
	struct reply full = *r;

	buf_reset(&body);
	buf_add_string(&body, "{\"error\":{");
	encode_member_string(&body, "code", code);
	encode_member_string(&body, "message", message);
	buf_add_string(&body, "}}\n");
	if (buf_failed(&body))
		return -1;
	full.type = "application/json";
	full.body = body.data;
	full.len = body.len;
	return reply_send(wsi, &full);
}
