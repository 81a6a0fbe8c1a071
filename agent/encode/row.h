// SPDX-License-Identifier: Apache-2.0
/* Rows of a snapshot as JSON, whatever their scope: the catalogue says what they hold. */
#pragma once

#include "base/buf.h"
#include "snapshot/snapshot.h"

/* Labels and metrics of one scope that are wanted, by their place in it. */
struct encode_mask {
	uint64_t labels;
	uint64_t metrics[SNAPSHOT_WORDS];
};

/*
 * Appends the row's labels as members of the object that is open: STRING as
 * text, INTEGER as a number, FLAG as true or false. Absent ones are left out, and
 * those that are not in the wanted bits.
 */
void encode_labels(struct buf *b, const struct snapshot *s, enum scope scope,
		   const struct snapshot_row *row, uint64_t wanted);

/*
 * Appends the row's metrics of the range [first, end), which lies within its
 * scope, nested by the dots of their paths. Absent ones are left out, those that are
 * not in the mask (NULL: all), and objects that would be empty.
 */
void encode_metrics(struct buf *b, const struct snapshot *s, const struct snapshot_row *row,
		    enum metric first, enum metric end, const struct encode_mask *mask);

/*
 * Appends the i-th row of the scope as an object; mask may be NULL for all that it has. Returns
 * where the members of its key end: the labels that name it, which are the first two.
 */
size_t encode_row(struct buf *b, const struct snapshot *s, enum scope scope, size_t i,
		  const struct encode_mask *mask);

/* Appends all rows of the scope as a member that is an array. */
void encode_rows(struct buf *b, const struct snapshot *s, const char *name, enum scope scope);
