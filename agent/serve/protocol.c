// SPDX-License-Identifier: Apache-2.0
/* What clients say over the WebSocket, and what they are answered. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#include "base/clock.h"
#include "base/log.h"
#include "encode/writer.h"
#include "serve/message.h"
#include "serve/server.h"

#define MAX_DEPTH 8
#define MAX_ID_BYTES 128

/* Scratch for outgoing messages: the loop has one thread. */
static struct buf out;

/* A request: its parts are borrowed from the parsed text. */
struct request {
	struct session *session;
	const char *type;
	char id[MAX_ID_BYTES * 6 + 3]; /* as JSON text, "" when there is none */
	json_t *data;		       /* NULL when there is none */
};

static void begin(const struct request *r, const char *type, const char *channel)
{
	struct message m = {.type = type, .id = r->id[0] ? r->id : NULL, .channel = channel};

	message_begin(&out, &m);
}

static void finish(struct session *c)
{
	message_end(&out);

	struct frame *f = buf_failed(&out) ? NULL : frame_text(out.data, out.len);

	if (f)
		session_send(c, f);
	else
		session_close(c, CLOSE_TOO_SLOW, "out of memory");
	frame_unref(f);
}

static void fail(const struct request *r, const char *code, const char *text)
{
	begin(r, "error", NULL);
	buf_add_char(&out, '{');
	encode_member_string(&out, "code", code);
	encode_member_string(&out, "message", text);
	buf_add_char(&out, '}');
	finish(r->session);
}

void protocol_tell(struct session *c, const char *type, const char *channel, const char *data)
{
	struct request none = {.session = c};

	begin(&none, type, channel);
	buf_add_string(&out, data);
	finish(c);
}

void protocol_welcome(struct session *c, const char *id)
{
	const struct server *s = c->server;
	const struct snapshot *newest = server_snapshot(s);
	struct message m = {.type = "welcome", .id = id};

	message_begin(&out, &m);
	buf_add_char(&out, '{');
	encode_member_string(&out, "connectionId", c->id);
	encode_member_string(&out, "userId", c->claims.subject);
	encode_member_string(&out, "role", auth_role_name(c->claims.role));
	encode_member_time(&out, "serverTime", clock_wall_ms());
	encode_member_time(&out, "tokenExpires", (int64_t)c->claims.expires * 1000);
	encode_member(&out, "availableChannels");
	buf_add_string(&out, "[\"metrics\",\"alerts\"]");
	encode_member_string(&out, "node",
			     newest ? snapshot_string(newest, newest->node) : s->config.node);
	encode_member_string(&out, "version", PROBECAST_VERSION);
	encode_member_integer(&out, "interval_ms", s->config.interval_ms);
	encode_member(&out, "heartbeat");
	buf_add_char(&out, '{');
	encode_member_integer(&out, "interval_ms", s->config.ping_interval_ms);
	encode_member_integer(&out, "timeout_ms", 10000);
	buf_add_string(&out, "}}");
	finish(c);
}

/* Options of a metrics subscription; false after an error was sent. */
static bool take_option(const struct request *r, const char *name, const json_t *value,
			struct encode_view *view, uint32_t *every)
{
	uint32_t window = r->session->server->config.interval_ms;
	char text[160];

	if (strcmp(name, "sort") == 0) {
		const char *path = json_string_value(value);
		int metric = path ? catalogue_find_metric(SCOPE_PROCESS, path) : -1;

		if (metric >= 0) {
			view->sort = (enum metric)metric;
			return true;
		}
		fail(r, "bad_field", "sort must be a metric of the process scope");
		return false;
	}
	if (strcmp(name, "limit") == 0) {
		if (json_is_integer(value) && json_integer_value(value) >= 0 &&
		    json_integer_value(value) <= 1000000) {
			view->limit = (size_t)json_integer_value(value);
			return true;
		}
		fail(r, "bad_field", "limit must be a whole number from 0 (all) to 1000000");
		return false;
	}
	if (strcmp(name, "interval_ms") == 0) {
		json_int_t ms = json_is_integer(value) ? json_integer_value(value) : 0;

		if (ms >= window && ms <= 3600000 && ms % window == 0) {
			*every = (uint32_t)ms / window;
			return true;
		}
		snprintf(text, sizeof(text), "interval_ms must be a multiple of %u up to 3600000",
			 window);
		fail(r, "bad_field", text);
		return false;
	}
	fail(r, "bad_field", "options of metrics are sort, limit and interval_ms");
	return false;
}

static void add_snapshot(struct session *c)
{
	const struct snapshot *s = server_snapshot(c->server);
	struct encode_server numbers = server_numbers(c->server);
	const struct buf *data = s ? view_data(c->view, s, &numbers) : NULL;

	if (data)
		buf_add(&out, data->data, data->len);
	else
		buf_add_string(&out, "null");
}

static void confirm(const struct request *r, const char *type, const char *channel)
{
	begin(r, type, channel);
	buf_add_char(&out, '{');
	encode_member_string(&out, "channel", channel);
	buf_add_char(&out, '}');
	finish(r->session);
}

static void subscribe_metrics(const struct request *r)
{
	struct session *c = r->session;
	struct encode_view what = {METRIC_PROCESS_cpu_percent, c->server->config.process_limit};
	json_t *options = json_object_get(r->data, "options"), *value;
	uint32_t every = 1;
	const char *name;

	if (options && !json_is_object(options)) {
		fail(r, "bad_field", "options must be an object");
		return;
	}
	json_object_foreach (options, name, value) {
		if (!take_option(r, name, value, &what, &every))
			return;
	}

	struct view *view = view_get(&c->server->views, &what);

	if (!view) {
		fail(r, "limit",
		     "too many different views are subscribed to; take one that others have");
		return;
	}
	view_put(&c->server->views, c->view);
	c->view = view;
	c->every = every;
	confirm(r, "subscribed", "metrics");
	begin(r, "initial_data", "metrics");
	add_snapshot(c);
	finish(c);
}

static void add_alert(void *context, const struct alert *alert)
{
	(void)context;
	encode_comma(&out);
	encode_alert(&out, alert);
}

static void subscribe_alerts(const struct request *r)
{
	struct session *c = r->session;
	struct message m = {.type = "initial_data",
			    .id = r->id[0] ? r->id : NULL,
			    .channel = "alerts",
			    .seq = c->server->alert_seq};

	c->alerts = true;
	confirm(r, "subscribed", "alerts");
	message_begin(&out, &m);
	buf_add_string(&out, "{\"alerts\":[");
	alert_engine_each_firing(c->server->alerts, add_alert, NULL);
	buf_add_string(&out, "]}");
	finish(c);
}

static const char *channel_of(const struct request *r)
{
	return json_string_value(json_object_get(r->data, "channel"));
}

static void handle_subscribe(const struct request *r)
{
	const char *channel = channel_of(r);

	if (channel && strcmp(channel, "metrics") == 0)
		subscribe_metrics(r);
	else if (channel && strcmp(channel, "alerts") == 0)
		subscribe_alerts(r);
	else
		fail(r, "unknown_channel", "channel must be metrics or alerts");
}

static void handle_unsubscribe(const struct request *r)
{
	struct session *c = r->session;
	const char *channel = channel_of(r);

	if (channel && strcmp(channel, "metrics") == 0) {
		view_put(&c->server->views, c->view);
		c->view = NULL;
		frame_unref(c->update);
		c->update = NULL;
	} else if (channel && strcmp(channel, "alerts") == 0) {
		c->alerts = false;
	} else {
		fail(r, "unknown_channel", "channel must be metrics or alerts");
		return;
	}
	confirm(r, "unsubscribed", channel);
}

static void handle_ping(const struct request *r)
{
	begin(r, "pong", NULL);
	buf_add_string(&out, "{}");
	finish(r->session);
}

static void handle_status(const struct request *r)
{
	const struct server *s = r->session->server;
	const struct snapshot *newest = server_snapshot(s);

	begin(r, "status", NULL);
	buf_add_char(&out, '{');
	encode_member_integer(&out, "connections", s->counts.sessions);
	encode_member_integer(&out, "messages_sent", s->counts.messages_sent);
	encode_member_integer(&out, "messages_skipped", s->counts.messages_skipped);
	encode_member_integer(&out, "skipped_here", r->session->skipped);
	encode_member_integer(&out, "alerts_firing", alert_engine_firing(s->alerts));
	if (newest) {
		encode_member_integer(&out, "seq", newest->seq);
		encode_member_real(&out, "snapshot_age_seconds",
				   (double)(clock_boot_ns() - s->snapshot_boot_ns) / 1e9);
	}
	buf_add_char(&out, '}');
	finish(r->session);
}

/* First message of a connection without a token, or a new token for a live one: same subject, role
 * not higher. */
static void handle_auth(const struct request *r)
{
	struct session *c = r->session;
	const json_t *token = json_object_get(r->data, "token");
	struct peer peer = {0};
	struct claims claims;

	memcpy(peer.address, c->address, sizeof(peer.address));
	if (!json_is_string(token) ||
	    !server_check_token(c->server, &peer, json_string_value(token),
				json_string_length(token), &claims)) {
		fail(r, "unauthorized", "the token is not accepted");
		return;
	}
	if (claims.limited) {
		fail(r, "forbidden", "tokens that are limited to tenants are not served here");
		return;
	}
	if (c->authenticated &&
	    (strcmp(claims.subject, c->claims.subject) != 0 || claims.role > c->claims.role)) {
		fail(r, "forbidden",
		     "a new token must be of the same subject, and its role not higher");
		return;
	}
	c->claims = claims;
	c->notice_sent = false;
	if (!c->authenticated)
		log_info("%s: %s (%s) connected from %s", c->id, claims.subject,
			 auth_role_name(claims.role), c->address);
	c->authenticated = true;
	protocol_welcome(c, r->id[0] ? r->id : NULL);
}

static const struct {
	const char *type;
	void (*handle)(const struct request *r);
	bool before_auth;
} handlers[] = {
	{"subscribe", handle_subscribe, false},	    {"admin:subscribe", handle_subscribe, false},
	{"unsubscribe", handle_unsubscribe, false}, {"ping", handle_ping, true},
	{"get_status", handle_status, false},	    {"auth", handle_auth, true},
};

/* The request's id goes back as it came: a short string or a whole number. */
static bool take_id(struct request *r, const json_t *id)
{
	AUTO_BUF struct buf text = {0};

	if (!id)
		return true;
	if (json_is_integer(id)) {
		snprintf(r->id, sizeof(r->id), "%lld", (long long)json_integer_value(id));
		return true;
	}
	if (!json_is_string(id) || json_string_length(id) > MAX_ID_BYTES)
		return false;
	encode_string(&text, json_string_value(id), json_string_length(id));
	if (buf_failed(&text) || text.len >= sizeof(r->id))
		return false;
	memcpy(r->id, text.data, text.len);
	r->id[text.len] = '\0';
	return true;
}

static void dispatch(struct request *r)
{
	for (size_t i = 0; i < sizeof(handlers) / sizeof(*handlers); i++) {
		if (strcmp(handlers[i].type, r->type) != 0)
			continue;
		if (!r->session->authenticated && !handlers[i].before_auth)
			fail(r, "unauthorized", "send an auth message with a token first");
		else
			handlers[i].handle(r);
		return;
	}
	fail(r, "unknown_type", "no such message type");
}

/* jansson recurses: a text that nests deeper than any message does is refused before it is parsed.
 */
static bool too_deep(const char *text, size_t len)
{
	size_t depth = 0;
	bool quoted = false;

	for (size_t i = 0; i < len; i++) {
		if (quoted && text[i] == '\\') {
			i++;
		} else if (quoted) {
			quoted = text[i] != '"';
		} else if (text[i] == '"') {
			quoted = true;
		} else if (text[i] == '{' || text[i] == '[') {
			if (++depth > MAX_DEPTH)
				return true;
		} else if ((text[i] == '}' || text[i] == ']') && depth) {
			depth--;
		}
	}
	return false;
}

void protocol_handle(struct session *c, const char *text, size_t len)
{
	struct request r = {.session = c};
	json_t *json = too_deep(text, len) ? NULL
					   : json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);

	if (!json_is_object(json)) {
		fail(&r, "bad_json",
		     "a message is a JSON object, at most 8 levels deep, no key twice");
		json_decref(json);
		return;
	}
	r.type = json_string_value(json_object_get(json, "type"));
	r.data = json_object_get(json, "data");
	if (!take_id(&r, json_object_get(json, "id")))
		fail(&r, "bad_field", "id must be a string of at most 128 bytes or a whole number");
	else if (!r.type)
		fail(&r, "bad_field", "type is missing");
	else if (r.data && !json_is_object(r.data))
		fail(&r, "bad_field", "data must be an object");
	else
		dispatch(&r);
	json_decref(json);
}
