// SPDX-License-Identifier: Apache-2.0
#include "serve/delta.h"

#include <string.h>

#include "base/hash.h"
#include "encode/writer.h"

struct delta_entry {
	size_t begin, length, key_length; /* in the text */
	enum scope scope;
	bool seen; /* in the window after it */
};

static struct delta_entry *entries_of(const struct delta_rows *rows)
{
	return (struct delta_entry *)(void *)rows->entries.data;
}

static size_t count_of(const struct delta_rows *rows)
{
	return rows->entries.len / sizeof(struct delta_entry);
}

static struct hash_pair place_of(enum scope scope, const char *key, size_t len)
{
	struct hash_pair pair = hash_bytes(key, len);

	pair.a += (uint64_t)scope;
	return pair;
}

/* The row of this name in the window before, NULL when it is new. */
static struct delta_entry *find(const struct delta *d, enum scope scope, const char *key,
				size_t len)
{
	struct hash_pair pair = place_of(scope, key, len);
	size_t number = (size_t)(uintptr_t)table_get(&d->places, pair.a, pair.b);
	struct delta_entry *entry = number ? &entries_of(&d->before)[number - 1] : NULL;

	if (!entry || entry->key_length != len ||
	    memcmp(d->before.text.data + entry->begin, key, len) != 0)
		return NULL;
	return entry;
}

static bool take_row(void *context, struct buf *b, enum scope scope, size_t begin, size_t key_end)
{
	struct delta *d = context;
	const char *text = b->data + begin;
	const struct delta_entry entry = {
		.begin = d->now.text.len,
		.length = b->len - begin,
		.key_length = key_end - begin,
		.scope = scope,
	};
	struct delta_entry *before = find(d, scope, text, entry.key_length);

	buf_add(&d->now.text, text, entry.length);
	buf_add(&d->now.entries, &entry, sizeof(entry));
	if (!before)
		return true;
	before->seen = true;
	return before->length != entry.length ||
	       memcmp(d->before.text.data + before->begin, text, entry.length) != 0;
}

/* What names a row is the beginning of its object. */
static void add_gone(struct delta *d, struct buf *b, const char *name, enum scope scope)
{
	encode_member(b, name);
	buf_add_char(b, '[');
	for (size_t i = 0; i < count_of(&d->before); i++) {
		const struct delta_entry *entry = &entries_of(&d->before)[i];

		if (entry->seen || entry->scope != scope)
			continue;
		encode_comma(b);
		buf_add(b, d->before.text.data + entry->begin, entry->key_length);
		buf_add_char(b, '}');
	}
	buf_add_char(b, ']');
}

static void add_end(void *context, struct buf *b)
{
	struct delta *d = context;

	encode_member_integer(b, "since", d->seq);
	encode_member(b, "gone");
	buf_add_char(b, '{');
	add_gone(d, b, "groups", SCOPE_GROUP);
	add_gone(d, b, "processes", SCOPE_PROCESS);
	buf_add_char(b, '}');
}

static bool drop_all(void *context, void *item)
{
	(void)context;
	(void)item;
	return true;
}

/* Now becomes before. A name that comes twice is found at its first place, and told each time. */
static void turn_over(struct delta *d)
{
	struct delta_rows free_rows = d->before;

	d->before = d->now;
	d->now = free_rows;
	buf_reset(&d->now.text);
	buf_reset(&d->now.entries);
	table_sweep(&d->places, drop_all, NULL);
	for (size_t i = 0; i < count_of(&d->before) && !d->failed; i++) {
		const struct delta_entry *entry = &entries_of(&d->before)[i];
		struct hash_pair pair = place_of(entry->scope, d->before.text.data + entry->begin,
						 entry->key_length);

		if (!table_get(&d->places, pair.a, pair.b) &&
		    !table_put(&d->places, pair.a, pair.b, (void *)(uintptr_t)(i + 1)))
			d->failed = true;
	}
}

bool delta_encode(struct delta *d, struct buf *out, const struct snapshot *s,
		  const struct encode_view *view, const struct encode_server *server)
{
	const struct encode_hook hook = {take_row, add_end, d};
	bool useful = d->seq != 0;

	d->failed = false;
	encode_snapshot_hooked(out, s, view, server, &hook);
	d->failed = buf_failed(out) || buf_failed(&d->now.text) || buf_failed(&d->now.entries);
	turn_over(d);
	if (d->failed)
		buf_reset(&d->before.entries);
	d->seq = d->failed ? 0 : s->seq;
	return useful && !d->failed;
}

void delta_free(struct delta *d)
{
	buf_free(&d->now.text);
	buf_free(&d->now.entries);
	buf_free(&d->before.text);
	buf_free(&d->before.entries);
	table_free(&d->places);
}
