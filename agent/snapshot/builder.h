// SPDX-License-Identifier: Apache-2.0
/*
 * Builds a snapshot row by row. Buffers are kept from one window to the next,
 * so the steady state allocates nothing.
 */
#pragma once

#include <sys/uio.h>

#include "base/buf.h"
#include "snapshot/snapshot.h"

#define BUILDER_MAX_LABELS 32
#define BUILDER_MAX_METRICS (SNAPSHOT_WORDS * 64)

/* A row before it is packed: dense, indexed from the first label and metric of its scope. */
struct builder_row {
	uint64_t labels_present;
	uint64_t present[SNAPSHOT_WORDS];
	uint64_t nonzero[SNAPSHOT_WORDS];		  /* of those present */
	uint64_t labels[BUILDER_MAX_LABELS];		  /* those that are present */
	union snapshot_value values[BUILDER_MAX_METRICS]; /* those that are not zero */
};

/* Begins a row; what is not present is not cleared. */
static inline void builder_row_clear(struct builder_row *row)
{
	row->labels_present = 0;
	for (int w = 0; w < SNAPSHOT_WORDS; w++)
		row->present[w] = row->nonzero[w] = 0;
}

/* Places for strings that many rows have; what finds its place taken is stored again. */
#define BUILDER_SHARED 256

struct builder {
	struct snapshot head; /* the caller fills seq, times, interval_ms */
	struct buf tables[SCOPES];
	struct buf values;
	struct buf strings;
	struct buf block; /* the finished snapshot */
	struct {
		const char *text;
		uint32_t offset;
	} shared[BUILDER_SHARED];
};

/* Begins a new snapshot; head is cleared. */
void builder_begin(struct builder *b);

/* Frees everything. */
void builder_free(struct builder *b);

/* Stores a string (cut at its NUL); returns its offset for a label or for head.node. */
uint32_t builder_string(struct builder *b, const char *text);

/* Puts a label into a row that is being made. An empty or NULL string is left absent. */
void builder_label(struct builder_row *row, enum scope scope, enum label label, uint64_t value);
void builder_label_string(struct builder *b, struct builder_row *row, enum scope scope,
			  enum label label, const char *text);

/*
 * The same for a text that stays where it is, unchanged, until builder_finish(), and that other
 * rows have too (a user's name, a cgroup's path): it is stored once.
 */
void builder_label_shared(struct builder *b, struct builder_row *row, enum scope scope,
			  enum label label, const char *text);

/* Puts a metric's value into a row that is being made. */
void builder_value(struct builder_row *row, enum metric metric, union snapshot_value value);

/* Packs a finished row behind those of its scope. */
void builder_add(struct builder *b, enum scope scope, const struct builder_row *row);

/* A finished snapshot that was not joined: written one after the other its parts are the block. */
struct builder_parts {
	struct iovec list[2 * (SCOPES + 3)];
	int count;
	size_t bytes;
};

/*
 * Ends the snapshot without copying it. The parts point into the builder and stay until the next
 * builder_begin(). False without memory, or when it is larger than SNAPSHOT_MAX_BYTES.
 */
bool builder_end(struct builder *b, struct builder_parts *ret);

/*
 * The snapshot was used and is needed no more: with very many rows its memory is free until the
 * next one.
 */
void builder_rest(struct builder *b);

/* Joins the parts in out, which is emptied first. NULL without memory. */
const struct snapshot *builder_join(const struct builder_parts *parts, struct buf *out);

/*
 * Ends the snapshot and joins it. Returns it inside b->block, valid until the next builder_begin();
 * NULL without memory.
 */
const struct snapshot *builder_finish(struct builder *b);
