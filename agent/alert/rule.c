// SPDX-License-Identifier: Apache-2.0
#include "alert/rule.h"

#include <stdlib.h>
#include <string.h>

#include "alert/entry.h"
#include "base/text.h"

/* The rules of one file. */
struct rule_list {
	struct rule_entry *entries; /* owned */
	size_t count;
};

const char *severity_name(enum severity severity)
{
	static const char *const names[] = {
		[SEVERITY_LOW] = "low",
		[SEVERITY_MEDIUM] = "medium",
		[SEVERITY_HIGH] = "high",
		[SEVERITY_CRITICAL] = "critical",
	};

	return names[severity];
}

const char *rule_op_text(enum rule_op op)
{
	static const char *const texts[] = {
		[OP_GREATER] = ">",	[OP_GREATER_EQUAL] = ">=", [OP_LESS] = "<",
		[OP_LESS_EQUAL] = "<=", [OP_EQUAL] = "==",	   [OP_NOT_EQUAL] = "!=",
	};

	return texts[op];
}

bool rule_holds(enum rule_op op, double value, double limit)
{
	switch (op) {
	case OP_GREATER:
		return value > limit;
	case OP_GREATER_EQUAL:
		return value >= limit;
	case OP_LESS:
		return value < limit;
	case OP_LESS_EQUAL:
		return value <= limit;
	case OP_EQUAL:
		return value == limit;
	case OP_NOT_EQUAL:
		return value != limit;
	}
	return false;
}

void rule_set_free(struct rule_set *set)
{
	if (!set)
		return;
	for (size_t i = 0; i < set->count; i++)
		rule_clear(&set->rules[i]);
	free(set->rules);
	free(set);
}

static void free_list(struct rule_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		rule_clear(&list->entries[i].rule);
	free(list->entries);
}

static struct rule *find_rule(const struct rule_set *set, const char *name)
{
	for (size_t i = 0; i < set->count; i++)
		if (strcmp(set->rules[i].name, name) == 0)
			return &set->rules[i];
	return NULL;
}

static int check_name(const struct rule_list *list, const struct rule_entry *entry,
		      const struct rule_file *file)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->entries[i].rule.name, entry->rule.name) == 0)
			return rule_fault(file, entry->line,
					  "duplicate rule \"%s\", first on line %zu",
					  entry->rule.name, list->entries[i].line);
	return 0;
}

static int read_list(struct rule_list *list, struct yaml_node *const *maps, size_t count,
		     const struct rule_file *file)
{
	if (count > RULES_MAX)
		return rule_fault(file, maps[RULES_MAX]->line, "more than %d rules", RULES_MAX);
	list->entries = calloc(count + 1, sizeof(*list->entries));
	if (!list->entries)
		return rule_fault(file, 0, "out of memory");
	for (size_t i = 0; i < count; i++) {
		struct rule_entry entry;

		if (rule_entry_parse(maps[i], file, &entry) < 0)
			return -1;
		if (check_name(list, &entry, file) < 0) {
			rule_clear(&entry.rule);
			return -1;
		}
		list->entries[list->count++] = entry;
	}
	return 0;
}

/* A file is a rule, a list of rules, or a map with nothing but that list; or it is empty. */
static int read_tree(struct rule_list *list, struct yaml_node *tree, const struct rule_file *file)
{
	const struct yaml_node *rules = yaml_get(tree, "rules");

	if (tree->kind == YAML_LIST)
		return read_list(list, tree->children, tree->count, file);
	if (!rules)
		return read_list(list, &tree, tree->kind != YAML_MAP || tree->count, file);
	if (tree->count > 1) {
		size_t other = strcmp(tree->keys[0], "rules") == 0;

		return rule_fault(file, tree->key_lines[other],
				  "unknown key \"%.80s\" beside rules", tree->keys[other]);
	}
	if (rules->kind != YAML_LIST)
		return rule_fault(file, rules->line, "rules must be a list, not %s",
				  yaml_kind_text(rules));
	return read_list(list, rules->children, rules->count, file);
}

/* Everything that can go wrong is asked here, so that merge() cannot fail. */
static int check_merge(struct rule_set *set, const struct rule_list *list,
		       const struct rule_file *file)
{
	struct rule *rules;

	if (set->count + list->count > RULES_MAX)
		return rule_fault(file, 0, "more than %d rules in all", RULES_MAX);
	for (size_t i = 0; i < list->count; i++) {
		const struct rule_entry *entry = &list->entries[i];

		if (entry->named_only && !find_rule(set, entry->rule.name))
			return rule_fault(file, entry->line,
					  "there is no rule \"%s\" to switch off",
					  entry->rule.name);
	}
	rules = realloc(set->rules, (set->count + list->count + 1) * sizeof(*rules));
	if (!rules)
		return rule_fault(file, 0, "out of memory");
	set->rules = rules;
	return 0;
}

static void merge(struct rule_set *set, struct rule_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		struct rule_entry *entry = &list->entries[i];
		struct rule *old = find_rule(set, entry->rule.name);

		if (entry->enabled && !old)
			old = &set->rules[set->count++];
		else if (old)
			rule_clear(old);
		if (entry->enabled) {
			*old = entry->rule;
			entry->rule = (struct rule){0};
		} else if (old) {
			size_t behind = (size_t)(&set->rules[set->count] - (old + 1));

			memmove(old, old + 1, behind * sizeof(*old));
			set->count--;
		}
	}
}

int rule_set_parse(struct rule_set *set, const char *name, const char *text, size_t len,
		   char *error, size_t size)
{
	const struct rule_file file = {name, error, size};
	struct rule_list list = {0};
	struct yaml_node *tree = yaml_parse(name, text, len, error, size);

	if (!tree)
		return -1;

	int status = read_tree(&list, tree, &file);

	if (status == 0)
		status = check_merge(set, &list, &file);
	if (status == 0)
		merge(set, &list);
	free_list(&list);
	yaml_tree_free(tree);
	return status;
}
