// SPDX-License-Identifier: Apache-2.0
/*
 * The alert engine: rules held against each snapshot. One alert per rule and
 * labels: pending, firing, resolved. No data leaves a firing alert as it is.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "alert/rule.h"
#include "snapshot/snapshot.h"

enum alert_state { ALERT_PENDING, ALERT_FIRING, ALERT_RESOLVED };

struct alert_label {
	const char *name;
	char *value; /* owned */
};

struct alert {
	char id[40];		 /* unique for each firing, stable while it fires */
	const struct rule *rule; /* of the engine's set */
	enum alert_state state;
	struct alert_label *labels; /* owned */
	size_t label_count;
	double value;		  /* newest */
	int64_t started_wall_ms;  /* condition first held */
	int64_t fired_wall_ms;	  /* 0 while pending */
	int64_t resolved_wall_ms; /* 0 until then */
	const char
		*resolved_why; /* "condition cleared", "process ended", "rule removed"; or NULL */
	bool stale;	       /* the metric was missing in the newest snapshot */
	char *message;	       /* rendered when it fired, owned */
};

enum alert_change { ALERT_CHANGE_NEW, ALERT_CHANGE_UPDATED, ALERT_CHANGE_RESOLVED };

/*
 * Told of each change, inside alert_engine_evaluate() or alert_engine_reload(); the alert is valid
 * during the call only. ALERT_CHANGE_UPDATED says that stale or the severity changed.
 */
typedef void (*alert_listener)(void *context, enum alert_change change, const struct alert *alert);

/* Pending and firing alerts at the most. */
#define ALERTS_MAX 10000

struct alert_engine;

/* Takes ownership of rules. NULL without memory (rules are then freed). */
struct alert_engine *alert_engine_new(struct rule_set *rules, alert_listener listener,
				      void *context);

/*
 * Puts new rules in force (owned). Alerts of rules that stay alike go on, with the new severity,
 * message and runbook; the others resolve, "rule removed". Returns 0, or -ENOMEM: the old rules
 * then stay in force.
 */
int alert_engine_reload(struct alert_engine *engine, struct rule_set *rules);

/* Holds every rule against the snapshot. */
void alert_engine_evaluate(struct alert_engine *engine, const struct snapshot *snapshot);

/* Firing alerts, for initial_data: calls each() for every one. */
void alert_engine_each_firing(const struct alert_engine *engine,
			      void (*each)(void *context, const struct alert *alert),
			      void *context);

/* The rules in force. */
const struct rule_set *alert_engine_rules(const struct alert_engine *engine);

/* Number of firing alerts. */
size_t alert_engine_firing(const struct alert_engine *engine);

/* Alerts that could not be followed because the table was at its cap: each counts once a window. */
uint64_t alert_engine_overflow(const struct alert_engine *engine);

/* Frees the engine and its rules, telling nobody; NULL is fine. */
void alert_engine_free(struct alert_engine *engine);
