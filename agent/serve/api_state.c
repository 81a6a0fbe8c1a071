// SPDX-License-Identifier: Apache-2.0
/* What the server knows besides the rows: itself, rules, alerts. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/table.h"
#include "base/text.h"
#include "encode/writer.h"
#include "serve/api.h"
#include "serve/deflate.h"
#include "serve/publish.h"
#include "serve/subscription.h"

void api_metrics(struct answer *a)
{
	if (!answer_query_done(a))
		return;
	buf_reset(&answer_out);
	encode_catalogue(&answer_out);
	buf_add_char(&answer_out, '\n');
	answer_send(a, 200);
}

/* A user with several connections counts once. */
static uint64_t count_users(struct server *s)
{
	struct table seen = {0};
	uint64_t users;

	for (struct session *c = s->sessions; c; c = c->next) {
		struct hash_pair key = hash_bytes(c->claims.subject, strlen(c->claims.subject));

		if (c->authenticated && !table_get(&seen, key.a, key.b))
			table_put(&seen, key.a, key.b, c);
	}
	users = seen.count;
	table_free(&seen);
	return users;
}

static uint64_t count_subscriptions(const struct server *s)
{
	uint64_t subscriptions = 0;

	for (const struct session *c = s->sessions; c; c = c->next)
		subscriptions += c->subscription_count;
	return subscriptions;
}

static uint64_t count_views(const struct server *s)
{
	uint64_t views = 0;

	for (size_t i = 0; i < VIEW_MAX; i++)
		views += s->views.list[i] != NULL;
	return views;
}

static void add_counts(struct buf *b, struct server *s)
{
	encode_member_integer(b, "connections", s->counts.sessions);
	encode_member_integer(b, "users", count_users(s));
	encode_member_integer(b, "subscriptions", count_subscriptions(s));
	encode_member_integer(b, "views", count_views(s));
	encode_member_integer(b, "sockets", s->connections);
	encode_member_integer(b, "sockets_refused", s->sockets_refused);
	encode_member_integer(b, "messages_sent", s->counts.messages_sent);
	encode_member_integer(b, "messages_deflated", deflate_count());
	encode_member_integer(b, "messages_received", s->counts.messages_received);
	encode_member_integer(b, "messages_skipped", s->counts.messages_skipped);
	encode_member_integer(b, "auth_refused", s->counts.auth_refused);
	encode_member_integer(b, "snapshots", s->counts.snapshots);
	encode_member_integer(b, "snapshots_refused", s->counts.snapshots_refused);
	encode_member_integer(b, "alerts_firing", alert_engine_firing(s->alerts));
	encode_member_integer(b, "alerts_overflow", alert_engine_overflow(s->alerts));
}

void api_stats(struct answer *a)
{
	const struct snapshot *newest = server_snapshot(a->server);

	if (!answer_query_done(a))
		return;
	answer_begin();
	add_counts(&answer_out, a->server);
	if (newest) {
		encode_scope(&answer_out, newest, "losses", SCOPE_LOSSES);
		encode_scope(&answer_out, newest, "agent", SCOPE_AGENT);
	}
	answer_end(a, 200);
}

void api_rules(struct answer *a)
{
	const struct rule_set *rules = alert_engine_rules(a->server->alerts);

	if (!answer_query_done(a))
		return;
	answer_begin();
	encode_member(&answer_out, "rules");
	buf_add_char(&answer_out, '[');
	for (size_t i = 0; i < rules->count; i++) {
		encode_comma(&answer_out);
		encode_rule(&answer_out, &rules->rules[i]);
	}
	buf_add_char(&answer_out, ']');
	answer_end(a, 200);
}

/* Which alerts are wanted. */
struct alert_wish {
	const struct peer *peer;
	const char *id;	     /* NULL: any */
	const char *text;    /* looked for in rule, message and labels; NULL: any */
	unsigned severities; /* a bit for each */
	size_t found;
};

static bool has_text(const struct alert *alert, const char *text)
{
	if (strcasestr(alert->rule->name, text) ||
	    (alert->message && strcasestr(alert->message, text)))
		return true;
	for (size_t i = 0; i < alert->label_count; i++)
		if (strcasestr(alert->labels[i].value, text))
			return true;
	return false;
}

static void add_alert(void *context, const struct alert *alert)
{
	struct alert_wish *wish = context;

	if ((wish->id && strcmp(alert->id, wish->id) != 0) ||
	    !tenants_allow(&wish->peer->claims.tenants, alert_tenant(alert)) ||
	    !(wish->severities >> alert->rule->severity & 1) ||
	    (wish->text && !has_text(alert, wish->text)))
		return;
	wish->found++;
	encode_comma(&answer_out);
	encode_alert(&answer_out, alert);
}

/* "high,critical" as bits. False when one is no severity. */
static bool read_severities(const char *list, unsigned *ret)
{
	*ret = 0;
	for (;;) {
		size_t len = strcspn(list, ",");
		int s = SEVERITY_LOW;

		while (s <= SEVERITY_CRITICAL &&
		       (strlen(severity_name((enum severity)s)) != len ||
			strncmp(severity_name((enum severity)s), list, len) != 0))
			s++;
		if (s > SEVERITY_CRITICAL)
			return false;
		*ret |= 1u << s;
		if (!list[len])
			return true;
		list += len + 1;
	}
}

void api_alerts(struct answer *a)
{
	const char *state = query_get(&a->query, "state");
	const char *severities = query_get(&a->query, "severity");
	struct alert_wish wish = {.peer = a->peer, .severities = ~0u};

	wish.text = query_get(&a->query, "q");
	if (!answer_query_done(a))
		return;
	if (state && strcmp(state, "firing") != 0) {
		answer_error(a, 400, "bad_field", "state: only alerts that are firing are kept");
		return;
	}
	if (severities && !read_severities(severities, &wish.severities)) {
		answer_error(a, 400, "bad_field",
			     "severity: a list of low, medium, high and critical");
		return;
	}
	answer_begin();
	encode_member(&answer_out, "alerts");
	buf_add_char(&answer_out, '[');
	alert_engine_each_firing(a->server->alerts, add_alert, &wish);
	buf_add_char(&answer_out, ']');
	answer_end(a, 200);
}

void api_alert(struct answer *a)
{
	struct alert_wish wish = {.peer = a->peer, .id = a->rest, .severities = ~0u};

	if (!answer_query_done(a))
		return;
	buf_reset(&answer_out);
	alert_engine_each_firing(a->server->alerts, add_alert, &wish);
	buf_add_char(&answer_out, '\n');
	if (wish.found)
		answer_send(a, 200);
	else
		answer_error(a, 404, "not_found", "there is no such alert");
}

void api_nodes(struct answer *a)
{
	const struct server *s = a->server;
	const struct snapshot *newest = server_snapshot(s);

	if (!answer_query_done(a))
		return;
	answer_begin();
	encode_member(&answer_out, "nodes");
	buf_add_string(&answer_out, "[{");
	encode_member_string(&answer_out, "node",
			     newest ? snapshot_string(newest, newest->node) : s->config.node);
	encode_member_string(&answer_out, "version", PROBECAST_VERSION);
	encode_member_string(&answer_out, "status", server_status(s));
	encode_member_integer(&answer_out, "interval_ms", s->config.interval_ms);
	if (newest) {
		encode_member_string(&answer_out, "source",
				     snapshot_string(newest, newest->source));
		encode_member_integer(&answer_out, "seq", newest->seq);
		encode_member_time(&answer_out, "window_end", newest->end_wall_ms);
		encode_member_real(&answer_out, "age_seconds", server_snapshot_age(s));
	}
	buf_add_string(&answer_out, "}]");
	answer_end(a, 200);
}
