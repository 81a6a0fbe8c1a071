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
#include "serve/channel.h"
#include "serve/message.h"
#include "serve/request.h"
#include "serve/server.h"
#include "serve/subscription.h"

#define MAX_DEPTH 8

void protocol_tell(struct session *c, const char *type, const char *channel, const char *data)
{
	struct request none = {.session = c};

	request_begin(&none, type, channel);
	buf_add_string(&request_out, data);
	request_finish(c);
}

void protocol_welcome(struct session *c, const char *id)
{
	const struct server *s = c->server;
	const struct snapshot *newest = server_snapshot(s);
	struct message m = {.type = "welcome", .id = id};

	message_begin(&request_out, &m);
	buf_add_char(&request_out, '{');
	encode_member_string(&request_out, "connectionId", c->id);
	encode_member_string(&request_out, "userId", c->claims.subject);
	encode_member_string(&request_out, "role", auth_role_name(c->claims.role));
	encode_member_time(&request_out, "serverTime", clock_wall_ms());
	encode_member_time(&request_out, "tokenExpires", (int64_t)c->claims.expires * 1000);
	encode_member(&request_out, "availableChannels");
	channel_list(&request_out, &c->claims);
	encode_member_string(&request_out, "node",
			     newest ? snapshot_string(newest, newest->node) : s->config.node);
	encode_member_string(&request_out, "version", PROBECAST_VERSION);
	encode_member_integer(&request_out, "interval_ms", s->config.interval_ms);
	encode_member(&request_out, "heartbeat");
	buf_add_char(&request_out, '{');
	encode_member_integer(&request_out, "interval_ms", s->config.ping_interval_ms);
	encode_member_integer(&request_out, "timeout_ms", 10000);
	buf_add_string(&request_out, "}}");
	request_finish(c);
}

static void handle_ping(const struct request *r)
{
	request_begin(r, "pong", NULL);
	buf_add_string(&request_out, "{}");
	request_finish(r->session);
}

static void add_subscriptions(const struct session *c)
{
	encode_member(&request_out, "subscriptions");
	buf_add_char(&request_out, '[');
	for (const struct subscription *sub = c->subscriptions; sub; sub = sub->next) {
		encode_comma(&request_out);
		buf_add_char(&request_out, '{');
		encode_member_string(&request_out, "channel", sub->channel);
		if (sub->view) {
			encode_member_integer(&request_out, "interval_ms",
					      (uint64_t)sub->every * c->server->config.interval_ms);
			encode_member_bool(&request_out, "delta", sub->view->wish.delta);
			encode_member_integer(&request_out, "skipped", sub->skipped);
		}
		buf_add_char(&request_out, '}');
	}
	buf_add_char(&request_out, ']');
}

/* Of all connections together: nothing for a tenant. */
static void add_counts(const struct server *s)
{
	encode_member_integer(&request_out, "connections", s->counts.sessions);
	encode_member_integer(&request_out, "messages_sent", s->counts.messages_sent);
	encode_member_integer(&request_out, "messages_skipped", s->counts.messages_skipped);
	encode_member_integer(&request_out, "alerts_firing", alert_engine_firing(s->alerts));
}

static void handle_status(const struct request *r)
{
	const struct server *s = r->session->server;
	const struct snapshot *newest = server_snapshot(s);

	request_begin(r, "status", NULL);
	buf_add_char(&request_out, '{');
	if (!r->session->claims.tenants.limited)
		add_counts(s);
	encode_member_integer(&request_out, "skipped_here", r->session->skipped);
	add_subscriptions(r->session);
	if (newest) {
		encode_member_integer(&request_out, "seq", newest->seq);
		encode_member_real(&request_out, "snapshot_age_seconds", server_snapshot_age(s));
	}
	buf_add_char(&request_out, '}');
	request_finish(r->session);
}

/* Every right of the new claims is one of the old. */
static bool may_renew(const struct session *c, const struct claims *claims)
{
	const struct tenants *fresh = &claims->tenants;

	if (strcmp(claims->subject, c->claims.subject) != 0 || claims->role > c->claims.role)
		return false;
	if (!c->claims.tenants.limited || c->plain)
		return true;
	for (const char *at = NULL; (at = tenants_next(fresh, at));)
		if (!tenants_allow(&c->claims.tenants, at))
			return false;
	return fresh->limited;
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
		request_fail(r, "unauthorized", "the token is not accepted");
		return;
	}
	if (c->authenticated && !may_renew(c, &claims)) {
		request_fail(r, "forbidden",
			     "a new token must be of the same subject, its role not higher and its "
			     "tenants not others");
		return;
	}
	session_join(c, &claims);
	subscription_follow_claims(c);
	protocol_welcome(c, r->id[0] ? r->id : NULL);
}

static const struct {
	const char *type;
	void (*handle)(const struct request *r);
	bool before_auth;
} handlers[] = {
	{"subscribe", subscription_add, false},
	{"admin:subscribe", subscription_add, false},
	{"unsubscribe", subscription_remove, false},
	{"ping", handle_ping, true},
	{"get_status", handle_status, false},
	{"auth", handle_auth, true},
	{"update_interval", subscription_set_interval, false},
	{"apply_filter", subscription_set_filter, false},
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
	if (!json_is_string(id) || json_string_length(id) > REQUEST_MAX_ID)
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
			request_fail(r, "unauthorized", "send an auth message with a token first");
		else
			handlers[i].handle(r);
		return;
	}
	request_fail(r, "unknown_type", "no such message type");
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
		request_fail(&r, "bad_json",
			     "a message is a JSON object, at most 8 levels deep, no key twice");
		json_decref(json);
		return;
	}
	r.type = json_string_value(json_object_get(json, "type"));
	r.channel = json_string_value(json_object_get(json, "channel"));
	r.data = json_object_get(json, "data");
	if (!take_id(&r, json_object_get(json, "id")))
		request_fail(&r, "bad_field",
			     "id must be a string of at most 128 bytes or a whole number");
	else if (!r.type)
		request_fail(&r, "bad_field", "type is missing");
	else if (r.data && !json_is_object(r.data))
		request_fail(&r, "bad_field", "data must be an object");
	else
		dispatch(&r);
	json_decref(json);
}
