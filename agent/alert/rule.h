// SPDX-License-Identifier: Apache-2.0
/* Alert rules: read from YAML, checked against the catalogue. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "snapshot/catalogue.h"

enum severity { SEVERITY_LOW, SEVERITY_MEDIUM, SEVERITY_HIGH, SEVERITY_CRITICAL };
enum rule_op { OP_GREATER, OP_GREATER_EQUAL, OP_LESS, OP_LESS_EQUAL, OP_EQUAL, OP_NOT_EQUAL };

/* A glob that a label of the row must match. */
struct rule_match {
	enum label label;
	char *glob;
};

struct rule {
	char *name;
	enum severity severity;
	enum scope scope;
	enum metric metric;
	enum rule_op op;
	double value;
	double clear;	 /* resolves only beyond this; equals value when not given */
	uint64_t for_ns; /* the condition must hold so long before it fires */
	struct rule_match *matches;
	size_t match_count;
	char *message; /* template: {label}, {metric}, {value}, {threshold}, {node}, {rule} */
	char *runbook; /* link, or NULL */
};

#define RULES_MAX 1000

struct rule_set {
	struct rule *rules;
	size_t count;
};

/* The built-in rules. NULL without memory. */
struct rule_set *rule_set_default(void);

/*
 * Parses a YAML text (one rule, a list of rules, or a list under "rules") and appends its rules to
 * the set; a rule whose name the set already has replaces it, or takes it out when it says
 * "enabled: false". Returns 0, or -1 with "NAME:LINE: what" in error and the set unchanged.
 */
int rule_set_parse(struct rule_set *set, const char *name, const char *text, size_t len,
		   char *error, size_t size);

/* Frees the set; NULL is fine. */
void rule_set_free(struct rule_set *set);

/* "low", "medium", "high", "critical" */
const char *severity_name(enum severity severity);

/* The operator as a symbol: ">=" */
const char *rule_op_text(enum rule_op op);

/* Whether value stands in this relation to the limit. */
bool rule_holds(enum rule_op op, double value, double limit);
