// SPDX-License-Identifier: Apache-2.0
#include "alert/message.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alert/row.h"
#include "base/text.h"

#define NAME_MAX_BYTES 64
#define VALUE_LENGTH 48

/* What is known besides the labels of the scope. */
static const char *const common_names[] = {"rule", "metric", "value", "threshold", "node"};
static const size_t common_count = sizeof(common_names) / sizeof(*common_names);

enum piece_kind { PIECE_END, PIECE_BYTE, PIECE_NAME, PIECE_BROKEN };

/* The next part of a template: one byte, or the name between two braces. */
struct piece {
	enum piece_kind kind;
	char byte;
	char name[NAME_MAX_BYTES];
};

static struct piece next_piece(const char **at)
{
	struct piece piece = {.kind = PIECE_BYTE, .byte = **at};
	const char *text = *at;

	if (!*text)
		return (struct piece){.kind = PIECE_END};
	if (text[0] != '{' && text[0] != '}') {
		*at = text + 1;
		return piece;
	}
	if (text[1] == text[0]) {
		*at = text + 2;
		return piece;
	}

	size_t len = strcspn(text + 1, "{}");

	if (text[0] == '}' || text[1 + len] != '}' || len >= sizeof(piece.name))
		return (struct piece){.kind = PIECE_BROKEN};
	piece.kind = PIECE_NAME;
	memcpy(piece.name, text + 1, len);
	*at = text + len + 2;
	return piece;
}

static bool is_common(const char *name)
{
	for (size_t i = 0; i < common_count; i++)
		if (strcmp(common_names[i], name) == 0)
			return true;
	return false;
}

static void explain_unknown(const char *name, enum scope scope, char *error, size_t size)
{
	const struct scope_info *info = &catalogue_scopes[scope];
	const char *names[LABELS + sizeof(common_names) / sizeof(*common_names)];
	size_t count = 0;

	for (size_t i = 0; i < common_count; i++)
		names[count++] = common_names[i];
	for (enum label l = info->first_label; l < info->end_label; l++)
		names[count++] = catalogue_labels[l].name;

	const char *near = text_nearest(name, names, count);

	if (near)
		snprintf(error, size, "unknown placeholder {%s}; did you mean {%s}?", name, near);
	else
		snprintf(error, size,
			 "unknown placeholder {%s}; a message of scope %s knows its labels, "
			 "{rule}, {metric}, {value}, {threshold}, {node}",
			 name, info->name);
}

bool message_check(const char *template, enum scope scope, char *error, size_t size)
{
	for (;;) {
		struct piece piece = next_piece(&template);

		if (piece.kind == PIECE_END)
			return true;
		if (piece.kind == PIECE_BROKEN) {
			snprintf(error, size,
				 "a brace without its partner in the message; "
				 "write {{ or }} for a brace itself");
			return false;
		}
		if (piece.kind == PIECE_NAME && !is_common(piece.name) &&
		    catalogue_find_label(scope, piece.name) < 0) {
			explain_unknown(piece.name, scope, error, size);
			return false;
		}
	}
}

const char *message_default(enum scope scope)
{
	switch (scope) {
	case SCOPE_PROCESS:
		return "{comm} ({pid}): {metric} is {value}, threshold {threshold}";
	case SCOPE_CORE:
		return "core {core}: {metric} is {value}, threshold {threshold}";
	case SCOPE_FILESYSTEM:
		return "{mount_point}: {metric} is {value}, threshold {threshold}";
	case SCOPE_DISK:
	case SCOPE_INTERFACE:
		return "{name}: {metric} is {value}, threshold {threshold}";
	default:
		return "{metric} is {value}, threshold {threshold}";
	}
}

/* Writes a number with at most so many decimals, and none that are 0. */
static void write_decimal(double value, int decimals, char *out, size_t size)
{
	snprintf(out, size, "%.*f", decimals, value);
	if (!strchr(out, '.'))
		return;

	size_t len = strlen(out);

	while (out[len - 1] == '0')
		len--;
	if (out[len - 1] == '.')
		len--;
	out[len] = '\0';
}

static const char *scale_bytes(double *value)
{
	static const char *const units[] = {" B", " KiB", " MiB", " GiB", " TiB"};
	size_t i = 0;

	while (fabs(*value) >= 1024 && i + 1 < sizeof(units) / sizeof(*units)) {
		*value /= 1024;
		i++;
	}
	return units[i];
}

static int decimals_of(enum metric_unit unit)
{
	if (unit == UNIT_SECONDS)
		return 3;
	return unit == UNIT_MILLI ? 2 : 1;
}

static void write_value(enum metric metric, double value, char *out, size_t size)
{
	enum metric_unit unit = catalogue_metrics[metric].unit;
	char number[VALUE_LENGTH];
	const char *suffix = "";
	bool rate = unit == UNIT_BYTES_PER_SECOND || unit == UNIT_COUNT_PER_SECOND;

	if (unit == UNIT_BYTES || unit == UNIT_BYTES_PER_SECOND)
		suffix = scale_bytes(&value);
	else if (unit == UNIT_PERCENT)
		suffix = " %";
	else if (unit == UNIT_SECONDS)
		suffix = " s";

	if (fabs(value) >= 1e15)
		snprintf(number, sizeof(number), "%g", value);
	else
		write_decimal(value, decimals_of(unit), number, sizeof(number));
	snprintf(out, size, "%s%s%s", number, suffix, rate ? "/s" : "");
}

/* A message being written; what does not fit is cut. */
struct draft {
	char text[MESSAGE_MAX + 1];
	size_t len;
	bool cut;
};

static void add(struct draft *d, const char *bytes, size_t len)
{
	size_t room = MESSAGE_MAX - d->len;

	if (len > room) {
		d->cut = true;
		len = room;
	}
	memcpy(d->text + d->len, bytes, len);
	d->len += len;
}

static void add_name(struct draft *d, const char *name, const struct rule *rule,
		     const struct snapshot *s, const struct snapshot_row *row, double value)
{
	char number[VALUE_LENGTH + ROW_NUMBER_LENGTH] = "";
	const char *text = number;

	if (strcmp(name, "rule") == 0)
		text = rule->name;
	else if (strcmp(name, "metric") == 0)
		text = catalogue_metrics[rule->metric].path;
	else if (strcmp(name, "node") == 0)
		text = snapshot_string(s, s->node);
	else if (strcmp(name, "value") == 0)
		write_value(rule->metric, value, number, sizeof(number));
	else if (strcmp(name, "threshold") == 0)
		write_value(rule->metric, rule->value, number, sizeof(number));
	else
		text = row_label(s, row, rule->scope,
				 (enum label)catalogue_find_label(rule->scope, name), number);
	add(d, text, strlen(text));
}

char *message_render(const struct rule *rule, const struct snapshot *s,
		     const struct snapshot_row *row, double value)
{
	struct draft draft = {.len = 0};
	const char *template = rule->message;

	for (;;) {
		struct piece piece = next_piece(&template);

		if (piece.kind == PIECE_BYTE)
			add(&draft, &piece.byte, 1);
		else if (piece.kind == PIECE_NAME)
			add_name(&draft, piece.name, rule, s, row, value);
		else
			break;
	}
	if (draft.cut)
		memcpy(draft.text + MESSAGE_MAX - 3, "...", 3);
	draft.text[draft.len] = '\0';
	return strdup(draft.text);
}
