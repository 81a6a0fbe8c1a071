// SPDX-License-Identifier: Apache-2.0
#include "snapshot/tally.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

#define KEY_BYTES 1024 /* longer labels count by their beginning */

/* What a metric is added up as. Made at the first use, by the one thread that adds. */
struct slot {
	int16_t number; /* in its scope; -1: not added up */
	int16_t total;	/* metric that says the total; -1: none */
};

static struct slot slots[METRICS];
static size_t slot_counts[SCOPES];
static uint64_t slot_bits[SCOPES][SNAPSHOT_WORDS]; /* metrics that have one */

/* The better a metric tells the amount, the lower. Gauges do not. */
static int rank_of(enum metric_kind kind)
{
	switch (kind) {
	case KIND_AMOUNT:
		return 1;
	case KIND_RATE:
		return 2;
	case KIND_PERCENT:
		return 3;
	case KIND_SHARE:
		return 4;
	case KIND_GAUGE:
	case KIND_SIGNED:
	case KIND_TOTAL:
		break;
	}
	return 0;
}

/* Fills the slot of m, and returns whether m is the best that tells of its input. */
static bool is_best(const struct scope_info *scope, int m)
{
	const struct metric_info *info = &catalogue_metrics[m];
	int rank = rank_of(info->kind);
	bool best = rank && catalogue_inputs[info->input].level != LEVEL_GAUGE;

	slots[m].total = -1;
	for (int other = (int)scope->first_metric; other < (int)scope->end_metric; other++) {
		const struct metric_info *o = &catalogue_metrics[other];

		if (o->input != info->input || other == m)
			continue;
		if (o->kind == KIND_TOTAL)
			slots[m].total = (int16_t)other;
		if (rank_of(o->kind) && rank_of(o->kind) < rank)
			best = false;
	}
	return best;
}

static void make_slots_of(int s)
{
	const struct scope_info *scope = &catalogue_scopes[s];

	for (int m = (int)scope->first_metric; m < (int)scope->end_metric; m++) {
		int i = m - (int)scope->first_metric;

		slots[m].number = -1;
		if (!is_best(scope, m))
			continue;
		slots[m].number = (int16_t)slot_counts[s]++;
		slot_bits[s][i / 64] |= 1ULL << (i % 64);
	}
}

static void make_slots(void)
{
	static bool made;

	for (int s = 0; s < SCOPES && !made; s++)
		make_slots_of(s);
	made = true;
}

#define SCOPE(id, name, help)                                                \
	_Static_assert(INPUT_END_##id - INPUT_FIRST_##id <= TALLY_MAX_SLOTS, \
		       "a scope has no more counters than inputs");
#include "metrics.def"

int tally_slot(enum metric metric)
{
	make_slots();
	return slots[metric].number;
}

int tally_total_of(enum metric metric)
{
	make_slots();
	return slots[metric].total;
}

/* What was added in the window: the metric's value, or what that was worked out of. */
static double amount_of(const struct snapshot *s, const struct snapshot_row *row, int metric,
			uint64_t bits)
{
	const struct metric_info *info = &catalogue_metrics[metric];
	double value = info->real ? (union snapshot_value){.integer = bits}.real : (double)bits;
	double seconds = (double)(s->end_boot_ns - s->start_boot_ns) / 1e9;

	if (info->kind == KIND_RATE)
		value *= seconds;
	else if (info->kind == KIND_PERCENT)
		value *= seconds / 100;
	else if (info->kind == KIND_SHARE)
		value *= seconds / 100 * snapshot_number(s, row, METRIC_SYSTEM_cpu_count, 1);
	return value > 0 && value < 1e18 ? value : 0; /* a counter never falls */
}

/* Adds the amounts of a row to one or two sums. */
static void add_amounts(const struct snapshot *s, enum scope scope, const struct snapshot_row *row,
			double *totals, double *others)
{
	const uint64_t *next = (const uint64_t *)((const char *)s + s->values) + row->first_value;
	int first = (int)catalogue_scopes[scope].first_metric;

	for (int w = 0; w < SNAPSHOT_WORDS; w++) {
		for (uint64_t left = row->nonzero[w]; left; left &= left - 1) {
			int metric = first + w * 64 + __builtin_ctzll(left);
			uint64_t bits = *next++;

			if (slots[metric].number < 0)
				continue;

			double amount = amount_of(s, row, metric, bits);

			if (totals)
				totals[slots[metric].number] += amount;
			if (others)
				others[slots[metric].number] += amount;
		}
	}
}

/* A process is its pid and start time, another row all of its labels. */
static struct hash_pair key_of(const struct snapshot *s, enum scope scope,
			       const struct snapshot_row *row)
{
	const struct label_info *info = &catalogue_labels[catalogue_scopes[scope].first_label];
	char key[KEY_BYTES];
	size_t len = 0;

	if (scope == SCOPE_PROCESS)
		return (struct hash_pair){row->labels[0], row->labels[1]};
	for (size_t i = 0; i < scope_labels(scope); i++) {
		bool there = row->labels_present >> i & 1;
		bool text = there && info[i].type == LABEL_STRING;
		uint64_t number = there ? row->labels[i] : 0;
		const char *from = text ? snapshot_string(s, number) : (const char *)&number;
		size_t size = text ? strlen(from) + 1 : sizeof(number);

		if (size > KEY_BYTES - len)
			size = KEY_BYTES - len;
		memcpy(key + len, from, size);
		len += size;
	}
	return hash_bytes(key, len);
}

static struct tally_row *find_or_make(struct tally *t, enum scope scope, struct hash_pair key)
{
	struct table *table = &t->rows[scope];
	struct tally_row *row = table_get(table, key.a, key.b);

	if (row)
		return row;
	table->limit = TALLY_MAX_ROWS;
	row = calloc(1, sizeof(*row) + slot_counts[scope] * sizeof(*row->totals));
	if (row && table_put(table, key.a, key.b, row)) {
		row->seen = t->windows;
		return row;
	}
	free(row);
	t->left_out++;
	return NULL;
}

static bool has_amounts(enum scope scope, const struct snapshot_row *row)
{
	for (int w = 0; w < SNAPSHOT_WORDS; w++)
		if (row->nonzero[w] & slot_bits[scope][w])
			return true;
	return false;
}

static void add_row(struct tally *t, const struct snapshot *s, enum scope scope,
		    const struct snapshot_row *row)
{
	struct hash_pair key = key_of(s, scope, row);
	struct tally_row *sum = table_get(&t->rows[scope], key.a, key.b);

	if (!sum && has_amounts(scope, row))
		sum = find_or_make(t, scope, key);
	if (sum)
		sum->seen = t->windows;

	bool other = scope == SCOPE_PROCESS && !(sum && sum->shown);

	add_amounts(s, scope, row, sum ? sum->totals : NULL, other ? t->others : NULL);
}

/* What it did since it was shown last is told among the others. */
static void leave_to_others(struct tally *t, struct tally_row *row)
{
	for (size_t i = 0; row->shown && i < slot_counts[SCOPE_PROCESS]; i++)
		t->others[i] += row->totals[i] - row->before[i];
	row->shown = 0;
}

static bool is_gone(void *context, void *item)
{
	struct tally *t = context;
	struct tally_row *row = item;

	if (row->seen == t->windows)
		return false;
	leave_to_others(t, row);
	free(row->before);
	free(row);
	return true;
}

void tally_add(struct tally *t, const struct snapshot *s)
{
	make_slots();
	if (t->windows && s->seq > t->seq + 1)
		t->windows_missed += s->seq - t->seq - 1;
	t->seq = s->seq;
	t->windows++;
	for (int scope = 0; scope < SCOPES; scope++) {
		if (!slot_counts[scope])
			continue;
		for (size_t i = 0; i < snapshot_rows(s, (enum scope)scope); i++)
			add_row(t, s, (enum scope)scope, snapshot_row(s, (enum scope)scope, i));
		table_sweep(&t->rows[scope], is_gone, t);
	}
}

struct tally_row *tally_find(const struct tally *t, const struct snapshot *s, enum scope scope,
			     const struct snapshot_row *row)
{
	struct hash_pair key = key_of(s, scope, row);

	return table_get(&t->rows[scope], key.a, key.b);
}

void tally_show_begin(struct tally *t)
{
	make_slots();
	t->showing++;
}

void tally_show(struct tally *t, const struct snapshot_row *process)
{
	struct hash_pair key = {process->labels[0], process->labels[1]};
	struct tally_row *row = find_or_make(t, SCOPE_PROCESS, key);
	size_t size = slot_counts[SCOPE_PROCESS] * sizeof(*row->before);

	if (row && !row->before)
		row->before = malloc(size);
	if (!row || !row->before)
		return;
	memcpy(row->before, row->totals, size);
	row->shown = t->showing;
}

void tally_show_end(struct tally *t)
{
	struct tally_row *row;
	size_t at = 0;

	while ((row = table_next(&t->rows[SCOPE_PROCESS], &at)))
		if (row->shown && row->shown != t->showing)
			leave_to_others(t, row);
}

void tally_free(struct tally *t)
{
	for (int scope = 0; scope < SCOPES; scope++) {
		struct tally_row *row;
		size_t at = 0;

		while ((row = table_next(&t->rows[scope], &at))) {
			free(row->before);
			free(row);
		}
		table_free(&t->rows[scope]);
	}
	*t = (struct tally){0};
}
