// SPDX-License-Identifier: Apache-2.0
#include "encode/view.h"

#include <stdlib.h>

#include "encode/writer.h"

/* Kept from one call to the next: the steady state allocates nothing. One thread writes. */
static struct order_row *order_scratch(size_t rows)
{
	static struct order_row *order;
	static size_t room;

	if (rows <= room && order)
		return order;

	struct order_row *larger = realloc(order, (rows + rows / 2 + 1) * sizeof(*order));

	if (larger) {
		order = larger;
		room = rows + rows / 2;
	}
	return larger;
}

_Static_assert(SCOPE_PROCESS == 0, "a view of zeros filters processes");

/* Who the parent of a tenant's process is may be somebody else's affair. */
static uint64_t hidden_labels(const struct encode_view *view)
{
	return encode_view_narrow(view) ? 1ULL << (LABEL_PROCESS_ppid - LABEL_FIRST_PROCESS) : 0;
}

struct order_wish encode_view_wish(const struct encode_view *view, enum scope scope)
{
	struct order_wish wish = {
		.metric = view->sort,
		.tenants = &view->tenants,
		.tenant = view->tenant[0] ? view->tenant : NULL,
	};

	if (scope == view->filtered)
		wish.filter = &view->filter;
	if (scope != SCOPE_PROCESS)
		return wish;
	wish.hidden = hidden_labels(view);
	wish.ascending = view->ascending;
	wish.limit = view->limit;
	wish.offset = view->offset;
	return wish;
}

static struct encode_mask mask_of(const struct encode_view *view, enum scope scope)
{
	struct encode_mask mask = {UINT64_MAX, {UINT64_MAX, UINT64_MAX}};

	if (view->masked)
		mask = scope == SCOPE_PROCESS ? view->process_mask : view->group_mask;
	if (scope == SCOPE_PROCESS)
		mask.labels &= ~hidden_labels(view);
	return mask;
}

static void add_row(struct buf *b, const struct snapshot *s, enum scope scope, size_t i,
		    const struct encode_mask *mask, const struct encode_hook *hook)
{
	size_t before = b->len, key_end = encode_row(b, s, scope, i, mask);

	if (!hook || !hook->row || buf_failed(b))
		return;
	if (!hook->row(hook->context, b, scope, before + (b->data[before] == ','), key_end))
		b->len = before;
}

/* Groups stand in the order of the snapshot: it is the same in each. */
static size_t add_groups(struct buf *b, const struct snapshot *s, const struct encode_view *view,
			 const struct encode_hook *hook)
{
	const struct order_wish wish = encode_view_wish(view, SCOPE_GROUP);
	const struct encode_mask mask = mask_of(view, SCOPE_GROUP);
	size_t count = 0;

	for (size_t i = 0; i < snapshot_rows(s, SCOPE_GROUP); i++) {
		if (!order_wants(&wish, s, SCOPE_GROUP, snapshot_row(s, SCOPE_GROUP, i)))
			continue;
		add_row(b, s, SCOPE_GROUP, i, &mask, hook);
		count++;
	}
	return count;
}

static size_t add_processes(struct buf *b, const struct snapshot *s, const struct encode_view *view,
			    const struct encode_hook *hook)
{
	struct order_row *order = order_scratch(snapshot_rows(s, SCOPE_PROCESS));
	const struct order_wish wish = encode_view_wish(view, SCOPE_PROCESS);
	const struct encode_mask mask = mask_of(view, SCOPE_PROCESS);
	size_t count, matching;

	if (!order) {
		b->failed = true;
		return 0;
	}
	count = order_rows(s, SCOPE_PROCESS, &wish, order, &matching);
	for (size_t i = 0; i < count; i++)
		add_row(b, s, SCOPE_PROCESS, order[i].row, &mask, hook);
	return matching;
}

size_t encode_view_rows(struct buf *b, const struct snapshot *s, const char *name, enum scope scope,
			const struct encode_view *view, const struct encode_hook *hook)
{
	size_t matching;

	encode_member(b, name);
	buf_add_char(b, '[');
	matching = scope == SCOPE_PROCESS ? add_processes(b, s, view, hook)
					  : add_groups(b, s, view, hook);
	buf_add_char(b, ']');
	return matching;
}

struct totals {
	uint64_t processes, threads, started, exited, shown;
	double cpu_seconds;
	bool threads_known, cpu_known;
};

static void count_process(struct totals *t, const struct snapshot *s,
			  const struct snapshot_row *row)
{
	uint64_t exited = 0, start_time = 0;
	union snapshot_value value;

	snapshot_label(row, SCOPE_PROCESS, LABEL_PROCESS_exited, &exited);
	t->shown++;
	t->exited += exited != 0;
	t->started += snapshot_label(row, SCOPE_PROCESS, LABEL_PROCESS_start_time, &start_time) &&
		      start_time >= s->start_boot_ns;
	if (snapshot_value(s, row, METRIC_PROCESS_cpu_seconds, &value)) {
		t->cpu_known = true;
		t->cpu_seconds += value.real;
	}
	if (exited)
		return;
	t->processes++;
	if (snapshot_value(s, row, METRIC_PROCESS_threads, &value)) {
		t->threads_known = true;
		t->threads += value.integer;
	}
}

void encode_view_totals(struct buf *b, const struct snapshot *s, const struct encode_view *view)
{
	struct order_wish wish = encode_view_wish(view, SCOPE_PROCESS);
	struct totals t = {0};

	wish.filter = NULL;
	for (size_t i = 0; i < snapshot_rows(s, SCOPE_PROCESS); i++) {
		const struct snapshot_row *row = snapshot_row(s, SCOPE_PROCESS, i);

		if (order_wants(&wish, s, SCOPE_PROCESS, row))
			count_process(&t, s, row);
	}
	encode_member(b, "totals");
	buf_add_char(b, '{');
	encode_member_integer(b, "processes", t.processes);
	if (t.threads_known)
		encode_member_integer(b, "threads", t.threads);
	encode_member_integer(b, "started", t.started);
	encode_member_integer(b, "exited", t.exited);
	encode_member_integer(b, "shown", t.shown);
	if (t.cpu_known)
		encode_member_real(b, "cpu_seconds", t.cpu_seconds);
	buf_add_char(b, '}');
}
