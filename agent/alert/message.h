// SPDX-License-Identifier: Apache-2.0
/* Messages of alerts: templates with names in braces; {{ and }} stand for braces. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "alert/rule.h"
#include "snapshot/snapshot.h"

/* Bytes of a rendered message at the most; a longer one ends in "...". */
#define MESSAGE_MAX 1024

/* True when every name of the template is known in the scope; otherwise the reason is in error. */
bool message_check(const char *template, enum scope scope, char *error, size_t size);

/* The template of rules that bring none. */
const char *message_default(enum scope scope);

/*
 * Fills in a rule's template for a row. Labels are put in as they are, whatever their bytes.
 * Returns the text (free() it), NULL without memory.
 */
char *message_render(const struct rule *rule, const struct snapshot *s,
		     const struct snapshot_row *row, double value);
