// SPDX-License-Identifier: Apache-2.0
#include "collect/other.h"

#include <stdlib.h>
#include <string.h>

#include "snapshot/derive.h"

struct rank {
	uint64_t run_ns, rss_bytes;
};

static struct rank rank_of(const struct process *p)
{
	const uint64_t *amount = process_amounts(p);

	return (struct rank){amount[PROCESS_INPUT(run_ns)],
			     process_value(p, PROCESS_INPUT(rss_bytes))};
}

/* Largest first. */
static int compare(const void *left, const void *right)
{
	const struct rank *a = left, *b = right;

	if (a->run_ns != b->run_ns)
		return a->run_ns < b->run_ns ? 1 : -1;
	return (a->rss_bytes < b->rss_bytes) - (a->rss_bytes > b->rss_bytes);
}

static size_t read_ranks(const struct window *w, struct rank *ranks)
{
	const struct process *p;
	size_t at = 0, count = 0;

	while ((p = table_next(&w->processes, &at)))
		if (process_is_shown(w, p))
			ranks[count++] = rank_of(p);
	return count;
}

/* Rare: only with more processes than rows, so sorting all of them may cost some milliseconds. */
void other_begin(struct other *o, const struct window *w)
{
	memset(o, 0, sizeof(*o));
	if (!w->rows_limit || w->processes.count <= w->rows_limit)
		return;

	struct rank *ranks = calloc(w->processes.count, sizeof(*ranks));
	size_t count = ranks ? read_ranks(w, ranks) : 0;

	if (count > w->rows_limit) {
		/* One of the rows is that of the others. */
		size_t last = w->rows_limit > 1 ? w->rows_limit - 2 : 0;

		qsort(ranks, count, sizeof(*ranks), compare);
		o->active = true;
		o->run_ns = ranks[last].run_ns;
		o->rss_bytes = ranks[last].rss_bytes;
		for (size_t i = last + 1; i-- > 0 && compare(&ranks[i], &ranks[last]) == 0;)
			o->as_small++;
	}
	free(ranks);
}

bool other_takes(struct other *o, const struct process *p)
{
	struct rank rank = rank_of(p), least = {o->run_ns, o->rss_bytes};
	int order = o->active ? compare(&rank, &least) : -1;

	if (order != 0)
		return order > 0;
	if (!o->as_small)
		return true;
	o->as_small--;
	return false;
}

void other_add(struct other *o, const struct process *p, const uint64_t *value)
{
	const uint64_t *amount = process_amounts(p);

	o->count++;
	for (unsigned i = 0; i < PROCESS_INPUTS; i++) {
		o->amount[i] += amount[i];
		o->value[i] += value[i];
	}
}

void other_emit(const struct other *o, const struct window *w, struct builder *b,
		uint64_t length_ns)
{
	unsigned total = METRIC_PROCESS_cpu_seconds_total - METRIC_FIRST_PROCESS;
	struct builder_row row;
	struct derive_inputs in = {
		.amount = o->amount,
		.value = o->value,
		.available = w->available & ~(1ULL << PROCESS_INPUT(rtt_ns)) &
			     ~(1ULL << PROCESS_INPUT(peak_rss_bytes)),
		.length_ns = length_ns,
		.cpus = 1,
	};

	if (!o->count)
		return;
	builder_row_clear(&row);
	builder_label(&row, SCOPE_PROCESS, LABEL_PROCESS_pid, 0);
	builder_label(&row, SCOPE_PROCESS, LABEL_PROCESS_start_time, 0);
	builder_label_string(b, &row, SCOPE_PROCESS, LABEL_PROCESS_comm, "other");
	builder_label(&row, SCOPE_PROCESS, LABEL_PROCESS_merged, o->count);
	builder_label(&row, SCOPE_PROCESS, LABEL_PROCESS_exited, false);
	derive_row(&row, SCOPE_PROCESS, &in);
	/* Its members change from window to window: what they had before is no counter. */
	row.present[total / 64] &= ~(1ULL << (total % 64));
	builder_add(b, SCOPE_PROCESS, &row);
}
