// SPDX-License-Identifier: Apache-2.0
/* Filters as readers write them: {"comm": "nginx*", "cpu.percent": {"gt": 5}}. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "serve/options.h"

#define NUMBER_LENGTH 24

static bool fail(char *error, const char *name, const char *text)
{
	snprintf(error, OPTIONS_ERROR, "filter: %.60s %s", name, text);
	return false;
}

static bool too_much(char *error)
{
	snprintf(error, OPTIONS_ERROR,
		 "filter: at most %d conditions, %d texts each and %d bytes of text in all",
		 FILTER_MAX_TERMS, FILTER_MAX_GLOBS, FILTER_MAX_BYTES);
	return false;
}

/* The name in a filter: a metric, or else a label. */
struct named {
	const char *name;
	int metric, label;
};

static struct named find(const char *name)
{
	return (struct named){
		.name = name,
		.metric = catalogue_find_metric(SCOPE_PROCESS, name),
		.label = catalogue_find_label(SCOPE_PROCESS, name),
	};
}

static bool is_number(const struct named *n)
{
	return n->metric >= 0 || catalogue_labels[n->label].type == LABEL_INTEGER;
}

static bool add_number(struct filter *f, const struct named *n, enum filter_op op, double number,
		       char *error)
{
	bool added = n->metric >= 0 ? filter_add_metric(f, (enum metric)n->metric, op, number)
				    : filter_add_label(f, (enum label)n->label, op, number);

	return added ? true : too_much(error);
}

/* In the order of the names of the operators: filters that say the same are then the same. */
static bool take_comparisons(struct filter *f, const struct named *n, const json_t *object,
			     char *error)
{
	static const char *const ops[] = {"eq", "ge", "gt", "le", "lt", "ne"};
	size_t known = 0;

	for (size_t i = 0; i < sizeof(ops) / sizeof(*ops); i++) {
		const json_t *value = json_object_get(object, ops[i]);

		if (!value)
			continue;
		if (!json_is_number(value))
			return fail(error, n->name, "is compared with numbers");
		if (!add_number(f, n, (enum filter_op)filter_op_of(ops[i]),
				json_number_value(value), error))
			return false;
		known++;
	}
	if (known && known == json_object_size(object))
		return true;
	return fail(error, n->name, "takes gt, ge, lt, le, eq and ne");
}

/* One text of a label: as it is, or written from a number or a flag. NULL when it is none. */
static const char *text_of(const json_t *value, enum label_type type, char number[NUMBER_LENGTH])
{
	if (json_is_string(value) && type != LABEL_FLAG &&
	    strlen(json_string_value(value)) == json_string_length(value))
		return json_string_value(value);
	if (json_is_boolean(value) && type == LABEL_FLAG)
		return json_is_true(value) ? "true" : "false";
	if (!json_is_integer(value) || type != LABEL_INTEGER)
		return NULL;
	snprintf(number, NUMBER_LENGTH, "%lld", (long long)json_integer_value(value));
	return number;
}

static bool take_texts(struct filter *f, const struct named *n, const json_t *value, bool negated,
		       char *error)
{
	static const char *const wants[] = {
		[LABEL_STRING] = "must be a text with * and ?, or a list of them",
		[LABEL_INTEGER] = "must be a number, a text with * and ?, or a list of them",
		[LABEL_FLAG] = "must be true or false",
	};
	enum label_type type = catalogue_labels[n->label].type;
	bool is_list = json_is_array(value);
	size_t count = is_list ? json_array_size(value) : 1;
	char numbers[FILTER_MAX_GLOBS][NUMBER_LENGTH];
	const char *texts[FILTER_MAX_GLOBS];

	if (count > FILTER_MAX_GLOBS)
		return too_much(error);
	for (size_t i = 0; i < count; i++) {
		texts[i] = text_of(is_list ? json_array_get(value, i) : value, type, numbers[i]);
		if (!texts[i])
			return fail(error, n->name, wants[type]);
	}
	if (!count)
		return fail(error, n->name, wants[type]);
	return filter_add_globs(f, (enum label)n->label, negated, texts, count) ? true
										: too_much(error);
}

static bool take_condition(struct filter *f, const char *name, const json_t *value, char *error)
{
	const struct named n = find(name);
	const json_t *not = json_object_get(value, "not");

	if (n.metric < 0 && n.label < 0)
		return options_unknown("filter", name, NULL, error);
	if (n.metric >= 0 && json_is_number(value))
		return add_number(f, &n, FILTER_EQUAL, json_number_value(value), error);
	if (n.metric < 0 && not &&json_object_size(value) == 1)
		return take_texts(f, &n, not, true, error);
	if (json_is_object(value) && is_number(&n))
		return take_comparisons(f, &n, value, error);
	if (n.metric >= 0)
		return fail(error, name, "must be a number or an object such as {\"gt\": 5}");
	return take_texts(f, &n, value, false, error);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

bool options_filter(struct filter *filter, const json_t *object, char *error)
{
	const char *names[FILTER_MAX_TERMS], *name;
	size_t count = 0;
	json_t *value;

	if (!object || json_is_null(object))
		return true;
	if (!json_is_object(object)) {
		snprintf(error, OPTIONS_ERROR, "filter must be an object");
		return false;
	}
	if (json_object_size(object) > FILTER_MAX_TERMS)
		return too_much(error);
	json_object_foreach ((json_t *)object, name, value)
		names[count++] = name;
	qsort(names, count, sizeof(*names), by_name);
	for (size_t i = 0; i < count; i++)
		if (!take_condition(filter, names[i], json_object_get(object, names[i]), error))
			return false;
	return true;
}

static bool take_number(struct filter *f, const struct named *n, enum filter_op op,
			const char *text, char *error)
{
	char *end;
	double number = strtod(text, &end);

	if (end == text || *end || !isfinite(number) || text[strspn(text, "+-.0123456789eE")])
		return fail(error, n->name, "is compared with a number");
	return add_number(f, n, op, number, error);
}

bool options_condition(struct filter *filter, const char *name, const char *value,
		       const struct options_names *also, char *error)
{
	char stem[64];
	const char *dot = strrchr(name, '.');
	struct named n = find(name);

	if (n.metric >= 0)
		return take_number(filter, &n, FILTER_EQUAL, value, error);
	if (n.label >= 0)
		return filter_add_globs(filter, (enum label)n.label, false, &value, 1)
			       ? true
			       : too_much(error);
	if (!dot || (size_t)(dot - name) >= sizeof(stem))
		return options_unknown("query", name, also, error);
	memcpy(stem, name, (size_t)(dot - name));
	stem[dot - name] = '\0';
	n = find(stem);
	if (n.metric < 0 && n.label < 0)
		return options_unknown("query", name, also, error);
	if (n.metric < 0 && strcmp(dot, ".not") == 0)
		return filter_add_globs(filter, (enum label)n.label, true, &value, 1)
			       ? true
			       : too_much(error);

	int op = filter_op_of(dot + 1);

	if (op < 0 || !is_number(&n))
		return fail(error, stem, "takes .gt, .ge, .lt, .le, .eq and .ne; a label .not");
	return take_number(filter, &n, (enum filter_op)op, value, error);
}
