// SPDX-License-Identifier: Apache-2.0
/* Rows of a snapshot as JSON, whatever their scope: the catalogue says what they hold. */
#pragma once

#include "base/buf.h"
#include "snapshot/snapshot.h"

/*
 * Appends the row's labels as members of the object that is open: STRING as
 * text, INTEGER as a number, FLAG as true or false. Absent ones are left out.
 */
void encode_labels(struct buf *b, const struct snapshot *s, enum scope scope,
		   const struct snapshot_row *row);

/*
 * Appends the row's metrics of the range [first, end), which lies within its
 * scope, nested by the dots of their paths. Absent ones are left out, and so
 * are objects that would be empty.
 */
void encode_metrics(struct buf *b, const struct snapshot *s, const struct snapshot_row *row,
		    enum metric first, enum metric end);

/* Appends the i-th row of the scope as an object. */
void encode_row(struct buf *b, const struct snapshot *s, enum scope scope, size_t i);

/* Appends all rows of the scope as a member that is an array. */
void encode_rows(struct buf *b, const struct snapshot *s, const char *name, enum scope scope);
