// SPDX-License-Identifier: Apache-2.0
/* What concerns those who run the agent: who is there, how it is, who was refused. */
#include <string.h>

#include "base/clock.h"
#include "encode/writer.h"
#include "serve/channel.h"
#include "serve/publish.h"

static struct buf data;

void publish_activity(struct server *s, const char *action, const struct session *c)
{
	if (s->stopping)
		return;
	buf_reset(&data);
	buf_add_char(&data, '{');
	encode_member_string(&data, "action", action);
	encode_member_string(&data, "userId", c->claims.subject);
	encode_member_string(&data, "role", auth_role_name(c->claims.role));
	encode_member_string(&data, "connectionId", c->id);
	encode_member_string(&data, "address", c->address);
	buf_add_char(&data, '}');
	channel_tell(s, "activity", "admin:activity", &data);
}

static void add_unavailable(struct buf *b, const struct snapshot *s)
{
	encode_member(b, "unavailable");
	buf_add_char(b, '{');
	for (size_t i = 0; i < snapshot_rows(s, SCOPE_PROBE); i++) {
		const struct snapshot_row *row = snapshot_row(s, SCOPE_PROBE, i);
		const char *name = snapshot_label_string(s, row, SCOPE_PROBE, LABEL_PROBE_name);

		if (*snapshot_label_string(s, row, SCOPE_PROBE, LABEL_PROBE_variant))
			continue;
		encode_comma(b);
		encode_string(b, name, strlen(name));
		buf_add_char(b, ':');
		name = snapshot_label_string(s, row, SCOPE_PROBE, LABEL_PROBE_reason);
		encode_string(b, name, strlen(name));
	}
	buf_add_char(b, '}');
}

/* Counts of what was lost in this window: those that are not 0. */
static void add_losses(struct buf *b, const struct snapshot *s)
{
	const struct scope_info *scope = &catalogue_scopes[SCOPE_LOSSES];
	union snapshot_value value;

	encode_member(b, "losses");
	buf_add_char(b, '{');
	for (enum metric m = scope->first_metric;
	     m < scope->end_metric && snapshot_rows(s, SCOPE_LOSSES); m++)
		if (catalogue_metrics[m].kind == KIND_AMOUNT && !catalogue_metrics[m].real &&
		    snapshot_value(s, snapshot_row(s, SCOPE_LOSSES, 0), m, &value) && value.integer)
			encode_member_integer(b, catalogue_metrics[m].path, value.integer);
	buf_add_char(b, '}');
}

void publish_add_health(struct buf *b, const struct server *s)
{
	const struct snapshot *newest = server_snapshot(s);

	buf_add_char(b, '{');
	encode_member_string(b, "status", server_status(s));
	if (newest) {
		encode_member_string(b, "source", snapshot_string(newest, newest->source));
		add_unavailable(b, newest);
		add_losses(b, newest);
	}
	buf_add_char(b, '}');
}

void publish_health(struct server *s)
{
	buf_reset(&data);
	publish_add_health(&data, s);
	if (data.len == s->health.len && memcmp(data.data, s->health.data, data.len) == 0)
		return;
	buf_reset(&s->health);
	buf_add(&s->health, data.data, data.len);
	channel_tell(s, "platform:health", "platform:health", &data);
}

void publish_refusal(struct server *s, const char *address, const char *why)
{
	buf_reset(&data);
	buf_add_char(&data, '{');
	encode_member_string(&data, "event", "refused");
	encode_member_string(&data, "address", address);
	encode_member_string(&data, "reason", why);
	buf_add_char(&data, '}');
	channel_tell(s, "platform:security", "platform:security", &data);
}

void publish_notice(struct server *s, const char *severity, const char *message)
{
	buf_reset(&data);
	buf_add_char(&data, '{');
	encode_member_string(&data, "severity", severity);
	encode_member_string(&data, "message", message);
	buf_add_char(&data, '}');
	channel_tell(s, "system:notifications", "notification", &data);
}
