// SPDX-License-Identifier: Apache-2.0
#include "snapshot/builder.h"

#include <string.h>

void builder_begin(struct builder *b)
{
	memset(&b->head, 0, sizeof(b->head));
	for (int s = 0; s < SCOPES; s++)
		buf_reset(&b->tables[s]);
	buf_reset(&b->values);
	buf_reset(&b->strings);
	memset(b->shared, 0, sizeof(b->shared));
	buf_add_char(&b->strings, '\0'); /* offset 0 is the empty string */
}

void builder_free(struct builder *b)
{
	for (int s = 0; s < SCOPES; s++)
		buf_free(&b->tables[s]);
	buf_free(&b->values);
	buf_free(&b->strings);
	buf_free(&b->block);
}

uint32_t builder_string(struct builder *b, const char *text)
{
	size_t at = b->strings.len;

	if (!text || !*text)
		return 0;
	buf_add(&b->strings, text, strlen(text) + 1);
	return buf_failed(&b->strings) ? 0 : (uint32_t)at;
}

void builder_label(struct builder_row *row, enum scope scope, enum label label, uint64_t value)
{
	unsigned i = (unsigned)(label - catalogue_scopes[scope].first_label);

	row->labels_present |= 1ULL << i;
	row->labels[i] = value;
}

void builder_label_string(struct builder *b, struct builder_row *row, enum scope scope,
			  enum label label, const char *text)
{
	if (text && *text)
		builder_label(row, scope, label, builder_string(b, text));
}

void builder_label_shared(struct builder *b, struct builder_row *row, enum scope scope,
			  enum label label, const char *text)
{
	size_t place = ((uintptr_t)text >> 4) % BUILDER_SHARED;

	if (!text || !*text)
		return;
	if (b->shared[place].text != text) {
		b->shared[place].text = text;
		b->shared[place].offset = builder_string(b, text);
	}
	builder_label(row, scope, label, b->shared[place].offset);
}

void builder_value(struct builder_row *row, enum metric metric, union snapshot_value value)
{
	unsigned i =
		(unsigned)(metric - catalogue_scopes[catalogue_metrics[metric].scope].first_metric);

	row->present[i / 64] |= 1ULL << (i % 64);
	row->nonzero[i / 64] &= ~(1ULL << (i % 64));
	row->nonzero[i / 64] |= (uint64_t)(value.integer != 0) << (i % 64);
	row->values[i] = value;
}

static bool add_values(struct buf *values, const struct builder_row *row)
{
	size_t count = 0;

	for (int w = 0; w < SNAPSHOT_WORDS; w++)
		count += (size_t)__builtin_popcountll(row->nonzero[w]);

	union snapshot_value *to = (void *)buf_reserve(values, count * sizeof(*to));

	if (!to)
		return count == 0;
	for (int w = 0; w < SNAPSHOT_WORDS; w++)
		for (uint64_t left = row->nonzero[w]; left; left &= left - 1)
			*to++ = row->values[w * 64 + __builtin_ctzll(left)];
	values->len += count * sizeof(*to);
	return true;
}

void builder_add(struct builder *b, enum scope scope, const struct builder_row *row)
{
	size_t size = snapshot_row_size(scope);
	uint32_t first_value = (uint32_t)(b->values.len / sizeof(uint64_t));
	struct snapshot_row *packed = (void *)buf_reserve(&b->tables[scope], size);

	if (!packed || !add_values(&b->values, row))
		return;
	memset(packed, 0, size);
	packed->labels_present = row->labels_present;
	packed->first_value = first_value;
	for (uint64_t left = row->labels_present; left; left &= left - 1)
		packed->labels[__builtin_ctzll(left)] = row->labels[__builtin_ctzll(left)];
	for (int w = 0; w < SNAPSHOT_WORDS; w++) {
		packed->present[w] = row->present[w];
		packed->nonzero[w] = row->nonzero[w];
	}
	b->tables[scope].len += size;
}

static bool any_part_failed(const struct builder *b)
{
	bool failed = buf_failed(&b->values) || buf_failed(&b->strings);

	for (int s = 0; s < SCOPES; s++)
		failed |= buf_failed(&b->tables[s]);
	return failed;
}

static void append(struct builder_parts *parts, const void *bytes, size_t len)
{
	if (!len)
		return;
	parts->list[parts->count++] = (struct iovec){(void *)bytes, len};
	parts->bytes += len;
}

/* Parts begin at multiples of 8. Returns where this one does. */
static uint32_t append_part(struct builder_parts *parts, const struct buf *part)
{
	static const char zeros[8];

	append(parts, zeros, -parts->bytes & 7);

	uint32_t at = (uint32_t)parts->bytes;

	append(parts, part->data, part->len);
	return at;
}

bool builder_end(struct builder *b, struct builder_parts *ret)
{
	struct snapshot *head = &b->head;

	*ret = (struct builder_parts){0};
	if (any_part_failed(b))
		return false;
	append(ret, head, sizeof(*head));
	for (int s = 0; s < SCOPES; s++) {
		size_t rows = b->tables[s].len / snapshot_row_size((enum scope)s);

		head->tables[s].offset = append_part(ret, &b->tables[s]);
		head->tables[s].rows = (uint32_t)rows;
	}
	head->values = append_part(ret, &b->values);
	head->values_count = (uint32_t)(b->values.len / sizeof(uint64_t));
	head->strings = append_part(ret, &b->strings);
	head->strings_bytes = (uint32_t)b->strings.len;
	head->magic = SNAPSHOT_MAGIC;
	head->version = SNAPSHOT_VERSION;
	head->catalogue = catalogue_fingerprint();
	head->bytes = ret->bytes;
	return ret->bytes <= SNAPSHOT_MAX_BYTES;
}

void builder_rest(struct builder *b)
{
	for (int s = 0; s < SCOPES; s++)
		buf_rest(&b->tables[s]);
	buf_rest(&b->values);
	buf_rest(&b->strings);
}

const struct snapshot *builder_join(const struct builder_parts *parts, struct buf *out)
{
	buf_reset(out);
	for (int i = 0; i < parts->count; i++)
		buf_add(out, parts->list[i].iov_base, parts->list[i].iov_len);
	return buf_failed(out) ? NULL : (const struct snapshot *)out->data;
}

const struct snapshot *builder_finish(struct builder *b)
{
	struct builder_parts parts;

	return builder_end(b, &parts) ? builder_join(&parts, &b->block) : NULL;
}
