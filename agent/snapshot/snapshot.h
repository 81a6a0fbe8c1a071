// SPDX-License-Identifier: Apache-2.0
/*
 * A snapshot: one window of one node as a flat block of bytes. Position
 * independent, built once, never changed. snapshot_check() looks at every
 * offset once, on entry; after that the accessors trust the block.
 *
 * Layout: header, one table of rows per scope, values, strings; each part
 * aligned to 8 bytes, numbers in the machine's byte order.
 *
 * A row holds its labels and its values, packed: bit i of present says that
 * metric i of the scope is known, bit i of nonzero that its value is stored.
 * The values of a row stand together, in the order of the metrics, so a process
 * that does nothing costs only what it holds.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "snapshot/catalogue.h"

#define SNAPSHOT_MAGIC 0x50414e5345424f52ULL
#define SNAPSHOT_VERSION 1
#define SNAPSHOT_WORDS 2 /* room for 128 metrics in a scope */
#define SNAPSHOT_MAX_BYTES (256u << 20)

struct snapshot_table {
	uint32_t offset; /* from the start of the block */
	uint32_t rows;
};

struct snapshot {
	uint64_t magic;
	uint32_t version;
	uint32_t catalogue; /* catalogue_fingerprint() of the writer */
	uint64_t bytes;	    /* of the whole block */
	uint64_t seq;	    /* counts the windows of this agent run, from 1 */
	uint64_t start_boot_ns;
	uint64_t end_boot_ns;
	int64_t start_wall_ms;
	int64_t end_wall_ms;
	uint32_t interval_ms; /* as configured */
	uint32_t node;	      /* string */
	uint32_t source;      /* string: "bpf" or "procfs" */
	uint32_t strings_bytes;
	uint32_t strings; /* offset; the first string is empty, the last byte is NUL */
	uint32_t values;  /* offset */
	uint32_t values_count;
	uint32_t pad;
	struct snapshot_table tables[SCOPES];
};

/* Followed by the labels of the scope, 64 bits each: a number, a flag, or the offset of a string.
 */
struct snapshot_row {
	uint64_t present[SNAPSHOT_WORDS];
	uint64_t nonzero[SNAPSHOT_WORDS];
	uint64_t labels_present;
	uint32_t first_value;
	uint32_t pad;
	uint64_t labels[];
};

/*
 * Checks a block that came from outside. Returns it as a snapshot, or NULL with
 * the reason, a constant text, in *why. The block must be aligned to 8 bytes
 * and outlive the snapshot.
 */
const struct snapshot *snapshot_check(const void *block, size_t bytes, const char **why);

static inline size_t snapshot_row_size(enum scope scope)
{
	return sizeof(struct snapshot_row) + scope_labels(scope) * sizeof(uint64_t);
}

static inline size_t snapshot_rows(const struct snapshot *s, enum scope scope)
{
	return s->tables[scope].rows;
}

static inline const struct snapshot_row *snapshot_row(const struct snapshot *s, enum scope scope,
						      size_t i)
{
	return (const void *)((const char *)s + s->tables[scope].offset +
			      i * snapshot_row_size(scope));
}

/* The string at an offset: NUL-terminated, any bytes but NUL. */
static inline const char *snapshot_string(const struct snapshot *s, uint64_t offset)
{
	return (const char *)s + s->strings + offset;
}

/* True when the row has the label; its number, flag or string offset then stands in *ret. */
bool snapshot_label(const struct snapshot_row *row, enum scope scope, enum label label,
		    uint64_t *ret);

/* A string label; "" when the row has it not. */
const char *snapshot_label_string(const struct snapshot *s, const struct snapshot_row *row,
				  enum scope scope, enum label label);

#define SNAPSHOT_NUMBER_LENGTH 24

/*
 * A label as text, "" when the row has it not; a flag is "true" or "false". A number is written to
 * the buffer.
 */
const char *snapshot_label_text(const struct snapshot *s, const struct snapshot_row *row,
				enum scope scope, enum label label,
				char number[SNAPSHOT_NUMBER_LENGTH]);

/* A metric's value: which member counts is said by metric_info.real. */
union snapshot_value {
	uint64_t integer;
	double real;
};

/* True when the row has the metric (of the row's own scope); its value then stands in *ret. */
bool snapshot_value(const struct snapshot *s, const struct snapshot_row *row, enum metric metric,
		    union snapshot_value *ret);

/* The value as a double; absent ones give fallback. */
double snapshot_number(const struct snapshot *s, const struct snapshot_row *row, enum metric metric,
		       double fallback);
