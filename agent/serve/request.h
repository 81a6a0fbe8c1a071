// SPDX-License-Identifier: Apache-2.0
/* A request over the WebSocket, and how it is answered. */
#pragma once

#include <jansson.h>

#include "base/buf.h"
#include "serve/session.h"

#define REQUEST_MAX_ID 128

/* Its parts are borrowed from the parsed text. */
struct request {
	struct session *session;
	const char *type;
	char id[REQUEST_MAX_ID * 6 + 3]; /* as JSON text, "" when there is none */
	const char *channel;		 /* of the envelope; NULL when there is none */
	json_t *data;			 /* NULL when there is none */
};

/* The message that is being written: the loop has one thread. */
extern struct buf request_out;

/* Begins an answer in request_out, up to its data; the caller appends that. */
void request_begin(const struct request *r, const char *type, const char *channel);

/* Ends the message in request_out and sends it. */
void request_finish(struct session *c);

/* Answers with an error. Code and text are our own. */
void request_fail(const struct request *r, const char *code, const char *text);

/*
 * True when data has members of these names only (the list ends with NULL); else false, after an
 * error that names the one that is wrong.
 */
bool request_has_only(const struct request *r, const char *const *names);
