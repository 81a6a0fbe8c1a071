// SPDX-License-Identifier: Apache-2.0
/* One rule as a file has it, before it goes into a set. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "alert/rule.h"
#include "config/yaml.h"

struct rule_entry {
	struct rule rule; /* owned; of an entry that only names a rule just the name is set */
	size_t line;
	bool enabled;
	bool named_only; /* it takes a rule of the set out and is none itself */
};

/* Where the errors of a file go. */
struct rule_file {
	const char *name;
	char *error;
	size_t size;
};

/* Writes "NAME:LINE: what" to the error of the file; returns -1. */
int rule_fault(const struct rule_file *file, size_t line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Reads the map of one rule. Returns 0, or -1 with the error written and nothing to free. */
int rule_entry_parse(const struct yaml_node *map, const struct rule_file *file,
		     struct rule_entry *ret);

/* Frees what the rule owns, not the rule. */
void rule_clear(struct rule *rule);

/* True when both look for the same thing: only severity, message and runbook may differ. */
bool rule_alike(const struct rule *a, const struct rule *b);
