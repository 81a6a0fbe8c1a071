// SPDX-License-Identifier: Apache-2.0
/* A row of a snapshot as rules see it: labels as text, the metric as a number. */
#pragma once

#include <stdbool.h>

#include "alert/rule.h"
#include "snapshot/snapshot.h"

#define ROW_NUMBER_LENGTH 24

/*
 * A label as text, "" when the row has it not; a flag is "true" or "false". A number is written
 * to the buffer.
 */
const char *row_label(const struct snapshot *s, const struct snapshot_row *row, enum scope scope,
		      enum label label, char number[ROW_NUMBER_LENGTH]);

/* True when the row has the metric and it is finite; its value then stands in *ret. */
bool row_value(const struct snapshot *s, const struct snapshot_row *row, enum metric metric,
	       double *ret);

/* True when all globs of the rule match. */
bool row_matches(const struct snapshot *s, const struct snapshot_row *row, const struct rule *rule);

/* True for a process row that shows an ended process. */
bool row_exited(const struct snapshot_row *row, enum scope scope);
