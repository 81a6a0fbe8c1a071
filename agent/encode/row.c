// SPDX-License-Identifier: Apache-2.0
#include "encode/row.h"

#include <stdbool.h>
#include <string.h>

#include "encode/put.h"
#include "encode/writer.h"

#define MAX_DEPTH 4

/* What stands between two values: closing braces, a comma, names, opening braces. */
#define STEP_MAX 64
#define NAME_MAX_BYTES 44

/* A process is its pid and start time, a group its kind and name. */
#define KEY_LABELS 3

#define LABEL(scope, id, name, type, help) \
	_Static_assert(sizeof(name) <= NAME_MAX_BYTES, "a step holds the name of any label");
#define METRIC(scope, id, path, kind, unit, input, help) \
	_Static_assert(sizeof(path) <= NAME_MAX_BYTES, "a step holds the path of any metric");
#include "metrics.def"

/* A path split at its dots: the objects around a metric, and its own name. */
struct member_path {
	const char *names[MAX_DEPTH];
	size_t lengths[MAX_DEPTH];
	size_t depth; /* objects around the metric */
};

/* The text before a value. It is copied whole: cheaper than by its length. */
struct step {
	char text[STEP_MAX];
	size_t length;
};

/*
 * Made at the first use, by the one thread that encodes. A metric's step is what
 * stands before it when the metric before it in the list was written too.
 */
static struct member_path paths[METRICS];
static struct step metric_steps[METRICS];
static struct step label_steps[LABELS];

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

static size_t common_depth(const struct member_path *a, const struct member_path *b)
{
	size_t depth = 0;

	while (depth < a->depth && depth < b->depth && a->lengths[depth] == b->lengths[depth] &&
	       memcmp(a->names[depth], b->names[depth], a->lengths[depth]) == 0)
		depth++;
	return depth;
}

static char *put_name(char *to, const char *name, size_t len)
{
	*to++ = '"';
	memcpy(to, name, len);
	to += len;
	*to++ = '"';
	*to++ = ':';
	return to;
}

/* From the value of one metric to that of another. */
static struct step step_between(const struct member_path *from, const struct member_path *path)
{
	size_t common = common_depth(from, path);
	struct step step;
	char *to = step.text;

	for (size_t depth = from->depth; depth > common; depth--)
		*to++ = '}';
	*to++ = ',';
	for (size_t depth = common; depth < path->depth; depth++) {
		to = put_name(to, path->names[depth], path->lengths[depth]);
		*to++ = '{';
	}
	to = put_name(to, path->names[path->depth], path->lengths[path->depth]);
	step.length = (size_t)(to - step.text);
	return step;
}

static void make_steps(void)
{
	static const struct member_path none;

	for (int m = 0; m < METRICS; m++) {
		bool first = m == 0 || catalogue_metrics[m - 1].scope != catalogue_metrics[m].scope;

		split(catalogue_metrics[m].path, &paths[m]);
		metric_steps[m] = step_between(first ? &none : &paths[m - 1], &paths[m]);
	}
	for (int l = 0; l < LABELS; l++) {
		struct member_path path;

		split(catalogue_labels[l].name, &path);
		label_steps[l] = step_between(&none, &path);
	}
}

/* No comma before the first member of an object. */
static char *put_step(char *to, const struct step *step, bool is_first)
{
	memcpy(to, step->text + is_first, STEP_MAX - 1);
	return to + step->length - is_first;
}

static char *put_label(char *to, const struct snapshot *s, enum label_type type, uint64_t value)
{
	if (type == LABEL_STRING) {
		const char *text = snapshot_string(s, value);

		return put_string(to, text, strlen(text));
	}
	if (type == LABEL_INTEGER)
		return put_integer(to, value);
	memcpy(to, value ? "true " : "false", 5);
	return to + (value ? 4 : 5);
}

/* Room for all labels of the row. */
static char *reserve_labels(struct buf *b, const struct snapshot *s, const struct snapshot_row *row,
			    enum scope scope)
{
	const struct label_info *info = &catalogue_labels[catalogue_scopes[scope].first_label];
	size_t bytes = 0;

	for (uint64_t left = row->labels_present; left; left &= left - 1) {
		int i = __builtin_ctzll(left);

		bytes += STEP_MAX + PUT_NUMBER_MAX;
		if (info[i].type == LABEL_STRING)
			bytes += PUT_STRING_MAX(strlen(snapshot_string(s, row->labels[i])));
	}
	return buf_reserve(b, bytes);
}

void encode_labels(struct buf *b, const struct snapshot *s, enum scope scope,
		   const struct snapshot_row *row, uint64_t wanted)
{
	enum label first = catalogue_scopes[scope].first_label;
	char *start = reserve_labels(b, s, row, scope), *to = start;

	if (!to)
		return;
	if (!paths[0].names[0])
		make_steps();

	bool is_first = b->len == 0 || to[-1] == '{';

	for (uint64_t left = row->labels_present & wanted; left; left &= left - 1) {
		int i = __builtin_ctzll(left);

		to = put_step(to, &label_steps[first + i], is_first);
		to = put_label(to, s, catalogue_labels[first + i].type, row->labels[i]);
		is_first = false;
	}
	b->len += (size_t)(to - start);
}

/* Where a writer of metrics stands. */
struct place {
	char *to;
	int last;      /* metric written before; -1 at the beginning */
	bool is_first; /* nothing stands in the object yet */
};

static void put_metric(struct place *p, int metric, union snapshot_value value)
{
	static const struct member_path none;

	if (p->last == metric - 1 && p->last >= 0) {
		p->to = put_step(p->to, &metric_steps[metric], false);
	} else {
		const struct member_path *from = p->last < 0 ? &none : &paths[p->last];
		struct step step = step_between(from, &paths[metric]);

		p->to = put_step(p->to, &step, p->is_first);
	}
	if (catalogue_metrics[metric].real)
		p->to = put_real(p->to, value.real);
	else
		p->to = put_integer(p->to, value.integer);
	p->last = metric;
	p->is_first = false;
}

static void put_metrics(struct place *p, const struct snapshot *s, const struct snapshot_row *row,
			enum metric first, enum metric end, const struct encode_mask *mask)
{
	static const struct encode_mask all = {UINT64_MAX, {UINT64_MAX, UINT64_MAX}};
	int base = (int)catalogue_scopes[catalogue_metrics[first].scope].first_metric;
	const uint64_t *next = (const uint64_t *)((const char *)s + s->values) + row->first_value;

	mask = mask ? mask : &all;
	for (int w = 0; w < SNAPSHOT_WORDS; w++) {
		for (uint64_t left = row->present[w]; left; left &= left - 1) {
			int metric = base + w * 64 + __builtin_ctzll(left);
			union snapshot_value value = {0};

			if (row->nonzero[w] & left & -left)
				value.integer = *next++;
			if (metric >= (int)first && metric < (int)end &&
			    mask->metrics[w] & left & -left)
				put_metric(p, metric, value);
		}
	}
	for (size_t depth = p->last < 0 ? 0 : paths[p->last].depth; depth > 0; depth--)
		*p->to++ = '}';
}

void encode_metrics(struct buf *b, const struct snapshot *s, const struct snapshot_row *row,
		    enum metric first, enum metric end, const struct encode_mask *mask)
{
	char *to = buf_reserve(b, (size_t)(end - first + 1) * (STEP_MAX + PUT_NUMBER_MAX));

	if (!to || first == end)
		return;
	if (!paths[0].names[0])
		make_steps();

	struct place place = {.to = to, .last = -1, .is_first = b->len == 0 || to[-1] == '{'};

	put_metrics(&place, s, row, first, end, mask);
	b->len += (size_t)(place.to - to);
}

size_t encode_row(struct buf *b, const struct snapshot *s, enum scope scope, size_t i,
		  const struct encode_mask *mask)
{
	const struct snapshot_row *row = snapshot_row(s, scope, i);
	uint64_t wanted = mask ? mask->labels : UINT64_MAX;
	size_t key_end;

	encode_comma(b);
	buf_add_char(b, '{');
	encode_labels(b, s, scope, row, KEY_LABELS);
	key_end = b->len;
	encode_labels(b, s, scope, row, wanted & ~KEY_LABELS);
	encode_metrics(b, s, row, catalogue_scopes[scope].first_metric,
		       catalogue_scopes[scope].end_metric, mask);
	buf_add_char(b, '}');
	return key_end;
}

void encode_rows(struct buf *b, const struct snapshot *s, const char *name, enum scope scope)
{
	encode_member(b, name);
	buf_add_char(b, '[');
	for (size_t i = 0; i < snapshot_rows(s, scope); i++)
		encode_row(b, s, scope, i, NULL);
	buf_add_char(b, ']');
}
