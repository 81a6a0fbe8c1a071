// SPDX-License-Identifier: Apache-2.0
/* The keys that a rule may hold. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "alert/entry.h"

struct rule_field {
	const char *name;
	enum yaml_kind kind; /* of its value */
	bool required;
	/* Puts the value into the rule. Returns 0, or -1 with the error written. May be NULL. */
	int (*parse)(struct rule *rule, const struct yaml_node *value,
		     const struct rule_file *file);
};

extern const struct rule_field rule_fields[];
extern const size_t rule_field_count;
