// SPDX-License-Identifier: Apache-2.0
/* Alerts on their channels. */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "encode/writer.h"
#include "serve/channel.h"
#include "serve/message.h"
#include "serve/publish.h"

static const char *label_of(const struct alert *alert, const char *name)
{
	for (size_t i = 0; i < alert->label_count; i++)
		if (strcmp(alert->labels[i].name, name) == 0)
			return alert->labels[i].value;
	return "";
}

/* Other scopes are about the machine, whatever labels they may have. */
const char *alert_tenant(const struct alert *alert)
{
	if (alert->rule->scope != SCOPE_PROCESS && alert->rule->scope != SCOPE_GROUP)
		return "";
	if (alert->rule->scope == SCOPE_GROUP && strcmp(label_of(alert, "kind"), "tenant") == 0)
		return label_of(alert, "name");
	return label_of(alert, "namespace");
}

static struct frame *make_frame(const struct message *m, const struct alert *alert)
{
	static struct buf text;

	message_begin(&text, m);
	encode_alert(&text, alert);
	message_end(&text);
	return buf_failed(&text) ? NULL : frame_shared(text.data, text.len);
}

/* To a tenant goes no number: those left out would tell how many alerts others have. */
static void send_to_tenant(struct server *s, struct message *m, const struct alert *alert,
			   const char *tenant)
{
	char channel[TENANT_MAX_BYTES + 16];
	struct frame *f;

	m->seq = 0;
	f = make_frame(m, alert);
	for (struct session *c = s->sessions; c && f; c = c->next)
		if (c->claims.tenants.limited && tenants_allow(&c->claims.tenants, tenant) &&
		    channel_has(c, "alerts"))
			session_send(c, f);
	frame_unref(f);
	snprintf(channel, sizeof(channel), "tenant:%s:alerts", tenant);
	m->channel = channel;
	f = make_frame(m, alert);
	m->channel = NULL;
	channel_send(s, channel, AUDIENCE_ALL, f);
	frame_unref(f);
}

/* Every reader of a channel gets the same frame. */
void publish_alert(void *server, enum alert_change change, const struct alert *alert)
{
	static const char *const types[] = {
		[ALERT_CHANGE_NEW] = "admin:alert:new",
		[ALERT_CHANGE_UPDATED] = "admin:alert:updated",
		[ALERT_CHANGE_RESOLVED] = "admin:alert:resolved",
	};
	struct server *s = server;
	struct message m = {.type = types[change], .channel = "alerts", .seq = ++s->alert_seq};
	const char *tenant = alert_tenant(alert);
	struct frame *f = make_frame(&m, alert);

	log_info("alert %s: %s", alert->state == ALERT_RESOLVED ? "resolved" : "firing",
		 alert->message ? alert->message : alert->rule->name);
	channel_send(s, "alerts", AUDIENCE_UNLIMITED, f);
	frame_unref(f);
	if (*tenant)
		send_to_tenant(s, &m, alert, tenant);
}

struct reader {
	struct buf *out;
	const struct session *session;
	const char *pattern;
};

static bool matches(const char *pattern, const char *channel)
{
	return strcmp(pattern, channel) == 0 || text_glob(pattern, channel);
}

static void add_alert(void *context, const struct alert *alert)
{
	const struct reader *r = context;
	const struct claims *claims = &r->session->claims;
	const char *tenant = alert_tenant(alert);
	char channel[CHANNEL_MAX];
	bool wanted = matches(r->pattern, "alerts") && tenants_allow(&claims->tenants, tenant);

	if (!wanted && *tenant) {
		snprintf(channel, sizeof(channel), "tenant:%s:alerts", tenant);
		wanted = matches(r->pattern, channel) && channel_allowed(claims, channel);
	}
	if (!wanted)
		return;
	encode_comma(r->out);
	encode_alert(r->out, alert);
}

void publish_add_alerts(struct buf *b, const struct session *c, const char *pattern)
{
	struct reader reader = {b, c, pattern};

	buf_add_char(b, '[');
	alert_engine_each_firing(c->server->alerts, add_alert, &reader);
	buf_add_char(b, ']');
}
