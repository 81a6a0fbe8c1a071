// SPDX-License-Identifier: Apache-2.0
/* The snapshot document. */
#include <string.h>

#include "encode/encode.h"
#include "encode/row.h"
#include "encode/view.h"
#include "encode/writer.h"

/* The members of a scope that has one row. */
static void add_single(struct buf *b, const struct snapshot *s, enum scope scope)
{
	const struct scope_info *info = &catalogue_scopes[scope];

	if (snapshot_rows(s, scope))
		encode_metrics(b, s, snapshot_row(s, scope, 0), info->first_metric,
			       info->end_metric, NULL);
}

void encode_scope(struct buf *b, const struct snapshot *s, const char *name, enum scope scope)
{
	encode_member(b, name);
	buf_add_char(b, '{');
	add_single(b, s, scope);
	buf_add_char(b, '}');
}

/* The first metric of the machine that is not about CPUs. */
static enum metric end_of_cpu(void)
{
	int m = (int)catalogue_scopes[SCOPE_SYSTEM].first_metric;

	while (m < (int)catalogue_scopes[SCOPE_SYSTEM].end_metric &&
	       strncmp(catalogue_metrics[m].path, "cpu.", 4) == 0)
		m++;
	return (enum metric)m;
}

/* The cores stand inside "cpu": the object that was just closed is opened again for them. */
static void add_cpu(struct buf *b, const struct snapshot *s, enum metric end)
{
	size_t before = b->len;

	if (snapshot_rows(s, SCOPE_SYSTEM))
		encode_metrics(b, s, snapshot_row(s, SCOPE_SYSTEM, 0),
			       catalogue_scopes[SCOPE_SYSTEM].first_metric, end, NULL);
	if (b->len > before)
		b->len--;
	else
		buf_add_string(b, "\"cpu\":{");
	encode_rows(b, s, "cores", SCOPE_CORE);
	buf_add_char(b, '}');
}

static void add_server(struct buf *b, const struct encode_server *server)
{
	encode_member(b, "websocket");
	buf_add_char(b, '{');
	encode_member_integer(b, "connections", server->connections);
	encode_member_integer(b, "messages_sent", server->messages_sent);
	encode_member_integer(b, "messages_skipped", server->messages_skipped);
	buf_add_char(b, '}');
}

static void add_system(struct buf *b, const struct snapshot *s, const struct encode_server *server)
{
	enum metric end = end_of_cpu();

	encode_member(b, "system");
	buf_add_char(b, '{');
	add_cpu(b, s, end);
	if (snapshot_rows(s, SCOPE_SYSTEM))
		encode_metrics(b, s, snapshot_row(s, SCOPE_SYSTEM, 0), end,
			       catalogue_scopes[SCOPE_SYSTEM].end_metric, NULL);
	encode_rows(b, s, "disks", SCOPE_DISK);
	encode_rows(b, s, "filesystems", SCOPE_FILESYSTEM);
	encode_rows(b, s, "interfaces", SCOPE_INTERFACE);
	encode_rows(b, s, "pools", SCOPE_POOL);
	encode_rows(b, s, "oom_kills", SCOPE_OOM_KILL);
	if (server)
		add_server(b, server);
	buf_add_char(b, '}');
}

static void add_probes(struct buf *b, const struct snapshot *s)
{
	encode_member(b, "probes");
	buf_add_char(b, '{');
	for (size_t i = 0; i < snapshot_rows(s, SCOPE_PROBE); i++) {
		const struct snapshot_row *row = snapshot_row(s, SCOPE_PROBE, i);
		const char *name = snapshot_label_string(s, row, SCOPE_PROBE, LABEL_PROBE_name);
		const char *variant =
			snapshot_label_string(s, row, SCOPE_PROBE, LABEL_PROBE_variant);
		const char *reason = snapshot_label_string(s, row, SCOPE_PROBE, LABEL_PROBE_reason);
		char text[256] = "unavailable: ";

		strncat(text, *reason ? reason : "no reason known",
			sizeof(text) - strlen(text) - 1);
		encode_comma(b);
		encode_string(b, name, strlen(name));
		buf_add_char(b, ':');
		encode_string(b, *variant ? variant : text, strlen(*variant ? variant : text));
	}
	buf_add_char(b, '}');
}

static void add_head(struct buf *b, const struct snapshot *s)
{
	const char *node = snapshot_string(s, s->node);

	encode_member_string(b, "node", node);
	encode_member(b, "window");
	buf_add_char(b, '{');
	encode_member_time(b, "start", s->start_wall_ms);
	encode_member_time(b, "end", s->end_wall_ms);
	encode_member_integer(b, "interval_ms", s->interval_ms);
	buf_add_char(b, '}');
	encode_member_integer(b, "seq", s->seq);
}

static void add_agent(struct buf *b, const struct snapshot *s, bool narrow)
{
	encode_member(b, "agent");
	buf_add_char(b, '{');
	encode_member_string(b, "source", snapshot_string(s, s->source));
	if (!narrow) {
		add_probes(b, s);
		add_single(b, s, SCOPE_AGENT);
	}
	buf_add_char(b, '}');
}

void encode_snapshot_hooked(struct buf *b, const struct snapshot *s, const struct encode_view *view,
			    const struct encode_server *server, const struct encode_hook *hook)
{
	bool narrow = encode_view_narrow(view);

	buf_add_char(b, '{');
	add_head(b, s);
	if (!narrow)
		add_system(b, s, server);
	encode_view_rows(b, s, "groups", SCOPE_GROUP, view, hook);
	encode_view_rows(b, s, "processes", SCOPE_PROCESS, view, hook);
	if (narrow) {
		encode_view_totals(b, s, view);
	} else {
		encode_scope(b, s, "totals", SCOPE_TOTALS);
		encode_scope(b, s, "losses", SCOPE_LOSSES);
	}
	add_agent(b, s, narrow);
	if (hook && hook->end)
		hook->end(hook->context, b);
	buf_add_char(b, '}');
}

void encode_snapshot(struct buf *b, const struct snapshot *s, const struct encode_view *view,
		     const struct encode_server *server)
{
	encode_snapshot_hooked(b, s, view, server, NULL);
}
