// SPDX-License-Identifier: Apache-2.0
/* The server's one object: everything in it belongs to the thread of the event loop. */
#pragma once

#include <ev.h>
#include <libwebsockets.h>

#include "alert/alert.h"
#include "config/config.h"
#include "link/link.h"
#include "serve/auth.h"
#include "serve/session.h"
#include "serve/ticket.h"
#include "serve/view.h"
#include "snapshot/tally.h"

struct server {
	struct config config;
	struct ev_loop *loop;
	struct lws_context *context;
	struct lws_vhost *host;
	int link_fd;
	ev_io link_watcher;
	ev_timer second;
	ev_signal terminate, interrupt;
	struct link_message snapshot; /* the newest; its block is NULL until the first */
	uint64_t snapshot_boot_ns;    /* when it came, boot clock */
	struct tally tally;	      /* counters for Prometheus */
	struct alert_engine *alerts;
	struct tickets tickets;
	struct views views;
	struct table exits;	  /* processes whose end was told in the last window */
	struct buf health;	  /* what was told of it last */
	struct session *sessions; /* established WebSocket connections */
	uint64_t alert_seq;
	uint32_t connections; /* sockets, HTTP ones included */
	uint32_t connection_cap;
	uint64_t sockets_refused;
	struct {
		uint64_t sessions, messages_sent, messages_skipped, messages_received, auth_refused,
			snapshots, snapshots_refused;
	} counts;
	uint64_t refusals_logged, refusals_second; /* so that refusals cannot flood the log */
	uint16_t port;
	bool stopping;
	uint32_t stop_seconds;
};

/* What is kept for each socket, from accept to the end; found by lws_get_opaque_user_data(). */
struct peer {
	char address[64];
	struct claims claims;
	bool known;   /* claims hold */
	bool health;  /* the WebSocket at /ws/health */
	bool plain;   /* that at /ws: without tenants of its own it sees none */
	bool deflate; /* permessage-deflate was agreed on */
};

/* Newest snapshot, NULL before the first. */
static inline const struct snapshot *server_snapshot(const struct server *s)
{
	return s->snapshot.block;
}

/* Seconds since the newest snapshot came. */
double server_snapshot_age(const struct server *s);

/* "ok" while windows come, "starting" before the first, "stale" when none came for a while. */
const char *server_status(const struct server *s);

/* Opens the listener. Returns 0, or -1 with one line in error (size bytes). */
int listener_open(struct server *s, char *error, size_t size);

/* Serves one HTTP request; the return value is for libwebsockets. */
int http_serve(struct server *s, struct lws *wsi, struct peer *peer);

/* Checks the bearer token. Returns the status: 200 and the claims in peer, or 401. */
unsigned http_authenticate(struct server *s, struct lws *wsi, struct peer *peer);

/*
 * Decides on an upgrade to WebSocket before it is made. Returns 0 to go on, or answers with an
 * error and returns 1.
 */
int http_upgrade(struct server *s, struct lws *wsi, struct peer *peer);

/* Writes down why somebody was refused, a few times a second at the most. */
void server_log_refusal(struct server *s, const struct peer *peer, const char *why);

/* Checks a token, and counts and logs a refusal. */
bool server_check_token(struct server *s, const struct peer *peer, const char *token, size_t len,
			struct claims *ret);

/* Fills what the snapshot document says of the server itself. */
struct encode_server server_numbers(const struct server *s);
