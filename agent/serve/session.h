// SPDX-License-Identifier: Apache-2.0
/* One WebSocket connection: who it is, what it subscribed to, what waits to be sent. */
#pragma once

#include <libwebsockets.h>

#include "base/buf.h"
#include "serve/auth.h"
#include "serve/frame.h"

struct server;
struct subscription;
struct peer;

/* Close codes of the protocol (docs/PROTOCOL.md). */
#define CLOSE_SHUTDOWN 1001
#define CLOSE_UNSUPPORTED 1003
#define CLOSE_BAD_DATA 1007
#define CLOSE_TOO_LARGE 1009
#define CLOSE_TOO_SLOW 1013
#define CLOSE_TOKEN_EXPIRED 4401
#define CLOSE_ROLE 4403
#define CLOSE_AUTH_TIMEOUT 4408

/* Messages that wait for a slow reader; beyond that it is closed. */
#define SESSION_QUEUE 256

/* Metric updates skipped in a row, after which a reader is too slow. */
#define SESSION_MAX_SKIPPED 24

#define SESSION_AUTH_SECONDS 10
#define SESSION_EXPIRY_NOTICE_SECONDS 60

struct session {
	struct session *next, **back; /* in server.sessions; back is NULL when not in it */
	struct server *server;
	struct lws *wsi;
	char id[40];
	char address[64];
	struct claims claims;
	bool authenticated;
	bool health;
	bool plain;	  /* came by /ws */
	bool deflate;	  /* takes compressed messages */
	bool notice_sent; /* auth_expiring */
	struct subscription *subscriptions;
	unsigned subscription_count;
	uint64_t skipped;     /* metric updates that gave way to newer ones */
	struct frame **queue; /* SESSION_QUEUE places while messages wait; else NULL */
	uint32_t queue_first, queue_count;
	bool in_packed;	     /* in is compressed */
	struct buf in;	     /* the message that is being received */
	uint64_t opened;     /* seconds since 1970 */
	uint16_t close_code; /* 0: stays open */
	const char *close_reason;
};

/* Its claims hold: from now on it is one of those who are there. */
void session_join(struct session *c, const struct claims *claims);

/* A connection was made or ended. */
void session_open(struct session *c, struct server *s, struct lws *wsi, const struct peer *peer);
void session_end(struct session *c);

/* Bytes came. Returns what libwebsockets wants: 0, or -1 to close. */
int session_receive(struct session *c, const char *bytes, size_t len);

/* The socket can take bytes again. Returns 0, or -1 to close. */
int session_writable(struct session *c);

/* Sends a message, or queues it. The caller keeps its reference. */
void session_send(struct session *c, struct frame *f);

/* Sends the metrics of this window; what still waited from one before gives way. */
void session_send_update(struct session *c, struct subscription *sub, struct frame *f,
			 uint64_t seq);

/* Closes the connection as soon as the event loop comes to it. reason is a constant text. */
void session_close(struct session *c, uint16_t code, const char *reason);

/* Once a second: time limits. */
void session_second(struct session *c, uint64_t now);

/* One message of the client, complete. In protocol.c. */
void protocol_handle(struct session *c, const char *text, size_t len);

/* Greets an authenticated client. In protocol.c. */
void protocol_welcome(struct session *c, const char *id);

/* Tells a client something of this type without an answer to a request; data is JSON. In
 * protocol.c. */
void protocol_tell(struct session *c, const char *type, const char *channel, const char *data);
