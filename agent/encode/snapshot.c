// SPDX-License-Identifier: Apache-2.0
/* The snapshot document. Rows are written from the catalogue: labels by type, metrics nested by their paths. */
#include <stdlib.h>
#include <string.h>

#include "encode/encode.h"
#include "encode/writer.h"
#include "snapshot/order.h"

#define MAX_DEPTH 4

/* A path split at its dots: objects that hold the metric, and its own name. */
struct member_path {
	const char *names[MAX_DEPTH];
	size_t lengths[MAX_DEPTH];
	size_t depth; /* objects around the metric */
};

static void split(const char *path, struct member_path *ret)
{
	ret->depth = 0;
	for (;;) {
		size_t len = strcspn(path, ".");

		ret->names[ret->depth] = path;
		ret->lengths[ret->depth] = len;
		if (path[len] == '\0' || ret->depth == MAX_DEPTH - 1)
			return;
		ret->depth++;
		path += len + 1;
	}
}

static const struct member_path *path_of(enum metric metric)
{
	static struct member_path paths[METRICS];

	if (!paths[0].names[0])
		for (int m = 0; m < METRICS; m++)
			split(catalogue_metrics[m].path, &paths[m]);
	return &paths[metric];
}

static size_t common_depth(const struct member_path *a, const struct member_path *b)
{
	size_t depth = 0;

	while (depth < a->depth && depth < b->depth && a->lengths[depth] == b->lengths[depth] &&
	       memcmp(a->names[depth], b->names[depth], a->lengths[depth]) == 0)
		depth++;
	return depth;
}

static void add_name(struct buf *b, const char *name, size_t len)
{
	char *to = buf_reserve(b, len + 4), *start = to;

	if (!to)
		return;

	char before = b->len ? b->data[b->len - 1] : '{';

	if (before != '{' && before != '[')
		*to++ = ',';
	*to++ = '"';
	memcpy(to, name, len);
	to += len;
	*to++ = '"';
	*to++ = ':';
	b->len += (size_t)(to - start);
}

/* What else belongs into an object of a row: called before that object is closed. */
typedef void (*object_tail)(struct buf *b, const struct snapshot *s, const char *name, size_t len);

static void close_objects(struct buf *b, const struct snapshot *s, const struct member_path *open,
			  size_t from, size_t to, object_tail tail)
{
	for (size_t depth = from; depth > to; depth--) {
		if (tail && depth == 1)
			tail(b, s, open->names[0], open->lengths[0]);
		buf_add_char(b, '}');
	}
}

/* The metrics of a row that it has, as members of the object that is open. */
static void add_metrics(struct buf *b, const struct snapshot *s, const struct snapshot_row *row,
			enum scope scope, object_tail tail)
{
	static const struct member_path none;
	const struct scope_info *info = &catalogue_scopes[scope];
	const uint64_t *values = (const void *)((const char *)s + s->values);
	const struct member_path *open = &none;
	size_t next = row->first_value;

	for (int m = (int)info->first_metric; m < (int)info->end_metric; m++) {
		unsigned i = (unsigned)(m - (int)info->first_metric);
		uint64_t bit = 1ULL << (i % 64);

		if (!(row->present[i / 64] & bit))
			continue;

		const struct member_path *path = path_of((enum metric)m);
		size_t common = common_depth(open, path);
		union snapshot_value value = {0};

		if (row->nonzero[i / 64] & bit)
			value.integer = values[next++];
		close_objects(b, s, open, open->depth, common, tail);
		for (size_t depth = common; depth < path->depth; depth++) {
			add_name(b, path->names[depth], path->lengths[depth]);
			buf_add_char(b, '{');
		}
		add_name(b, path->names[path->depth], path->lengths[path->depth]);
		if (catalogue_metrics[m].real)
			encode_real(b, value.real);
		else
			encode_integer(b, value.integer);
		open = path;
	}
	close_objects(b, s, open, open->depth, 0, tail);
}

static void add_labels(struct buf *b, const struct snapshot *s, const struct snapshot_row *row,
		       enum scope scope)
{
	const struct label_info *info = &catalogue_labels[catalogue_scopes[scope].first_label];
	size_t count = scope_labels(scope);

	for (size_t i = 0; i < count; i++) {
		if (!(row->labels_present >> i & 1))
			continue;
		add_name(b, info[i].name, strlen(info[i].name));
		if (info[i].type == LABEL_STRING) {
			const char *text = snapshot_string(s, row->labels[i]);

			encode_string(b, text, strlen(text));
		} else if (info[i].type == LABEL_FLAG) {
			buf_add_string(b, row->labels[i] ? "true" : "false");
		} else {
			encode_integer(b, row->labels[i]);
		}
	}
}

static void add_row(struct buf *b, const struct snapshot *s, enum scope scope, size_t i)
{
	const struct snapshot_row *row = snapshot_row(s, scope, i);

	encode_comma(b);
	buf_add_char(b, '{');
	add_labels(b, s, row, scope);
	add_metrics(b, s, row, scope, NULL);
	buf_add_char(b, '}');
}

static void add_rows(struct buf *b, const struct snapshot *s, const char *name, enum scope scope)
{
	encode_member(b, name);
	buf_add_char(b, '[');
	for (size_t i = 0; i < snapshot_rows(s, scope); i++)
		add_row(b, s, scope, i);
	buf_add_char(b, ']');
}

static void add_cores(struct buf *b, const struct snapshot *s, const char *name, size_t len)
{
	if (len == 3 && memcmp(name, "cpu", 3) == 0)
		add_rows(b, s, "cores", SCOPE_CORE);
}

/* The members of a scope that has one row. */
static void add_single(struct buf *b, const struct snapshot *s, enum scope scope, object_tail tail)
{
	if (snapshot_rows(s, scope))
		add_metrics(b, s, snapshot_row(s, scope, 0), scope, tail);
}

static void add_system(struct buf *b, const struct snapshot *s, const struct encode_server *server)
{
	encode_member(b, "system");
	buf_add_char(b, '{');
	add_single(b, s, SCOPE_SYSTEM, add_cores);
	add_rows(b, s, "disks", SCOPE_DISK);
	add_rows(b, s, "interfaces", SCOPE_INTERFACE);
	if (server) {
		encode_member(b, "websocket");
		buf_add_char(b, '{');
		encode_member_integer(b, "connections", server->connections);
		encode_member_integer(b, "messages_sent", server->messages_sent);
		encode_member_integer(b, "messages_skipped", server->messages_skipped);
		buf_add_char(b, '}');
	}
	buf_add_char(b, '}');
}

/* Kept from one call to the next: the steady state allocates nothing. One thread writes. */
static uint32_t *order_scratch(size_t rows)
{
	static uint32_t *order;
	static size_t room;

	if (rows <= room && order)
		return order;

	uint32_t *larger = realloc(order, (rows + rows / 2 + 1) * sizeof(*order));

	if (larger) {
		order = larger;
		room = rows + rows / 2;
	}
	return larger;
}

static void add_processes(struct buf *b, const struct snapshot *s, const struct encode_view *view)
{
	uint32_t *order = order_scratch(snapshot_rows(s, SCOPE_PROCESS));

	encode_member(b, "processes");
	buf_add_char(b, '[');
	if (order) {
		size_t count = order_largest(s, SCOPE_PROCESS, view->sort, view->limit, order);

		for (size_t i = 0; i < count; i++)
			add_row(b, s, SCOPE_PROCESS, order[i]);
	} else {
		b->failed = true;
	}
	buf_add_char(b, ']');
}

static void add_probes(struct buf *b, const struct snapshot *s)
{
	encode_member(b, "probes");
	buf_add_char(b, '{');
	for (size_t i = 0; i < snapshot_rows(s, SCOPE_PROBE); i++) {
		const struct snapshot_row *row = snapshot_row(s, SCOPE_PROBE, i);
		const char *name = snapshot_label_string(s, row, SCOPE_PROBE, LABEL_PROBE_name);
		const char *variant = snapshot_label_string(s, row, SCOPE_PROBE, LABEL_PROBE_variant);
		const char *reason = snapshot_label_string(s, row, SCOPE_PROBE, LABEL_PROBE_reason);
		char text[256] = "unavailable: ";

		strncat(text, *reason ? reason : "no reason known", sizeof(text) - strlen(text) - 1);
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

static void add_object(struct buf *b, const struct snapshot *s, const char *name, enum scope scope)
{
	encode_member(b, name);
	buf_add_char(b, '{');
	add_single(b, s, scope, NULL);
	buf_add_char(b, '}');
}

void encode_snapshot(struct buf *b, const struct snapshot *s, const struct encode_view *view,
		   const struct encode_server *server)
{
	buf_add_char(b, '{');
	add_head(b, s);
	add_system(b, s, server);
	encode_member(b, "groups");
	buf_add_string(b, "[]");
	add_processes(b, s, view);
	add_object(b, s, "totals", SCOPE_TOTALS);
	add_object(b, s, "losses", SCOPE_LOSSES);
	encode_member(b, "agent");
	buf_add_char(b, '{');
	encode_member_string(b, "source", snapshot_string(s, s->source));
	add_probes(b, s);
	add_single(b, s, SCOPE_AGENT, NULL);
	buf_add_string(b, "}}");
}
