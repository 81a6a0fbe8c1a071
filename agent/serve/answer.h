// SPDX-License-Identifier: Apache-2.0
/* What routes share: the text of the answer, and how it is sent. */
#pragma once

#include "base/buf.h"
#include "serve/http.h"
#include "serve/query.h"
#include "serve/server.h"

/* One request on its way through a route. */
struct answer {
	struct server *server;
	struct lws *wsi;
	struct peer *peer;
	struct http_request *request;
	const char *rest; /* of the path, behind a route that ends with a slash */
	struct query query;
};

/* The body that is being written: the loop has one thread. */
extern struct buf answer_out;

/* Empties answer_out and opens an object in it. */
void answer_begin(void);

/* Closes the object and sends it. */
void answer_end(struct answer *a, unsigned status);

/* Sends answer_out as JSON. */
void answer_send(struct answer *a, unsigned status);

/* Sends an error. Both texts may quote the request: they are escaped. */
void answer_error(struct answer *a, unsigned status, const char *code, const char *message);

/* The newest snapshot; NULL after 503 was sent: there is none yet. */
const struct snapshot *answer_snapshot(struct answer *a);

/* True when no parameter is left; false after 400 was sent. */
bool answer_query_done(struct answer *a);
