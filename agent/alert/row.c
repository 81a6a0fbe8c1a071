// SPDX-License-Identifier: Apache-2.0
#include "alert/row.h"

#include <math.h>

#include "base/text.h"

const char *row_label(const struct snapshot *s, const struct snapshot_row *row, enum scope scope,
		      enum label label, char number[ROW_NUMBER_LENGTH])
{
	return snapshot_label_text(s, row, scope, label, number);
}

bool row_value(const struct snapshot *s, const struct snapshot_row *row, enum metric metric,
	       double *ret)
{
	union snapshot_value value;

	if (!snapshot_value(s, row, metric, &value))
		return false;
	if (!catalogue_metrics[metric].real)
		*ret = (double)value.integer;
	else if (isfinite(value.real))
		*ret = value.real;
	else
		return false;
	return true;
}

bool row_matches(const struct snapshot *s, const struct snapshot_row *row, const struct rule *rule)
{
	char number[ROW_NUMBER_LENGTH];

	for (size_t i = 0; i < rule->match_count; i++) {
		const struct rule_match *m = &rule->matches[i];

		if (!text_glob(m->glob, row_label(s, row, rule->scope, m->label, number)))
			return false;
	}
	return true;
}

bool row_exited(const struct snapshot_row *row, enum scope scope)
{
	uint64_t flag;

	return scope == SCOPE_PROCESS && snapshot_label(row, scope, LABEL_PROCESS_exited, &flag) &&
	       flag;
}
