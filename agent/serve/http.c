// SPDX-License-Identifier: Apache-2.0
/* HTTP: which request goes where, who may make it, and what is wrong with it. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/text.h"
#include "serve/http.h"
#include "serve/reply.h"
#include "serve/routes.h"
#include "serve/server.h"
#include "serve/token.h"

#define MAX_HOST 256

static const struct {
	enum lws_token_indexes token;
	enum method method;
} methods[] = {
	{WSI_TOKEN_GET_URI, METHOD_GET},      {WSI_TOKEN_POST_URI, METHOD_POST},
	{WSI_TOKEN_HEAD_URI, METHOD_HEAD},    {WSI_TOKEN_OPTIONS_URI, METHOD_OTHER},
	{WSI_TOKEN_PUT_URI, METHOD_OTHER},    {WSI_TOKEN_PATCH_URI, METHOD_OTHER},
	{WSI_TOKEN_DELETE_URI, METHOD_OTHER},
};

static bool read_path(struct lws *wsi, struct http_request *r)
{
	for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++) {
		if (!lws_hdr_total_length(wsi, methods[i].token))
			continue;
		r->method = methods[i].method;
		return lws_hdr_copy(wsi, r->path, sizeof(r->path), methods[i].token) > 0;
	}
	return false;
}

/* A request that two parsers could read in two ways is refused: libwebsockets 4.1 is lax here. */
static const char *check_framing(struct lws *wsi, struct http_request *r)
{
	char length[32];
	uint64_t value;

	if (lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING))
		return "send a body with Content-Length, not with Transfer-Encoding";
	if (!lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH))
		return NULL;
	r->has_body = true;
	if (lws_hdr_copy(wsi, length, sizeof(length), WSI_TOKEN_HTTP_CONTENT_LENGTH) <= 0 ||
	    !text_u64(length, &value))
		return "Content-Length is not a number";
	r->has_body = value > 0;
	r->too_large = value > HTTP_MAX_BODY;
	return NULL;
}

/* The whole name is looked at: 127.0.0.1.example.org is somebody else's. */
static bool is_local_name(const char *host)
{
	struct in_addr address;

	if (inet_pton(AF_INET, host, &address) == 1)
		return ntohl(address.s_addr) >> 24 == 127;
	return strcasecmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0;
}

/*
 * On loopback only local names may be asked for: a page from elsewhere whose
 * name was made to point here (DNS rebinding) is then refused.
 */
static bool host_is_right(const struct server *s, struct lws *wsi)
{
	char host[MAX_HOST];

	if (!config_is_loopback(&s->config))
		return true;
	if (lws_hdr_copy(wsi, host, sizeof(host), WSI_TOKEN_HOST) <= 0)
		return false;

	char *port = strrchr(host, ':');

	if (port && !strchr(port, ']'))
		*port = '\0';
	return is_local_name(host) || strcmp(host, s->config.listen_host) == 0;
}

static const char prefix[] = "Bearer ";

unsigned http_authenticate(struct server *s, struct lws *wsi, struct peer *peer)
{
	char header[TOKEN_MAX_BYTES + sizeof(prefix)];
	int len = lws_hdr_copy(wsi, header, sizeof(header), WSI_TOKEN_HTTP_AUTHORIZATION);

	peer->known = false;
	if (len < (int)sizeof(prefix) || strncasecmp(header, prefix, sizeof(prefix) - 1) != 0) {
		if (len)
			server_log_refusal(s, peer, "no bearer token, or one that is too long");
		return 401;
	}
	if (!server_check_token(s, peer, header + sizeof(prefix) - 1,
				(size_t)len - (sizeof(prefix) - 1), &peer->claims))
		return 401;
	peer->known = true;
	return 200;
}

static int refuse(struct lws *wsi, struct reply *r, unsigned status)
{
	r->status = status;
	if (status == 401)
		return reply_error(wsi, r, "unauthorized", "a valid bearer token is needed");
	return reply_error(wsi, r, "forbidden", "this token does not allow it");
}

static int wrong_method(struct lws *wsi, const struct route *route, struct reply *r)
{
	r->status = 405;
	r->allow = route->method == METHOD_POST ? "POST" : "GET, HEAD";
	return reply_error(wsi, r, "method_not_allowed", "this method is not for this path");
}

/* Open routes take any parameters: a page, or a probe that keeps caches away, may have some. */
static int run_route(struct answer *a, const struct route *route)
{
	char error[QUERY_ERROR];

	if (!route->open && !query_read(a->wsi, &a->query, error))
		answer_error(a, 400, "bad_field", error);
	else
		route->serve(a);
	return a->request->result;
}

static int serve_route(struct answer *a, const struct route *route)
{
	struct http_request *r = a->request;
	struct reply error = {.head = r->method == METHOD_HEAD, .close = r->has_body};
	bool reads = r->method == METHOD_GET || r->method == METHOD_HEAD;
	unsigned status;

	if (route->method == METHOD_POST ? r->method != METHOD_POST : !reads)
		return wrong_method(a->wsi, route, &error);
	if (!route->open) {
		status = http_authenticate(a->server, a->wsi, a->peer);
		if (status != 200)
			return refuse(a->wsi, &error, status);
		if (route->whole && a->peer->claims.tenants.limited) {
			server_log_refusal(a->server, a->peer,
					   "a token that is limited to tenants");
			return refuse(a->wsi, &error, 403);
		}
	}
	return run_route(a, route);
}

int http_serve(struct server *s, struct lws *wsi, struct peer *peer)
{
	struct http_request r = {.result = -1};
	struct reply error = {.close = true};
	const char *wrong;

	if (!read_path(wsi, &r)) {
		error.status = 400;
		return reply_error(wsi, &error, "bad_request", "the request line is not right");
	}
	wrong = check_framing(wsi, &r);
	if (wrong || (r.has_body && r.method != METHOD_POST)) {
		error.status = wrong && !r.has_body ? 411 : 400;
		return reply_error(wsi, &error, "bad_request",
				   wrong ? wrong : "a request of this method has no body");
	}
	if (r.too_large) {
		error.status = 413;
		return reply_error(wsi, &error, "too_large", "the body is too large");
	}
	if (!host_is_right(s, wsi)) {
		error.status = 403;
		server_log_refusal(s, peer, "a Host header that names another machine");
		return reply_error(wsi, &error, "wrong_host",
				   "the Host header names another machine");
	}

	static struct answer answer; /* large, and the loop has one thread */
	const struct route *route = route_find(r.path, &answer.rest);

	answer.server = s;
	answer.wsi = wsi;
	answer.peer = peer;
	answer.request = &r;
	if (route) {
		int result = serve_route(&answer, route);

		answer.request = NULL;
		return result;
	}
	answer.request = NULL;
	error.status = 404;
	error.close = r.has_body;
	error.head = r.method == METHOD_HEAD;
	return reply_error(wsi, &error, "not_found", "there is nothing at this path");
}

/* Ticket or, where the configuration allows it, token in the query. */
static bool authenticate_query(struct server *s, struct lws *wsi, struct peer *peer)
{
	char text[TOKEN_MAX_BYTES + 16];
	const char *value = lws_get_urlarg_by_name(wsi, "ticket=", text, sizeof(text));
	uint64_t now = (uint64_t)time(NULL);

	if (value) {
		peer->known = ticket_use(&s->tickets, value, now, &peer->claims);
		if (!peer->known)
			server_log_refusal(s, peer, "a ticket that is unknown, used or too old");
		return true;
	}
	value = lws_get_urlarg_by_name(wsi, "token=", text, sizeof(text));
	if (value && !s->config.auth.query_token)
		server_log_refusal(s, peer, "a token in the query, which is not configured");
	else if (value)
		peer->known = server_check_token(s, peer, value, strlen(value), &peer->claims);
	return value != NULL;
}

/* Without any token the connection is made, and has ten seconds to send one. */
static unsigned authenticate_upgrade(struct server *s, struct lws *wsi, struct peer *peer)
{
	if (lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_AUTHORIZATION))
		return http_authenticate(s, wsi, peer);
	if (!authenticate_query(s, wsi, peer))
		return 200;
	if (!peer->known)
		return 401;
	return 200;
}

int http_upgrade(struct server *s, struct lws *wsi, struct peer *peer)
{
	struct reply error = {.upgrade = true, .close = true};
	char path[64];
	unsigned status;

	peer->known = peer->health = peer->plain = false;
	if (lws_hdr_copy(wsi, path, sizeof(path), WSI_TOKEN_GET_URI) <= 0)
		path[0] = '\0';
	peer->health = strcmp(path, "/ws/health") == 0;
	peer->plain = strcmp(path, "/ws") == 0;
	if (!peer->health && !peer->plain && strcmp(path, "/admin") != 0) {
		error.status = 404;
		return reply_error(wsi, &error, "not_found", "there is no WebSocket at this path");
	}
	if (!host_is_right(s, wsi)) {
		error.status = 403;
		return reply_error(wsi, &error, "wrong_host",
				   "the Host header names another machine");
	}
	if (!s->config.websocket || s->counts.sessions >= s->config.max_connections) {
		error.status = 503;
		error.retry_after = "30";
		return reply_error(wsi, &error, "unavailable",
				   s->config.websocket ? "too many connections"
						       : "WebSocket is off");
	}
	if (peer->health)
		return 0;
	status = authenticate_upgrade(s, wsi, peer);
	if (status != 200)
		return refuse(wsi, &error, status);
	return 0;
}
