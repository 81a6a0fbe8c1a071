// SPDX-License-Identifier: Apache-2.0
#include "snapshot/filter.h"

#include <string.h>

#include "base/text.h"

int filter_op_of(const char *name)
{
	static const struct {
		const char *name;
		enum filter_op op;
	} ops[] = {
		{"gt", FILTER_GREATER},	   {"ge", FILTER_GREATER_EQUAL}, {"lt", FILTER_LESS},
		{"le", FILTER_LESS_EQUAL}, {"eq", FILTER_EQUAL},	 {"ne", FILTER_NOT_EQUAL},
	};

	for (size_t i = 0; i < sizeof(ops) / sizeof(*ops); i++)
		if (strcmp(ops[i].name, name) == 0)
			return (int)ops[i].op;
	return -1;
}

static bool has_room(const struct filter *f, size_t globs, size_t bytes)
{
	return f->count < FILTER_MAX_TERMS && globs <= FILTER_MAX_GLOBS &&
	       bytes <= FILTER_MAX_BYTES - f->bytes;
}

bool filter_add_globs(struct filter *f, enum label label, bool negated, const char *const *globs,
		      size_t count)
{
	size_t bytes = 0;

	for (size_t i = 0; i < count; i++)
		bytes += strlen(globs[i]) + 1;
	if (!has_room(f, count, bytes))
		return false;
	f->terms[f->count++] = (struct filter_term){
		.id = label,
		.op = negated ? FILTER_NOT_GLOB : FILTER_GLOB,
		.globs = (uint16_t)count,
	};
	for (size_t i = 0; i < count; i++) {
		size_t len = strlen(globs[i]) + 1;

		memcpy(f->globs + f->bytes, globs[i], len);
		f->bytes += (uint32_t)len;
	}
	return true;
}

static bool add_comparison(struct filter *f, bool metric, uint32_t id, enum filter_op op,
			   double number)
{
	if (!has_room(f, 0, 0))
		return false;
	f->terms[f->count++] = (struct filter_term){
		.number = number, .id = id, .metric = metric, .op = (uint8_t)op};
	return true;
}

bool filter_add_metric(struct filter *f, enum metric metric, enum filter_op op, double number)
{
	return add_comparison(f, true, metric, op, number);
}

bool filter_add_label(struct filter *f, enum label label, enum filter_op op, double number)
{
	return add_comparison(f, false, label, op, number);
}

static bool compare(enum filter_op op, double value, double number)
{
	switch (op) {
	case FILTER_GREATER:
		return value > number;
	case FILTER_GREATER_EQUAL:
		return value >= number;
	case FILTER_LESS:
		return value < number;
	case FILTER_LESS_EQUAL:
		return value <= number;
	case FILTER_EQUAL:
		return value == number;
	default:
		return value != number;
	}
}

static bool number_holds(const struct filter_term *term, const struct snapshot *s, enum scope scope,
			 const struct snapshot_row *row)
{
	union snapshot_value value;
	uint64_t label;

	if (!term->metric)
		return snapshot_label(row, scope, (enum label)term->id, &label) &&
		       compare((enum filter_op)term->op, (double)label, term->number);
	if (!snapshot_value(s, row, (enum metric)term->id, &value))
		return false;
	return compare((enum filter_op)term->op,
		       catalogue_metrics[term->id].real ? value.real : (double)value.integer,
		       term->number);
}

/* Steps over the globs of the term. */
static bool any_glob(const struct filter_term *term, const char **at, const char *text)
{
	bool found = false;

	for (unsigned i = 0; i < term->globs; i++) {
		found = found || text_glob(*at, text);
		*at += strlen(*at) + 1;
	}
	return found;
}

static bool has_text(const char *text, const struct snapshot *s, enum scope scope,
		     const struct snapshot_row *row)
{
	const struct label_info *info = &catalogue_labels[catalogue_scopes[scope].first_label];
	uint64_t pid;

	for (size_t i = 0; i < scope_labels(scope); i++)
		if (info[i].type == LABEL_STRING && row->labels_present >> i & 1 &&
		    strcasestr(snapshot_string(s, row->labels[i]), text))
			return true;
	return scope == SCOPE_PROCESS && text_u64(text, &pid) && row->labels[0] == pid;
}

static bool is_in(uint64_t labels, enum scope scope, enum label label)
{
	return labels >> (label - catalogue_scopes[scope].first_label) & 1;
}

bool filter_accepts(const struct filter *f, const struct snapshot *s, enum scope scope,
		    const struct snapshot_row *row, uint64_t hidden)
{
	char number[SNAPSHOT_NUMBER_LENGTH];
	const char *globs = f->globs;

	for (size_t i = 0; i < f->count; i++) {
		const struct filter_term *term = &f->terms[i];
		bool is_hidden = !term->metric && is_in(hidden, scope, (enum label)term->id);
		bool holds;

		if (term->op == FILTER_GLOB || term->op == FILTER_NOT_GLOB)
			holds = any_glob(term, &globs,
					 is_hidden ? ""
						   : snapshot_label_text(
							     s, row, scope, (enum label)term->id,
							     number)) == (term->op == FILTER_GLOB);
		else
			holds = !is_hidden && number_holds(term, s, scope, row);
		if (!holds)
			return false;
	}
	return !f->text[0] || has_text(f->text, s, scope, row);
}
