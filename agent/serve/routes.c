// SPDX-License-Identifier: Apache-2.0
#include "serve/routes.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/text.h"
#include "encode/encode.h"
#include "encode/writer.h"
#include "serve/assets.h"
#include "serve/reply.h"

/* Collection counts as stuck after so many windows without a snapshot. */
#define STALE_WINDOWS 3

/* Scratch for answers: the loop has one thread. */
static struct buf out;

static void send_json(struct lws *wsi, struct http_request *r, unsigned status)
{
	struct reply reply = {
		.status = status,
		.type = "application/json",
		.head = r->method == METHOD_HEAD,
		.close = r->has_body,
		.body = out.data,
		.len = out.len,
	};

	if (buf_failed(&out))
		r->result = -1;
	else
		r->result = reply_send(wsi, &reply);
}

static void send_error(struct lws *wsi, struct http_request *r, unsigned status, const char *code,
		       const char *message)
{
	struct reply reply = {
		.status = status,
		.head = r->method == METHOD_HEAD,
		.close = r->has_body,
		.retry_after = status == 503 ? "5" : NULL,
	};

	r->result = reply_error(wsi, &reply, code, message);
}

static void begin_object(void)
{
	buf_reset(&out);
	buf_add_char(&out, '{');
}

static double snapshot_age(const struct server *s)
{
	return (double)(clock_boot_ns() - s->snapshot_boot_ns) / 1e9;
}

static bool is_fresh(const struct server *s)
{
	return server_snapshot(s) &&
	       snapshot_age(s) * 1000 < (double)s->config.interval_ms * STALE_WINDOWS + 1000;
}

static void serve_healthz(struct server *s, struct lws *wsi, struct peer *peer,
			  struct http_request *r)
{
	(void)s;
	(void)peer;
	begin_object();
	encode_member_string(&out, "status", "ok");
	buf_add_string(&out, "}\n");
	send_json(wsi, r, 200);
}

static void serve_health_websocket(struct server *s, struct lws *wsi, struct peer *peer,
				   struct http_request *r)
{
	(void)peer;
	begin_object();
	encode_member_string(&out, "status", s->config.websocket ? "ok" : "off");
	encode_member_integer(&out, "connections", s->counts.sessions);
	encode_member_integer(&out, "max_connections", s->config.max_connections);
	buf_add_string(&out, "}\n");
	send_json(wsi, r, 200);
}

static void serve_health_metrics(struct server *s, struct lws *wsi, struct peer *peer,
				 struct http_request *r)
{
	const struct snapshot *newest = server_snapshot(s);
	bool fresh = is_fresh(s);

	(void)peer;
	begin_object();
	encode_member_string(&out, "status", fresh ? "ok" : newest ? "stale" : "starting");
	encode_member_integer(&out, "interval_ms", s->config.interval_ms);
	if (newest) {
		encode_member_string(&out, "source", snapshot_string(newest, newest->source));
		encode_member_integer(&out, "seq", newest->seq);
		encode_member_real(&out, "age_seconds", snapshot_age(s));
	}
	buf_add_string(&out, "}\n");
	send_json(wsi, r, fresh ? 200 : 503);
}

/* Sort and limit of the query. Returns NULL, or what is wrong with it. */
static const char *read_view(struct server *s, struct lws *wsi, struct encode_view *view)
{
	char text[128];
	const char *value;
	uint64_t limit;

	memset(view, 0, sizeof(*view));
	view->sort = METRIC_PROCESS_cpu_percent;
	view->limit = s->config.process_limit;
	value = lws_get_urlarg_by_name(wsi, "sort=", text, sizeof(text));
	if (value) {
		int metric = catalogue_find_metric(SCOPE_PROCESS, value);

		if (metric < 0)
			return "sort must be a metric of the process scope; see /api/v1/metrics";
		view->sort = (enum metric)metric;
	}
	value = lws_get_urlarg_by_name(wsi, "limit=", text, sizeof(text));
	if (value && (!text_u64(value, &limit) || limit > 1000000))
		return "limit must be a whole number from 0 (all) to 1000000";
	if (value)
		view->limit = (uint32_t)limit;
	return NULL;
}

static void serve_snapshot(struct server *s, struct lws *wsi, struct peer *peer,
			   struct http_request *r)
{
	const struct snapshot *newest = server_snapshot(s);
	struct encode_server numbers = server_numbers(s);
	struct encode_view view;
	const char *wrong = read_view(s, wsi, &view);

	(void)peer;
	if (wrong) {
		send_error(wsi, r, 400, "bad_field", wrong);
		return;
	}
	if (!newest) {
		send_error(wsi, r, 503, "starting", "the first window is not over yet");
		return;
	}
	buf_reset(&out);
	encode_snapshot(&out, newest, &view, &numbers);
	buf_add_char(&out, '\n');
	send_json(wsi, r, 200);
}

static void serve_metrics(struct server *s, struct lws *wsi, struct peer *peer,
			  struct http_request *r)
{
	(void)s;
	(void)peer;
	buf_reset(&out);
	encode_catalogue(&out);
	buf_add_char(&out, '\n');
	send_json(wsi, r, 200);
}

static void add_alert(void *context, const struct alert *alert)
{
	(void)context;
	encode_comma(&out);
	encode_alert(&out, alert);
}

static void serve_alerts(struct server *s, struct lws *wsi, struct peer *peer,
			 struct http_request *r)
{
	(void)peer;
	buf_reset(&out);
	buf_add_string(&out, "{\"alerts\":[");
	alert_engine_each_firing(s->alerts, add_alert, NULL);
	buf_add_string(&out, "]}\n");
	send_json(wsi, r, 200);
}

static void serve_stats(struct server *s, struct lws *wsi, struct peer *peer,
			struct http_request *r)
{
	(void)peer;
	begin_object();
	encode_member_integer(&out, "connections", s->counts.sessions);
	encode_member_integer(&out, "sockets", s->connections);
	encode_member_integer(&out, "sockets_refused", s->sockets_refused);
	encode_member_integer(&out, "messages_sent", s->counts.messages_sent);
	encode_member_integer(&out, "messages_received", s->counts.messages_received);
	encode_member_integer(&out, "messages_skipped", s->counts.messages_skipped);
	encode_member_integer(&out, "auth_refused", s->counts.auth_refused);
	encode_member_integer(&out, "snapshots", s->counts.snapshots);
	encode_member_integer(&out, "snapshots_refused", s->counts.snapshots_refused);
	encode_member_integer(&out, "alerts_firing", alert_engine_firing(s->alerts));
	encode_member_integer(&out, "alerts_overflow", alert_engine_overflow(s->alerts));
	buf_add_string(&out, "}\n");
	send_json(wsi, r, 200);
}

static void serve_ticket(struct server *s, struct lws *wsi, struct peer *peer,
			 struct http_request *r)
{
	const char *ticket = ticket_make(&s->tickets, &peer->claims, (uint64_t)time(NULL));

	if (!ticket) {
		send_error(wsi, r, 503, "unavailable", "too many tickets are waiting to be used");
		return;
	}
	begin_object();
	encode_member_string(&out, "ticket", ticket);
	encode_member_integer(&out, "expires_in", TICKET_SECONDS);
	buf_add_string(&out, "}\n");
	send_json(wsi, r, 200);
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

static void serve_asset(struct server *s, struct lws *wsi, struct peer *peer,
			struct http_request *r)
{
	const struct asset *asset = asset_find(r->path + 1);
	struct reply reply = {
		.status = 200,
		.type = asset->type,
		.etag = asset->etag,
		.encoding = "gzip",
		.cache = "no-cache",
		.page = true,
		.head = r->method == METHOD_HEAD,
		.body = asset->bytes,
		.len = asset->len,
	};

	(void)s;
	(void)peer;
	if (is_known_to_client(wsi, asset)) {
		reply.status = 304;
		reply.len = 0;
		reply.encoding = NULL;
	} else if (!accepts_gzip(wsi)) {
		buf_reset(&out);
		if (asset_unpack(asset, &out))
			return;
		reply.encoding = NULL;
		reply.body = out.data;
		reply.len = out.len;
	}
	r->result = reply_send(wsi, &reply);
}

static const struct route routes[] = {
	{"/healthz", METHOD_GET, true, serve_healthz},
	{"/health/websocket", METHOD_GET, true, serve_health_websocket},
	{"/health/admin-metrics", METHOD_GET, true, serve_health_metrics},
	{"/api/v1/snapshot", METHOD_GET, false, serve_snapshot},
	{"/api/v1/metrics", METHOD_GET, false, serve_metrics},
	{"/api/v1/alerts", METHOD_GET, false, serve_alerts},
	{"/api/v1/stats", METHOD_GET, false, serve_stats},
	{"/api/v1/ws-ticket", METHOD_POST, false, serve_ticket},
};

const struct route *route_find(const char *path)
{
	static const struct route asset = {"/", METHOD_GET, true, serve_asset};

	for (size_t i = 0; i < sizeof(routes) / sizeof(*routes); i++)
		if (strcmp(routes[i].path, path) == 0)
			return &routes[i];
	return path[0] == '/' && asset_find(path + 1) ? &asset : NULL;
}
