// SPDX-License-Identifier: Apache-2.0
#include "snapshot/snapshot.h"

#include <inttypes.h>
#include <stdio.h>

static bool inside(const struct snapshot *s, uint64_t offset, uint64_t count, uint64_t size)
{
	return offset % 8 == 0 && offset >= sizeof(*s) && offset <= s->bytes &&
	       count <= (s->bytes - offset) / size;
}

static uint64_t valid_bits(size_t count, int word)
{
	size_t below = (size_t)word * 64;

	if (count <= below)
		return 0;
	return count - below >= 64 ? UINT64_MAX : (1ULL << (count - below)) - 1;
}

static bool row_values_valid(const struct snapshot *s, const struct snapshot_row *row,
			     enum scope scope)
{
	uint64_t stored = 0;

	for (int w = 0; w < SNAPSHOT_WORDS; w++) {
		if (row->present[w] & ~valid_bits(scope_metrics(scope), w))
			return false;
		if (row->nonzero[w] & ~row->present[w])
			return false;
		stored += (uint64_t)__builtin_popcountll(row->nonzero[w]);
	}
	return row->first_value + stored <= s->values_count;
}

static bool row_labels_valid(const struct snapshot *s, const struct snapshot_row *row,
			     enum scope scope)
{
	size_t count = scope_labels(scope);
	const struct label_info *info = &catalogue_labels[catalogue_scopes[scope].first_label];

	if (row->labels_present & ~valid_bits(count, 0))
		return false;
	for (size_t i = 0; i < count; i++)
		if (info[i].type == LABEL_STRING && row->labels[i] >= s->strings_bytes)
			return false;
	return true;
}

static const char *check_header(const struct snapshot *s, size_t bytes)
{
	if (bytes < sizeof(*s) || s->magic != SNAPSHOT_MAGIC)
		return "not a snapshot";
	if (s->version != SNAPSHOT_VERSION)
		return "snapshot of another version";
	if (s->catalogue != catalogue_fingerprint())
		return "snapshot with another metric catalogue";
	if (s->bytes != bytes)
		return "snapshot cut short";
	if (!inside(s, s->values, s->values_count, sizeof(uint64_t)))
		return "values outside the snapshot";
	if (s->strings_bytes == 0 || !inside(s, s->strings, s->strings_bytes, 1) ||
	    ((const char *)s)[s->strings + s->strings_bytes - 1] != '\0')
		return "strings outside the snapshot";
	if (s->node >= s->strings_bytes || s->source >= s->strings_bytes)
		return "string outside the snapshot";
	return NULL;
}

static const char *check_table(const struct snapshot *s, enum scope scope)
{
	if (!inside(s, s->tables[scope].offset, s->tables[scope].rows, snapshot_row_size(scope)))
		return "table outside the snapshot";
	for (size_t i = 0; i < snapshot_rows(s, scope); i++) {
		const struct snapshot_row *row = snapshot_row(s, scope, i);

		if (!row_values_valid(s, row, scope))
			return "row with values outside the snapshot";
		if (!row_labels_valid(s, row, scope))
			return "row with a label outside the snapshot";
	}
	return NULL;
}

const struct snapshot *snapshot_check(const void *block, size_t bytes, const char **why)
{
	const struct snapshot *s = block;

	*why = check_header(s, bytes);
	for (int scope = 0; scope < SCOPES && !*why; scope++)
		*why = check_table(s, (enum scope)scope);
	return *why ? NULL : s;
}

bool snapshot_label(const struct snapshot_row *row, enum scope scope, enum label label,
		    uint64_t *ret)
{
	unsigned i = (unsigned)(label - catalogue_scopes[scope].first_label);

	if (!(row->labels_present >> i & 1))
		return false;
	*ret = row->labels[i];
	return true;
}

const char *snapshot_label_string(const struct snapshot *s, const struct snapshot_row *row,
				  enum scope scope, enum label label)
{
	uint64_t offset;

	return snapshot_label(row, scope, label, &offset) ? snapshot_string(s, offset) : "";
}

const char *snapshot_label_text(const struct snapshot *s, const struct snapshot_row *row,
				enum scope scope, enum label label,
				char number[SNAPSHOT_NUMBER_LENGTH])
{
	uint64_t value = 0;
	bool there = snapshot_label(row, scope, label, &value);

	if (catalogue_labels[label].type == LABEL_FLAG)
		return there && value ? "true" : "false";
	if (!there)
		return "";
	if (catalogue_labels[label].type == LABEL_STRING)
		return snapshot_string(s, value);
	snprintf(number, SNAPSHOT_NUMBER_LENGTH, "%" PRIu64, value);
	return number;
}

bool snapshot_value(const struct snapshot *s, const struct snapshot_row *row, enum metric metric,
		    union snapshot_value *ret)
{
	const struct metric_info *info = &catalogue_metrics[metric];
	unsigned i = (unsigned)(metric - catalogue_scopes[info->scope].first_metric);
	unsigned word = i / 64, bit = i % 64;

	if (!(row->present[word] >> bit & 1))
		return false;
	ret->integer = 0; /* all bits zero is 0.0 too */
	if (!(row->nonzero[word] >> bit & 1))
		return true;

	const uint64_t *values = (const void *)((const char *)s + s->values);
	size_t at = row->first_value;

	for (unsigned w = 0; w < word; w++)
		at += (size_t)__builtin_popcountll(row->nonzero[w]);
	at += (size_t)__builtin_popcountll(row->nonzero[word] & ((1ULL << bit) - 1));
	ret->integer = values[at];
	return true;
}

double snapshot_number(const struct snapshot *s, const struct snapshot_row *row, enum metric metric,
		       double fallback)
{
	union snapshot_value value;

	if (!snapshot_value(s, row, metric, &value))
		return fallback;
	return catalogue_metrics[metric].real ? value.real : (double)value.integer;
}
