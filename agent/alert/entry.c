// SPDX-License-Identifier: Apache-2.0
#include "alert/entry.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alert/field.h"
#include "alert/message.h"
#include "base/text.h"

#define FIELDS_MAX 32

int rule_fault(const struct rule_file *file, size_t line, const char *format, ...)
{
	char what[512];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	return yaml_error(file->error, file->size, file->name, line, "%s", what);
}

void rule_clear(struct rule *rule)
{
	free(rule->name);
	for (size_t i = 0; i < rule->match_count; i++)
		free(rule->matches[i].glob);
	free(rule->matches);
	free(rule->message);
	free(rule->runbook);
	*rule = (struct rule){0};
}

static bool matches_alike(const struct rule *a, const struct rule *b)
{
	if (a->match_count != b->match_count)
		return false;
	for (size_t i = 0; i < a->match_count; i++)
		if (a->matches[i].label != b->matches[i].label ||
		    strcmp(a->matches[i].glob, b->matches[i].glob) != 0)
			return false;
	return true;
}

bool rule_alike(const struct rule *a, const struct rule *b)
{
	return strcmp(a->name, b->name) == 0 && a->scope == b->scope && a->metric == b->metric &&
	       a->op == b->op && a->value == b->value && a->clear == b->clear &&
	       a->for_ns == b->for_ns && matches_alike(a, b);
}

static int refuse_field(const char *key, size_t line, const struct rule_file *file)
{
	const char *names[FIELDS_MAX];
	size_t count = 0;

	for (size_t i = 0; i < rule_field_count && count < FIELDS_MAX; i++)
		names[count++] = rule_fields[i].name;

	const char *near = text_nearest(key, names, count);

	return rule_fault(file, line, "unknown key \"%.80s\" in a rule%s%s%s", key,
			  near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

static const struct rule_field *find_field(const char *name)
{
	for (size_t i = 0; i < rule_field_count; i++)
		if (strcmp(rule_fields[i].name, name) == 0)
			return &rule_fields[i];
	return NULL;
}

static int check_fields(const struct yaml_node *map, const struct rule_file *file)
{
	for (size_t i = 0; i < map->count; i++) {
		const struct rule_field *field = find_field(map->keys[i]);
		const struct yaml_node *value = map->children[i];

		if (!field)
			return refuse_field(map->keys[i], map->key_lines[i], file);
		if (value->kind != field->kind || yaml_is_null(value))
			return rule_fault(file, map->key_lines[i], "%s must be %s, not %s",
					  field->name,
					  field->kind == YAML_MAP ? "a map" : "a text or number",
					  yaml_is_null(value) ? "nothing" : yaml_kind_text(value));
	}
	return 0;
}

static int parse_enabled(const struct yaml_node *map, const struct rule_file *file, bool *ret)
{
	const struct yaml_node *value = yaml_get(map, "enabled");

	*ret = true;
	if (!value || strcmp(value->text, "true") == 0)
		return 0;
	*ret = false;
	if (strcmp(value->text, "false") == 0)
		return 0;
	return rule_fault(file, value->line, "enabled must be true or false, not \"%.80s\"",
			  value->text);
}

/* A rule that is only switched off needs no more than its name. */
static int parse_fields(struct rule_entry *entry, const struct yaml_node *map,
			const struct rule_file *file)
{
	entry->named_only = !entry->enabled && !yaml_get(map, "metric");
	for (size_t i = 0; i < rule_field_count; i++) {
		const struct rule_field *field = &rule_fields[i];
		const struct yaml_node *value = yaml_get(map, field->name);

		if (!field->parse || (entry->named_only && strcmp(field->name, "name") != 0))
			continue;
		if (value && field->parse(&entry->rule, value, file) < 0)
			return -1;
		if (!value && field->required)
			return rule_fault(file, map->line, "this rule has no %s", field->name);
	}
	if (entry->named_only || entry->rule.message)
		return 0;
	entry->rule.message = strdup(message_default(entry->rule.scope));
	return entry->rule.message ? 0 : rule_fault(file, map->line, "out of memory");
}

int rule_entry_parse(const struct yaml_node *map, const struct rule_file *file,
		     struct rule_entry *ret)
{
	struct rule_entry entry = {.line = map->line, .rule.severity = SEVERITY_MEDIUM};

	if (map->kind != YAML_MAP)
		return rule_fault(file, map->line,
				  "a rule must be a map of keys and values, not %s",
				  yaml_kind_text(map));
	if (check_fields(map, file) < 0 || parse_enabled(map, file, &entry.enabled) < 0)
		return -1;
	if (parse_fields(&entry, map, file) < 0) {
		rule_clear(&entry.rule);
		return -1;
	}
	*ret = entry;
	return 0;
}
