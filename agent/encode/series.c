// SPDX-License-Identifier: Apache-2.0
#include "encode/series.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/utf8.h"
#include "encode/family.h"
#include "encode/put.h"
#include "snapshot/order.h"

#define NAME_ROOM 32

#define LABEL(scope, id, name, type, help) \
	_Static_assert(sizeof(name) + 4 <= NAME_ROOM, "the name, a comma, = and two quotes");
#include "metrics.def"

/* What makes a row worth a series of its own: it is among the largest of one of these. */
static const enum metric process_measures[] = {
	METRIC_PROCESS_cpu_percent,	METRIC_PROCESS_memory_rss,
	METRIC_PROCESS_network_rx_rate, METRIC_PROCESS_network_tx_rate,
	METRIC_PROCESS_disk_read_rate,	METRIC_PROCESS_disk_write_rate,
};
static const enum metric group_measures[] = {
	METRIC_GROUP_cpu_percent,     METRIC_GROUP_memory_rss,	   METRIC_GROUP_network_rx_rate,
	METRIC_GROUP_network_tx_rate, METRIC_GROUP_disk_read_rate, METRIC_GROUP_disk_write_rate,
};
static const enum metric pool_measures[] = {
	METRIC_POOL_established, METRIC_POOL_opened,   METRIC_POOL_failed,
	METRIC_POOL_rx_bytes,	 METRIC_POOL_tx_bytes,
};

/* Text formats have no other escapes; what would move a terminal's cursor becomes U+FFFD. */
static char *put_ascii(char *to, unsigned char c)
{
	static const char replacement[] = "\xef\xbf\xbd";

	if (c == '\n' || c == '"' || c == '\\') {
		*to++ = '\\';
		*to++ = c == '\n' ? 'n' : (char)c;
		return to;
	}
	if (c >= ' ' && c < 0x7f) {
		*to++ = (char)c;
		return to;
	}
	memcpy(to, replacement, 3);
	return to + 3;
}

char *series_put_value(char *to, const char *text, size_t len)
{
	const unsigned char *s = (const unsigned char *)text, *end = s + len;

	while (s < end) {
		size_t bad, length = *s < 0x80 ? 1 : utf8_sequence(s, (size_t)(end - s), &bad);
		bool control = length == 2 && s[0] == 0xc2 && s[1] < 0xa0;

		if (length > 1 && !control) {
			memcpy(to, s, length);
			to += length;
		} else {
			to = put_ascii(to, *s);
		}
		s += length ? length : bad;
	}
	return to;
}

static char *put_label(char *to, const struct snapshot *s, enum label label, uint64_t value)
{
	const struct label_info *info = &catalogue_labels[label];
	size_t name = strlen(info->name);

	memcpy(to, info->name, name);
	to += name;
	*to++ = '=';
	*to++ = '"';
	if (info->type == LABEL_STRING) {
		const char *text = snapshot_string(s, value);

		to = series_put_value(to, text, strlen(text));
	} else {
		to = put_integer(to, value);
	}
	*to++ = '"';
	return to;
}

static char *reserve_labels(struct buf *b, const struct snapshot *s, const struct snapshot_row *row,
			    enum label first)
{
	size_t bytes = 2;

	for (uint64_t left = row->labels_present; left; left &= left - 1) {
		int i = __builtin_ctzll(left);

		bytes += NAME_ROOM + PUT_NUMBER_MAX;
		if (catalogue_labels[(int)first + i].type == LABEL_STRING)
			bytes += SERIES_VALUE_MAX(strlen(snapshot_string(s, row->labels[i])));
	}
	return buf_reserve(b, bytes);
}

/* Appends the labels of a row to the texts. */
static void add_labels(struct buf *b, const struct snapshot *s, enum scope scope,
		       const struct snapshot_row *row)
{
	enum label first = catalogue_scopes[scope].first_label;
	char *start = reserve_labels(b, s, row, first), *to = start;

	if (!to)
		return;
	for (uint64_t left = row->labels_present; left; left &= left - 1) {
		int i = __builtin_ctzll(left);

		if (!family_has_label((enum label)((int)first + i)))
			continue;
		*to = to == start ? '{' : ',';
		to = put_label(to + 1, s, (enum label)((int)first + i), row->labels[i]);
	}
	if (to > start)
		*to++ = '}';
	b->len += (size_t)(to - start);
}

/* False when a row with the same labels is there already. */
static bool is_new(struct series_set *set, struct series_row *row)
{
	struct hash_pair key = hash_bytes(set->texts.data + row->at, row->len);

	if (table_get(&set->seen, key.a, key.b)) {
		set->duplicates++;
		return false;
	}
	set->failed |= !table_put(&set->seen, key.a, key.b, set);
	return !set->failed;
}

static bool add_row(struct series_set *set, const struct snapshot *s, const struct tally *t,
		    enum scope scope, const struct snapshot_row *row)
{
	struct series_row *new = &set->rows[set->count];

	new->at = set->texts.len;
	add_labels(&set->texts, s, scope, row);
	set->failed |= buf_failed(&set->texts);
	new->len = set->texts.len - new->at;
	if (set->failed || !is_new(set, new)) {
		set->texts.len = new->at;
		return false;
	}
	new->row = row;
	new->sums = tally_find(t, s, scope, row);
	set->count++;
	return true;
}

/* Room for so many rows of a scope. */
static bool make_room(struct series_set *set, size_t rows)
{
	if (rows <= set->room && set->rows)
		return true;

	size_t room = rows + rows / 2 + 1;
	void *list = realloc(set->rows, room * sizeof(*set->rows));
	void *chosen = realloc(set->chosen, room);
	void *scratch = realloc(set->scratch, room * sizeof(struct order_row));

	set->rows = list ? list : set->rows;
	set->chosen = chosen ? chosen : set->chosen;
	set->scratch = scratch ? scratch : set->scratch;
	if (!list || !chosen || !scratch)
		return false;
	set->room = room;
	return true;
}

static void choose_largest(struct series_set *set, const struct snapshot *s, enum scope scope,
			   const enum metric *measures, size_t count, size_t limit)
{
	struct order_row *order = set->scratch;
	struct filter filter = {0};

	/* Processes that share a row are among the others, however large they are in sum. */
	if (scope == SCOPE_PROCESS)
		filter_add_label(&filter, LABEL_PROCESS_pid, FILTER_GREATER, 0);
	for (size_t m = 0; m < count; m++) {
		const struct order_wish wish = {
			.metric = measures[m], .limit = limit, .filter = &filter};
		size_t found = order_rows(s, scope, &wish, order, NULL);

		for (size_t i = 0; i < found && order[i].value > 0; i++)
			set->chosen[order[i].row] = 1;
	}
}

#define COUNT_OF(list) (sizeof(list) / sizeof(*(list)))

static void choose(struct series_set *set, const struct snapshot *s, enum scope scope,
		   const struct prometheus_wish *wish)
{
	memset(set->chosen, 0, set->room);
	if (scope == SCOPE_PROCESS)
		choose_largest(set, s, scope, process_measures, COUNT_OF(process_measures),
			       wish->processes);
	else if (scope == SCOPE_GROUP)
		choose_largest(set, s, scope, group_measures, COUNT_OF(group_measures),
			       wish->groups);
	else if (scope == SCOPE_POOL)
		choose_largest(set, s, scope, pool_measures, COUNT_OF(pool_measures),
			       wish->processes);
	else
		memset(set->chosen, 1, set->room);
}

/* Processes that share a row, beyond the row itself. */
static size_t count_merged(const struct snapshot *s)
{
	size_t count = 0;

	for (size_t i = 0; i < snapshot_rows(s, SCOPE_PROCESS); i++) {
		uint64_t merged;

		if (snapshot_label(snapshot_row(s, SCOPE_PROCESS, i), SCOPE_PROCESS,
				   LABEL_PROCESS_merged, &merged) &&
		    merged)
			count += merged - 1;
	}
	return count;
}

static bool has_exited(enum scope scope, const struct snapshot_row *row)
{
	uint64_t exited = 0;

	return scope == SCOPE_PROCESS &&
	       snapshot_label(row, scope, LABEL_PROCESS_exited, &exited) && exited;
}

void series_choose(struct series_set *set, const struct snapshot *s, const struct tally *t,
		   enum scope scope, const struct prometheus_wish *wish)
{
	size_t rows = snapshot_rows(s, scope);

	set->count = 0;
	buf_reset(&set->texts);
	table_clear(&set->seen);
	set->failed = !make_room(set, rows);
	if (set->failed)
		return;
	choose(set, s, scope, wish);
	for (int exited = 0; exited <= (scope == SCOPE_PROCESS); exited++) {
		for (size_t i = 0; i < rows; i++) {
			const struct snapshot_row *row = snapshot_row(s, scope, i);

			if (set->chosen[i] && has_exited(scope, row) == exited)
				set->chosen[i] = add_row(set, s, t, scope, row);
		}
	}
	set->left_out = rows - set->count + (scope == SCOPE_PROCESS ? count_merged(s) : 0);
}
