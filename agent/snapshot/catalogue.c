// SPDX-License-Identifier: Apache-2.0
#include "snapshot/catalogue.h"

#include <string.h>

#include "base/text.h"

const struct provider_info catalogue_providers[PROVIDERS] = {
#define PROVIDER(id, label, text) {.name = label, .help = text},
#include "metrics.def"
};

const struct scope_info catalogue_scopes[SCOPES] = {
#define SCOPE(id, label, text)                     \
	{                                          \
		.name = label,                     \
		.help = text,                      \
		.first_label = LABEL_FIRST_##id,   \
		.end_label = LABEL_END_##id,       \
		.first_input = INPUT_FIRST_##id,   \
		.end_input = INPUT_END_##id,       \
		.first_metric = METRIC_FIRST_##id, \
		.end_metric = METRIC_END_##id,     \
	},
#include "metrics.def"
};

const struct label_info catalogue_labels[LABELS] = {
#define LABEL(scope, id, label, kind, text) {.name = label, .help = text, .type = LABEL_##kind},
#include "metrics.def"
};

const struct input_info catalogue_inputs[INPUTS] = {
#define INPUT(where, grade, source, id) \
	{.name = #id,                   \
	 .scope = SCOPE_##where,        \
	 .level = LEVEL_##grade,        \
	 .provider = PROVIDER_##source},
#include "metrics.def"
};

/* Whole numbers stay whole: bytes and counts that are no rate. */
#define IS_REAL(kind, unit)                                                       \
	(((unit) != UNIT_BYTES && (unit) != UNIT_COUNT) || (kind) == KIND_RATE || \
	 (kind) == KIND_SIGNED)

const struct metric_info catalogue_metrics[METRICS] = {
#define METRIC(where, id, name, sort, measure, source, text)  \
	{                                                     \
		.path = name,                                 \
		.help = text,                                 \
		.scope = SCOPE_##where,                       \
		.kind = KIND_##sort,                          \
		.unit = UNIT_##measure,                       \
		.input = INPUT_##where##_##source,            \
		.real = IS_REAL(KIND_##sort, UNIT_##measure), \
	},
#include "metrics.def"
};

int catalogue_find_scope(const char *name)
{
	for (int s = 0; s < SCOPES; s++)
		if (strcmp(catalogue_scopes[s].name, name) == 0)
			return s;
	return -1;
}

int catalogue_find_metric(enum scope scope, const char *path)
{
	const struct scope_info *s = &catalogue_scopes[scope];

	for (int m = (int)s->first_metric; m < (int)s->end_metric; m++)
		if (strcmp(catalogue_metrics[m].path, path) == 0)
			return m;
	return -1;
}

int catalogue_find_label(enum scope scope, const char *name)
{
	const struct scope_info *s = &catalogue_scopes[scope];

	for (int l = (int)s->first_label; l < (int)s->end_label; l++)
		if (strcmp(catalogue_labels[l].name, name) == 0)
			return l;
	return -1;
}

const char *catalogue_nearest_metric(enum scope scope, const char *path)
{
	const struct scope_info *s = &catalogue_scopes[scope];
	const char *best = NULL;
	size_t best_distance = TEXT_NEAR_ENOUGH + 1;

	for (int m = (int)s->first_metric; m < (int)s->end_metric; m++) {
		size_t distance = text_distance(path, catalogue_metrics[m].path);

		if (distance < best_distance) {
			best_distance = distance;
			best = catalogue_metrics[m].path;
		}
	}
	return best;
}

const char *catalogue_kind_name(enum metric_kind kind)
{
	static const char *const names[] = {
		[KIND_GAUGE] = "gauge",
		[KIND_AMOUNT] = "amount",
		[KIND_SIGNED] = "signed_gauge",
		[KIND_TOTAL] = "counter",
		[KIND_RATE] = "rate",
		[KIND_PERCENT] = "percent_of_core",
		[KIND_SHARE] = "percent_of_machine",
	};

	return names[kind];
}

const char *catalogue_unit_name(enum metric_unit unit)
{
	static const char *const names[] = {
		[UNIT_SECONDS] = "seconds",
		[UNIT_BYTES] = "bytes",
		[UNIT_COUNT] = "count",
		[UNIT_PERCENT] = "percent",
		[UNIT_MILLI] = "ratio",
		[UNIT_BYTES_PER_SECOND] = "bytes_per_second",
		[UNIT_COUNT_PER_SECOND] = "count_per_second",
	};

	return names[unit];
}

/* FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/ */
static uint32_t hash_number(uint32_t hash, uint32_t number)
{
	return (hash ^ number) * 16777619u;
}

static uint32_t hash_text(uint32_t hash, const char *text)
{
	do
		hash = hash_number(hash, (unsigned char)*text);
	while (*text++);
	return hash;
}

uint32_t catalogue_fingerprint(void)
{
	uint32_t hash = 2166136261u;

	for (int s = 0; s < SCOPES; s++) {
		hash = hash_text(hash, catalogue_scopes[s].name);
		hash = hash_number(hash, (uint32_t)scope_labels((enum scope)s));
		hash = hash_number(hash, (uint32_t)scope_metrics((enum scope)s));
	}
	for (int l = 0; l < LABELS; l++) {
		hash = hash_text(hash, catalogue_labels[l].name);
		hash = hash_number(hash, catalogue_labels[l].type);
	}
	for (int m = 0; m < METRICS; m++) {
		const struct metric_info *info = &catalogue_metrics[m];

		hash = hash_text(hash, info->path);
		hash = hash_number(hash, (uint32_t)info->kind << 8 | (uint32_t)info->unit);
	}
	return hash;
}
