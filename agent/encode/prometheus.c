// SPDX-License-Identifier: Apache-2.0
#include "encode/prometheus.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include <linux/types.h>

#include "encode/family.h"
#include "encode/sample.h"
#include "encode/series.h"
#include "latency.h"

/* The processes that have no series of their own. It has no pid, so no process is taken for it. */
static const char others_labels[] = "{comm=\"other\"}";

struct writer {
	struct buf *b;
	const struct snapshot *s;
	const struct tally *t;
	struct series_set *set;
	enum scope scope;
	bool openmetrics;
};

/* The value of a family in a row; false when it is not known. */
static bool value_of(const struct writer *w, const struct family *f, const struct series_row *r,
		     double *ret)
{
	union snapshot_value value;

	if (!snapshot_value(w->s, r->row, f->metric, &value))
		return false;
	if (f->slot < 0)
		*ret = catalogue_metrics[f->metric].real ? value.real : (double)value.integer;
	else if (r->sums)
		*ret = r->sums->totals[f->slot];
	else if (w->t->left_out)
		return false;
	else
		*ret = 0;
	*ret *= f->factor;
	return true;
}

/* What the living processes that are not shown hold, in sum; false when none of them tells. */
static bool sum_of_others(const struct writer *w, const struct family *f, double *ret)
{
	bool any = false;

	*ret = 0;
	for (size_t i = 0; i < snapshot_rows(w->s, SCOPE_PROCESS); i++) {
		const struct snapshot_row *row = snapshot_row(w->s, SCOPE_PROCESS, i);
		uint64_t exited = 0;
		double value;

		if (series_has(w->set, i) ||
		    (snapshot_label(row, SCOPE_PROCESS, LABEL_PROCESS_exited, &exited) && exited))
			continue;
		value = snapshot_number(w->s, row, f->metric, NAN);
		if (isnan(value))
			continue;
		*ret += value * f->factor;
		any = true;
	}
	return any;
}

/* known: some process that is shown tells of the family. */
static void add_others(const struct writer *w, const struct family *f,
		       const struct sample_name *name, bool known)
{
	char *to = buf_reserve(w->b, SAMPLE_ROOM + sizeof(others_labels));
	double value = 0;

	if (!to)
		return;
	if (f->others >= 0 && known)
		value = w->t->others[f->others] * f->factor;
	else if (!f->additive || !sum_of_others(w, f, &value))
		return;
	to = sample_put(to, name, others_labels, sizeof(others_labels) - 1, value);
	w->b->len = (size_t)(to - w->b->data);
}

/* A family of which nothing is known is left out with its head. */
static void add_family(const struct writer *w, const struct family *f)
{
	const struct sample_name name = sample_name_of(f, f->counter ? "_total" : "");
	size_t before = w->b->len, samples;

	sample_head(w->b, f, w->openmetrics, f->counter ? "counter" : "gauge");
	samples = w->b->len;

	char *to = buf_reserve(w->b, w->set->count * SAMPLE_ROOM + w->set->texts.len);

	if (!to)
		return;
	for (size_t i = 0; i < w->set->count; i++) {
		const struct series_row *r = &w->set->rows[i];
		double value;

		if (value_of(w, f, r, &value))
			to = sample_put(to, &name, w->set->texts.data + r->at, r->len, value);
	}
	w->b->len = (size_t)(to - w->b->data);
	if (w->scope == SCOPE_PROCESS)
		add_others(w, f, &name, w->b->len > samples);
	if (w->b->len == samples)
		w->b->len = before;
}

/* The labels of a row and the bound of a bucket; bound is INFINITY for the last. */
static char *put_bucket(char *to, const struct series_row *r, const char *labels, double bound,
			double value)
{
	static const char start[] = "probecast_disk_latency_seconds_bucket";

	memcpy(to, start, sizeof(start) - 1);
	to += sizeof(start) - 1;
	*to = '{';
	if (r->len)
		memcpy(to, labels, r->len - 1);
	to += r->len ? r->len - 1 : 0;
	*to++ = r->len ? ',' : '{';
	memcpy(to, "le=\"", 4);
	to = sample_put_value(to + 4, bound);
	memcpy(to, "\"} ", 3);
	to = sample_put_value(to + 3, value);
	*to++ = '\n';
	return to;
}

/* Buckets hold what those before them hold, too. */
static char *put_histogram(char *to, const struct writer *w, const struct series_row *r)
{
	const struct sample_name sum = sample_name_of(&family_disk_latency, "_sum");
	const struct sample_name count = sample_name_of(&family_disk_latency, "_count");
	int first = tally_slot(METRIC_DISK_latency_66us);
	const char *labels = w->set->texts.data + r->at;
	double requests = 0, seconds = 0;

	for (int i = 0; i <= LATENCY_BOUNDS; i++) {
		double bound = i < LATENCY_BOUNDS ? (double)LATENCY_BOUND_NS(i) / 1e9 : INFINITY;

		requests += r->sums ? r->sums->totals[first + i] : 0;
		to = put_bucket(to, r, labels, bound, requests);
	}
	if (r->sums)
		seconds = r->sums->totals[tally_slot(METRIC_DISK_latency_sum)];
	to = sample_put(to, &count, labels, r->len, requests);
	return sample_put(to, &sum, labels, r->len, seconds);
}

static void add_histogram(const struct writer *w)
{
	size_t samples = LATENCY_BOUNDS + 3, before = w->b->len, start;

	sample_head(w->b, &family_disk_latency, w->openmetrics, "histogram");
	start = w->b->len;
	for (size_t i = 0; i < w->set->count; i++) {
		const struct series_row *r = &w->set->rows[i];
		char *to = buf_reserve(w->b, samples * (2 * SAMPLE_ROOM + r->len));
		double known;

		if (to && value_of(w, &family_disk_latency, r, &known))
			w->b->len = (size_t)(put_histogram(to, w, r) - w->b->data);
	}
	if (w->b->len == start)
		w->b->len = before;
}

/* Rows that tell by their labels alone. */
static void add_info(const struct writer *w, const char *name, const char *help)
{
	struct family f = {.unit = ""};
	const struct sample_name sample = {"probecast_probe_info", 20};
	char *to;

	snprintf(f.name, sizeof(f.name), "%s%s", name, w->openmetrics ? "" : "_info");
	snprintf(f.help, sizeof(f.help), "%s", help);
	sample_head(w->b, &f, w->openmetrics, w->openmetrics ? "info" : "gauge");
	to = buf_reserve(w->b, w->set->count * SAMPLE_ROOM + w->set->texts.len);
	if (!to)
		return;
	for (size_t i = 0; i < w->set->count; i++)
		to = sample_put(to, &sample, w->set->texts.data + w->set->rows[i].at,
				w->set->rows[i].len, 1);
	w->b->len = (size_t)(to - w->b->data);
}

/* A family with one series, which is about the agent and not from the catalogue. */
static void add_single(const struct writer *w, const char *name, const char *unit, bool counter,
		       const char *help, double value)
{
	struct family f = {.unit = unit, .counter = counter};
	struct sample_name sample;
	char *to;

	snprintf(f.name, sizeof(f.name), "probecast_%s", name);
	snprintf(f.help, sizeof(f.help), "%s", help);
	sample = sample_name_of(&f, counter ? "_total" : "");
	sample_head(w->b, &f, w->openmetrics, counter ? "counter" : "gauge");
	to = buf_reserve(w->b, SAMPLE_ROOM);
	if (!to)
		return;
	to = sample_put(to, &sample, "", 0, value);
	w->b->len = (size_t)(to - w->b->data);
}

static void add_text_label(struct buf *b, const char *name, const char *text)
{
	size_t len = strlen(text);
	char *to;

	buf_add_string(b, name);
	to = buf_reserve(b, SERIES_VALUE_MAX(len));
	if (to)
		b->len = (size_t)(series_put_value(to, text, len) - b->data);
}

static void add_node(const struct writer *w)
{
	struct family f = {
		.unit = "",
		.help = "the node, where its numbers come from, and the agent's version"};
	struct buf *b = w->b;

	snprintf(f.name, sizeof(f.name), "probecast_node%s", w->openmetrics ? "" : "_info");
	sample_head(w->b, &f, w->openmetrics, w->openmetrics ? "info" : "gauge");
	add_text_label(b, "probecast_node_info{node=\"", snapshot_string(w->s, w->s->node));
	add_text_label(b, "\",source=\"", snapshot_string(w->s, w->s->source));
	add_text_label(b, "\",version=\"", PROBECAST_VERSION);
	buf_add_string(b, "\"} 1\n");
}

static void add_scrape(const struct writer *w, const struct encode_server *server)
{
	const struct tally *t = w->t;
	double length = (double)(w->s->end_boot_ns - w->s->start_boot_ns) / 1e9;

	add_node(w);
	add_single(w, "window_end_timestamp_seconds", "seconds", false,
		   "when the newest window ended, since 1970", (double)w->s->end_wall_ms / 1e3);
	add_single(w, "window_seconds", "seconds", false, "length of the newest window", length);
	add_single(w, "windows", "", true, "windows that the counters were added up from",
		   (double)t->windows);
	add_single(w, "windows_missed", "", true,
		   "windows that did not come: what was in them is not counted",
		   (double)t->windows_missed);
	add_single(w, "rows_uncounted", "", true, "rows that found no room to be added up in",
		   (double)t->left_out);
	add_single(w, "rows_duplicate", "", true, "rows left out for having the labels of another",
		   (double)w->set->duplicates);
	if (!server)
		return;
	add_single(w, "websocket_connections", "", false, "WebSocket connections",
		   (double)server->connections);
	add_single(w, "websocket_messages_sent", "", true, "messages sent to WebSocket clients",
		   (double)server->messages_sent);
	add_single(w, "websocket_messages_skipped", "", true,
		   "messages that slow WebSocket clients did not get",
		   (double)server->messages_skipped);
}

/* From now on what these processes do is theirs; what all others did so far is told with it. */
static void show_processes(struct tally *t, const struct series_set *set)
{
	tally_show_begin(t);
	for (size_t i = 0; i < set->count; i++)
		tally_show(t, set->rows[i].row);
	tally_show_end(t);
}

static const char *const hidden_names[SCOPES] = {
	[SCOPE_PROCESS] = "processes_hidden",
	[SCOPE_GROUP] = "groups_hidden",
	[SCOPE_POOL] = "pools_hidden",
};

static void add_scope(struct writer *w, struct tally *t, const struct prometheus_wish *wish)
{
	size_t count;
	const struct family *f = families_of(w->scope, &count);

	series_choose(w->set, w->s, t, w->scope, wish);
	if (w->set->failed)
		w->b->failed = true;
	if (w->set->failed || (!w->set->count && w->scope != SCOPE_PROCESS))
		return;
	if (w->scope == SCOPE_PROCESS)
		show_processes(t, w->set);
	for (size_t i = 0; i < count; i++)
		add_family(w, &f[i]);
	if (w->scope == SCOPE_DISK)
		add_histogram(w);
	if (w->scope == SCOPE_PROBE)
		add_info(w, "probecast_probe",
			 "how a source of numbers is attached, or why it is not there");
	if (hidden_names[w->scope])
		add_single(w, hidden_names[w->scope], "", false,
			   "rows that have no series of their own", (double)w->set->left_out);
}

void encode_prometheus(struct buf *b, const struct snapshot *s, struct tally *t,
		       const struct prometheus_wish *wish, const struct encode_server *server)
{
	static struct series_set set;
	struct writer w = {.b = b, .s = s, .t = t, .set = &set, .openmetrics = wish->openmetrics};

	for (int scope = 0; scope < SCOPES; scope++) {
		w.scope = (enum scope)scope;
		if (scope != SCOPE_OOM_KILL)
			add_scope(&w, t, wish);
	}
	add_scrape(&w, server);
	if (wish->openmetrics)
		buf_add_string(b, "# EOF\n");
}
