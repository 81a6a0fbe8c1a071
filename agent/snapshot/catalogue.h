// SPDX-License-Identifier: Apache-2.0
/* The metric list (include/metrics.def) as tables: scopes, labels, inputs, metrics, providers. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum provider {
#define PROVIDER(id, name, help) PROVIDER_##id,
#include "metrics.def"
	PROVIDERS
};

enum scope {
#define SCOPE(id, name, help) SCOPE_##id,
#include "metrics.def"
	SCOPES
};

/*
 * One numbering for all scopes. FIRST_x and END_x bound the rows of scope x and
 * take no number of their own: the enumerator after each steps back by one.
 */
enum label {
#define SCOPE(id, name, help) LABEL_FIRST_##id, LABEL_BEFORE_##id = LABEL_FIRST_##id - 1,
#define LABEL(scope, id, name, type, help) LABEL_##scope##_##id,
#define SCOPE_END(id) LABEL_END_##id, LABEL_BACK_##id = LABEL_END_##id - 1,
#include "metrics.def"
	LABELS
};

enum input {
#define SCOPE(id, name, help) INPUT_FIRST_##id, INPUT_BEFORE_##id = INPUT_FIRST_##id - 1,
#define INPUT(scope, level, provider, id) INPUT_##scope##_##id,
#define SCOPE_END(id) INPUT_END_##id, INPUT_BACK_##id = INPUT_END_##id - 1,
#include "metrics.def"
	INPUTS
};

enum metric {
#define SCOPE(id, name, help) METRIC_FIRST_##id, METRIC_BEFORE_##id = METRIC_FIRST_##id - 1,
#define METRIC(scope, id, path, kind, unit, input, help) METRIC_##scope##_##id,
#define SCOPE_END(id) METRIC_END_##id, METRIC_BACK_##id = METRIC_END_##id - 1,
#include "metrics.def"
	METRICS
};

enum label_type { LABEL_STRING, LABEL_INTEGER, LABEL_FLAG };

enum input_level {
	LEVEL_THREAD,
	LEVEL_SHARED,
	LEVEL_GAUGE,
	LEVEL_COUNTER,
	LEVEL_DERIVED,
	LEVEL_EVENT
};

enum metric_kind {
	KIND_GAUGE,
	KIND_AMOUNT,
	KIND_SIGNED,
	KIND_TOTAL,
	KIND_RATE,
	KIND_PERCENT,
	KIND_SHARE,
};

enum metric_unit {
	UNIT_SECONDS,
	UNIT_BYTES,
	UNIT_COUNT,
	UNIT_PERCENT,
	UNIT_MILLI,
	UNIT_BYTES_PER_SECOND,
	UNIT_COUNT_PER_SECOND,
};

struct provider_info {
	const char *name;
	const char *help;
};

/* Rows of a scope are the half-open ranges [first, end). */
struct scope_info {
	const char *name;
	const char *help;
	enum label first_label, end_label;
	enum input first_input, end_input;
	enum metric first_metric, end_metric;
};

struct label_info {
	const char *name;
	const char *help;
	enum label_type type;
};

struct input_info {
	const char *name;
	enum scope scope;
	enum input_level level;
	enum provider provider;
};

struct metric_info {
	const char *path; /* "network.tcp.rx_bytes": nests by dots, unique in its scope */
	const char *help;
	enum scope scope;
	enum metric_kind kind;
	enum metric_unit unit;
	enum input input;
	int real; /* the value is a double, not an unsigned integer */
};

extern const struct provider_info catalogue_providers[PROVIDERS];
extern const struct scope_info catalogue_scopes[SCOPES];
extern const struct label_info catalogue_labels[LABELS];
extern const struct input_info catalogue_inputs[INPUTS];
extern const struct metric_info catalogue_metrics[METRICS];

static inline size_t scope_labels(enum scope s)
{
	return (size_t)(catalogue_scopes[s].end_label - catalogue_scopes[s].first_label);
}

static inline size_t scope_inputs(enum scope s)
{
	return (size_t)(catalogue_scopes[s].end_input - catalogue_scopes[s].first_input);
}

static inline size_t scope_metrics(enum scope s)
{
	return (size_t)(catalogue_scopes[s].end_metric - catalogue_scopes[s].first_metric);
}

/* Scope, metric or label by name; -1 when there is none. */
int catalogue_find_scope(const char *name);
int catalogue_find_metric(enum scope scope, const char *path);
int catalogue_find_label(enum scope scope, const char *name);

/* The metric of the scope whose path is nearest to the misspelt one; NULL when nothing is near. */
const char *catalogue_nearest_metric(enum scope scope, const char *path);

/* Kind and unit as the API and the docs name them: "gauge", "bytes_per_second". */
const char *catalogue_kind_name(enum metric_kind kind);
const char *catalogue_unit_name(enum metric_unit unit);

/* Hash over all rows: two programs with the same number have the same catalogue. */
uint32_t catalogue_fingerprint(void);
