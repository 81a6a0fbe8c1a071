// SPDX-License-Identifier: Apache-2.0
#include "serve/routes.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "encode/writer.h"
#include "serve/api.h"
#include "serve/assets.h"
#include "serve/reply.h"
#include "serve/scrape.h"

static void serve_healthz(struct answer *a)
{
	answer_begin();
	encode_member_string(&answer_out, "status", "ok");
	answer_end(a, 200);
}

static void serve_health_websocket(struct answer *a)
{
	const struct server *s = a->server;

	answer_begin();
	encode_member_string(&answer_out, "status", s->config.websocket ? "ok" : "off");
	encode_member_integer(&answer_out, "connections", s->counts.sessions);
	encode_member_integer(&answer_out, "max_connections", s->config.max_connections);
	answer_end(a, 200);
}

static void serve_health_metrics(struct answer *a)
{
	const struct server *s = a->server;
	const struct snapshot *newest = server_snapshot(s);
	const char *status = server_status(s);

	answer_begin();
	encode_member_string(&answer_out, "status", status);
	encode_member_integer(&answer_out, "interval_ms", s->config.interval_ms);
	if (newest) {
		encode_member_string(&answer_out, "source",
				     snapshot_string(newest, newest->source));
		encode_member_integer(&answer_out, "seq", newest->seq);
		encode_member_real(&answer_out, "age_seconds", server_snapshot_age(s));
	}
	answer_end(a, strcmp(status, "ok") == 0 ? 200 : 503);
}

static void serve_ticket(struct answer *a)
{
	const char *ticket;

	if (!answer_query_done(a))
		return;
	ticket = ticket_make(&a->server->tickets, &a->peer->claims, (uint64_t)time(NULL));
	if (!ticket) {
		answer_error(a, 503, "unavailable", "too many tickets are waiting to be used");
		return;
	}
	answer_begin();
	encode_member_string(&answer_out, "ticket", ticket);
	encode_member_integer(&answer_out, "expires_in", TICKET_SECONDS);
	answer_end(a, 200);
}

static bool accepts_gzip(struct lws *wsi)
{
	char text[256];

	return lws_hdr_copy(wsi, text, sizeof(text), WSI_TOKEN_HTTP_ACCEPT_ENCODING) > 0 &&
	       strstr(text, "gzip");
}

static bool is_known_to_client(struct lws *wsi, const struct asset *asset)
{
	char text[256];

	return lws_hdr_copy(wsi, text, sizeof(text), WSI_TOKEN_HTTP_IF_NONE_MATCH) > 0 &&
	       strstr(text, asset->etag);
}

static void serve_asset(struct answer *a)
{
	const struct asset *asset = asset_find(a->request->path + 1);
	struct reply reply = {
		.status = 200,
		.type = asset->type,
		.etag = asset->etag,
		.encoding = "gzip",
		.cache = "no-cache",
		.page = true,
		.head = a->request->method == METHOD_HEAD,
		.body = asset->bytes,
		.len = asset->len,
	};

	if (is_known_to_client(a->wsi, asset)) {
		reply.status = 304;
		reply.len = 0;
		reply.encoding = NULL;
	} else if (!accepts_gzip(a->wsi)) {
		buf_reset(&answer_out);
		if (asset_unpack(asset, &answer_out))
			return;
		reply.encoding = NULL;
		reply.body = answer_out.data;
		reply.len = answer_out.len;
	}
	a->request->result = reply_send(a->wsi, &reply);
}

/* A path that ends with a slash is followed by a name. */
static const struct route routes[] = {
	{"/healthz", METHOD_GET, true, false, serve_healthz},
	{"/health/websocket", METHOD_GET, true, false, serve_health_websocket},
	{"/health/admin-metrics", METHOD_GET, true, false, serve_health_metrics},
	{"/metrics", METHOD_GET, true, false, scrape_serve}, /* asks for itself */
	{"/api/v1/snapshot", METHOD_GET, false, false, api_snapshot},
	{"/api/v1/processes", METHOD_GET, false, false, api_processes},
	{"/api/v1/processes/", METHOD_GET, false, false, api_process},
	{"/api/v1/groups", METHOD_GET, false, false, api_groups},
	{"/api/v1/metrics", METHOD_GET, false, false, api_metrics},
	{"/api/v1/alerts", METHOD_GET, false, false, api_alerts},
	{"/api/v1/alerts/", METHOD_GET, false, false, api_alert},
	{"/api/v1/rules", METHOD_GET, false, true, api_rules},
	{"/api/v1/stats", METHOD_GET, false, true, api_stats},
	{"/api/v1/nodes", METHOD_GET, false, false, api_nodes},
	{"/api/v1/ws-ticket", METHOD_POST, false, false, serve_ticket},
};

/* True when the route is for this path; the name behind it then stands in *ret_rest. */
static bool matches(const struct route *route, const char *path, const char **ret_rest)
{
	size_t len = strlen(route->path);

	if (strncmp(route->path, path, len) != 0)
		return false;
	*ret_rest = path + len;
	if (route->path[len - 1] != '/')
		return path[len] == '\0';
	return path[len] && !strchr(path + len, '/');
}

const struct route *route_find(const char *path, const char **ret_rest)
{
	static const struct route asset = {"/", METHOD_GET, true, false, serve_asset};

	for (size_t i = 0; i < sizeof(routes) / sizeof(*routes); i++)
		if (matches(&routes[i], path, ret_rest))
			return &routes[i];
	*ret_rest = "";
	return path[0] == '/' && asset_find(path + 1) ? &asset : NULL;
}
