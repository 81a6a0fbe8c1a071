// SPDX-License-Identifier: Apache-2.0
#include "alert/field.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "alert/message.h"
#include "base/clock.h"
#include "base/text.h"

#define NAME_MOST_BYTES 100
#define MESSAGE_MOST_BYTES 512
#define RUNBOOK_MOST_BYTES 1024
#define FOR_MOST_SECONDS (7ULL * 86400)

static int out_of_memory(const struct rule_file *file, size_t line)
{
	return rule_fault(file, line, "out of memory");
}

static int refuse(const struct rule_file *file, size_t line, const char *what, const char *text,
		  const char *near)
{
	if (near)
		return rule_fault(file, line, "%s \"%.80s\"; did you mean \"%s\"?", what, text,
				  near);
	return rule_fault(file, line, "%s \"%.80s\"", what, text);
}

/* A text of 1 to most bytes without control characters. */
static int parse_text(char **ret, size_t most, const char *what, const struct yaml_node *value,
		      const struct rule_file *file)
{
	size_t len = strlen(value->text);

	if (len == 0 || len > most)
		return rule_fault(file, value->line, "%s must be a text of 1 to %zu bytes", what,
				  most);
	for (const char *c = value->text; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			return rule_fault(file, value->line, "%s may not hold control characters",
					  what);
	*ret = strdup(value->text);
	return *ret ? 0 : out_of_memory(file, value->line);
}

static int parse_name(struct rule *rule, const struct yaml_node *value,
		      const struct rule_file *file)
{
	return parse_text(&rule->name, NAME_MOST_BYTES, "name", value, file);
}

static int parse_severity(struct rule *rule, const struct yaml_node *value,
			  const struct rule_file *file)
{
	const char *names[SEVERITY_CRITICAL + 1];

	for (size_t i = 0; i <= SEVERITY_CRITICAL; i++) {
		names[i] = severity_name((enum severity)i);
		if (strcmp(names[i], value->text) == 0) {
			rule->severity = (enum severity)i;
			return 0;
		}
	}

	const char *near = text_nearest(value->text, names, SEVERITY_CRITICAL + 1);

	return refuse(file, value->line, "severity must be low, medium, high or critical, not",
		      value->text, near);
}

static int parse_scope(struct rule *rule, const struct yaml_node *value,
		       const struct rule_file *file)
{
	const char *names[SCOPES];
	size_t count = 0;
	int scope = catalogue_find_scope(value->text);

	if (scope >= 0 && scope_metrics((enum scope)scope)) {
		rule->scope = (enum scope)scope;
		return 0;
	}
	for (int s = 0; s < SCOPES; s++)
		if (scope_metrics((enum scope)s))
			names[count++] = catalogue_scopes[s].name;
	return refuse(file, value->line, scope < 0 ? "unknown scope" : "no metrics in the scope",
		      value->text, scope < 0 ? text_nearest(value->text, names, count) : NULL);
}

static int parse_metric(struct rule *rule, const struct yaml_node *value,
			const struct rule_file *file)
{
	const char *scope = catalogue_scopes[rule->scope].name;
	const char *near = catalogue_nearest_metric(rule->scope, value->text);
	int metric = catalogue_find_metric(rule->scope, value->text);

	if (metric >= 0) {
		rule->metric = (enum metric)metric;
		return 0;
	}
	return rule_fault(file, value->line, "unknown metric \"%.80s\" of scope %s%s%s%s",
			  value->text, scope, near ? "; did you mean \"" : "", near ? near : "",
			  near ? "\"?" : "");
}

static int parse_op(struct rule *rule, const struct yaml_node *value, const struct rule_file *file)
{
	static const struct {
		const char *text;
		enum rule_op op;
	} words[] = {
		{"gt", OP_GREATER}, {"ge", OP_GREATER_EQUAL}, {"gte", OP_GREATER_EQUAL},
		{"lt", OP_LESS},    {"le", OP_LESS_EQUAL},    {"lte", OP_LESS_EQUAL},
		{"eq", OP_EQUAL},   {"ne", OP_NOT_EQUAL},     {">", OP_GREATER},
		{"<", OP_LESS},	    {">=", OP_GREATER_EQUAL}, {"<=", OP_LESS_EQUAL},
		{"==", OP_EQUAL},   {"!=", OP_NOT_EQUAL},
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (strcmp(words[i].text, value->text) == 0) {
			rule->op = words[i].op;
			return 0;
		}
	}
	return rule_fault(
		file, value->line,
		"op must be one of \">\", \">=\", \"<\", \"<=\", \"==\", \"!=\" in quotes, or gt, "
		"ge, lt, le, eq, ne; not \"%.80s\"",
		value->text);
}

/* The factor of a suffix; 0 when there is no such suffix for the unit. */
static double suffix_factor(const char *suffix, enum metric_unit unit)
{
	static const char letters[] = "KMGT";
	bool bytes = unit == UNIT_BYTES || unit == UNIT_BYTES_PER_SECOND;
	const char *at = *suffix ? strchr(letters, *suffix) : NULL;

	if (!*suffix)
		return 1;
	if (!bytes || !at || suffix[1])
		return 0;
	return ldexp(1, 10 * (int)(at - letters + 1));
}

static int parse_number(double *ret, const char *what, const struct rule *rule,
			const struct yaml_node *value, const struct rule_file *file)
{
	enum metric_unit unit = catalogue_metrics[rule->metric].unit;
	size_t digits = strspn(value->text, "+-.0123456789eE");
	char *end = value->text;
	double number = digits ? strtod(value->text, &end) : 0;
	double factor = suffix_factor(end, unit);

	if (end == value->text || end != value->text + digits || factor == 0 ||
	    !isfinite(number * factor))
		return rule_fault(file, value->line, "%s must be a number%s, not \"%.80s\"", what,
				  unit == UNIT_BYTES || unit == UNIT_BYTES_PER_SECOND
					  ? ", with K, M, G or T (of 1024) if you like"
					  : "",
				  value->text);
	*ret = number * factor;
	return 0;
}

static int parse_value(struct rule *rule, const struct yaml_node *value,
		       const struct rule_file *file)
{
	if (parse_number(&rule->value, "value", rule, value, file) < 0)
		return -1;
	rule->clear = rule->value;
	return 0;
}

/* A limit on the wrong side of the value would resolve an alert while its condition holds. */
static int parse_clear(struct rule *rule, const struct yaml_node *value,
		       const struct rule_file *file)
{
	double clear = 0;

	if (parse_number(&clear, "clear", rule, value, file) < 0)
		return -1;

	bool above = rule->op == OP_GREATER || rule->op == OP_GREATER_EQUAL;
	bool below = rule->op == OP_LESS || rule->op == OP_LESS_EQUAL;

	if ((above && clear > rule->value) || (below && clear < rule->value))
		return rule_fault(file, value->line,
				  "clear must not be %s value, for the operator is %s",
				  above ? "above" : "below", rule_op_text(rule->op));
	if (!above && !below)
		return rule_fault(file, value->line, "clear has no meaning with the operator %s",
				  rule_op_text(rule->op));
	rule->clear = clear;
	return 0;
}

static int parse_for(struct rule *rule, const struct yaml_node *value, const struct rule_file *file)
{
	static const struct {
		const char *suffix;
		uint64_t ns;
	} units[] = {
		{"ms", NS_PER_MS},
		{"s", NS_PER_SECOND},
		{"m", 60 * NS_PER_SECOND},
		{"h", 3600 * NS_PER_SECOND},
		{"d", 86400 * NS_PER_SECOND},
	};
	char number[24];
	size_t digits = strspn(value->text, "0123456789");
	const char *suffix = value->text + digits;
	uint64_t amount, unit = 0;

	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (strcmp(units[i].suffix, suffix) == 0)
			unit = units[i].ns;
	if (strcmp(value->text, "0") == 0)
		unit = NS_PER_SECOND;
	if (!unit || digits >= sizeof(number))
		unit = digits = 0;
	memcpy(number, value->text, digits);
	number[digits] = '\0';
	if (!text_u64(number, &amount) || amount > FOR_MOST_SECONDS * NS_PER_SECOND / unit)
		return refuse(file, value->line,
			      "for must be a time of at most 7d, as in 500ms, 15s, 2m, 1h; not",
			      value->text, NULL);
	rule->for_ns = amount * unit;
	return 0;
}

static int parse_match_label(struct rule *rule, const char *name, size_t line, enum label *ret,
			     const struct rule_file *file)
{
	const struct scope_info *scope = &catalogue_scopes[rule->scope];
	const char *names[LABELS];
	size_t count = 0;
	int label = catalogue_find_label(rule->scope, name);

	if (label >= 0) {
		*ret = (enum label)label;
		return 0;
	}
	if (scope->first_label == scope->end_label)
		return rule_fault(file, line, "the scope %s has no labels to match", scope->name);
	for (enum label l = scope->first_label; l < scope->end_label; l++)
		names[count++] = catalogue_labels[l].name;
	return refuse(file, line, "unknown label", name, text_nearest(name, names, count));
}

static int parse_match(struct rule *rule, const struct yaml_node *map, const struct rule_file *file)
{
	rule->matches = calloc(map->count + 1, sizeof(*rule->matches));
	if (!rule->matches)
		return out_of_memory(file, map->line);
	for (size_t i = 0; i < map->count; i++) {
		const struct yaml_node *value = map->children[i];
		struct rule_match *match = &rule->matches[i];

		size_t line = map->key_lines[i];

		if (parse_match_label(rule, map->keys[i], line, &match->label, file) < 0)
			return -1;
		if (value->kind != YAML_SCALAR || yaml_is_null(value))
			return rule_fault(file, map->key_lines[i],
					  "match.%s must be a text, as in \"nginx*\"",
					  map->keys[i]);
		match->glob = strdup(value->text);
		if (!match->glob)
			return out_of_memory(file, value->line);
		rule->match_count = i + 1;
	}
	return 0;
}

static int parse_message(struct rule *rule, const struct yaml_node *value,
			 const struct rule_file *file)
{
	char why[256];

	if (parse_text(&rule->message, MESSAGE_MOST_BYTES, "message", value, file) < 0)
		return -1;
	if (!message_check(rule->message, rule->scope, why, sizeof(why)))
		return rule_fault(file, value->line, "%s", why);
	return 0;
}

/* The page makes a link of it: nothing but a web address may get there. */
static int parse_runbook(struct rule *rule, const struct yaml_node *value,
			 const struct rule_file *file)
{
	if (strncmp(value->text, "https://", 8) != 0 && strncmp(value->text, "http://", 7) != 0)
		return refuse(file, value->line, "runbook must begin with https:// or http://, not",
			      value->text, NULL);
	return parse_text(&rule->runbook, RUNBOOK_MOST_BYTES, "runbook", value, file);
}

/* In the order in which they are read: scope, metric, value and clear need those before them. */
const struct rule_field rule_fields[] = {
	{"name", YAML_SCALAR, true, parse_name},
	{"severity", YAML_SCALAR, false, parse_severity},
	{"scope", YAML_SCALAR, true, parse_scope},
	{"metric", YAML_SCALAR, true, parse_metric},
	{"op", YAML_SCALAR, true, parse_op},
	{"value", YAML_SCALAR, true, parse_value},
	{"clear", YAML_SCALAR, false, parse_clear},
	{"for", YAML_SCALAR, false, parse_for},
	{"match", YAML_MAP, false, parse_match},
	{"message", YAML_SCALAR, false, parse_message},
	{"runbook", YAML_SCALAR, false, parse_runbook},
	{"enabled", YAML_SCALAR, false, NULL},
};
const size_t rule_field_count = sizeof(rule_fields) / sizeof(*rule_fields);
