// SPDX-License-Identifier: Apache-2.0
#include "alert/state.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alert/message.h"
#include "alert/row.h"

struct state_key {
	uint64_t a, b;
	const char *name; /* NULL when a and b say it all */
};

/* FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/ */
static uint64_t hash_text(const char *text)
{
	uint64_t hash = 14695981039346656037ULL;

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 1099511628211ULL;
	return hash;
}

/* A process is its pid and start time; another row is the first label of its scope. */
static struct state_key key_of(const struct finding *f)
{
	enum scope scope = f->watch->rule->scope;
	enum label first = catalogue_scopes[scope].first_label;
	struct state_key key = {.a = (uint64_t)f->watch->uid << 32};
	uint64_t pid = 0;

	if (scope == SCOPE_PROCESS) {
		snapshot_label(f->row, scope, LABEL_PROCESS_pid, &pid);
		snapshot_label(f->row, scope, LABEL_PROCESS_start_time, &key.b);
		key.a |= (uint32_t)pid;
	} else if (first == catalogue_scopes[scope].end_label) {
		return key;
	} else if (catalogue_labels[first].type == LABEL_STRING) {
		key.name = snapshot_label_string(f->snapshot, f->row, scope, first);
		key.b = hash_text(key.name);
	} else {
		snapshot_label(f->row, scope, first, &key.b);
	}
	return key;
}

/*
 * Two names with one hash cannot both be followed; the second counts as an overflow when
 * state_start() finds the place taken.
 */
static bool same_name(const struct state *state, const struct state_key *key)
{
	return !key->name || strcmp(state->name, key->name) == 0;
}

struct state *state_find(const struct finding *f)
{
	struct state_key key = key_of(f);
	struct state *state = table_get(&f->engine->states, key.a, key.b);

	return state && same_name(state, &key) ? state : NULL;
}

void state_free(struct state *state)
{
	for (size_t i = 0; i < state->alert.label_count; i++)
		free(state->alert.labels[i].value);
	free(state->alert.labels);
	free(state->alert.message);
	free(state->name);
	free(state);
}

static struct state *new_state(const struct finding *f, const struct state_key *key)
{
	struct state *state = calloc(1, sizeof(*state));

	if (!state)
		return NULL;
	state->watch = f->watch;
	state->key_a = key->a;
	state->key_b = key->b;
	state->since_ns = f->snapshot->end_boot_ns;
	state->alert.rule = f->watch->rule;
	state->alert.started_wall_ms = f->snapshot->end_wall_ms;
	if (key->name && !(state->name = strdup(key->name))) {
		state_free(state);
		return NULL;
	}
	return state;
}

struct state *state_start(const struct finding *f)
{
	struct alert_engine *engine = f->engine;
	struct state_key key = key_of(f);
	bool taken = table_get(&engine->states, key.a, key.b) != NULL;
	struct state *state = taken ? NULL : new_state(f, &key);

	if (state && !table_put(&engine->states, key.a, key.b, state)) {
		state_free(state);
		state = NULL;
	}
	if (state)
		f->watch->states++;
	else
		engine->overflow++;
	return state;
}

/* Labels that change while a process lives, or that say no more than others, stay out. */
static bool label_shown(enum label label)
{
	return label != LABEL_PROCESS_ppid && label != LABEL_PROCESS_uid &&
	       label != LABEL_PROCESS_cgroup && label != LABEL_PROCESS_exited &&
	       label != LABEL_PROCESS_exit_code && label != LABEL_PROCESS_exit_signal;
}

static bool fill_labels(struct alert *alert, const struct finding *f)
{
	const struct scope_info *scope = &catalogue_scopes[f->watch->rule->scope];
	char number[ROW_NUMBER_LENGTH];

	alert->labels =
		calloc((size_t)(scope->end_label - scope->first_label) + 1, sizeof(*alert->labels));
	if (!alert->labels)
		return false;
	for (enum label l = scope->first_label; l < scope->end_label; l++) {
		const char *text = row_label(f->snapshot, f->row, f->watch->rule->scope, l, number);
		struct alert_label *label = &alert->labels[alert->label_count];

		if (!*text || !label_shown(l))
			continue;
		label->name = catalogue_labels[l].name;
		label->value = strdup(text);
		if (!label->value)
			return false;
		alert->label_count++;
	}
	return true;
}

/* Undoes what a fire that failed has made so far. */
static void clear_firing_parts(struct alert *alert)
{
	for (size_t i = 0; i < alert->label_count; i++)
		free(alert->labels[i].value);
	free(alert->labels);
	alert->labels = NULL;
	alert->label_count = 0;
}

void state_fire(struct state *state, const struct finding *f)
{
	struct alert_engine *engine = f->engine;
	struct alert *alert = &state->alert;

	if (fill_labels(alert, f))
		alert->message = message_render(alert->rule, f->snapshot, f->row, f->value);
	if (!alert->message) {
		clear_firing_parts(alert);
		engine->overflow++;
		return;
	}
	snprintf(alert->id, sizeof(alert->id), "%016" PRIx64 "-%" PRIx64, engine->id_prefix,
		 ++engine->id_count);
	alert->state = ALERT_FIRING;
	alert->value = f->value;
	alert->fired_wall_ms = f->snapshot->end_wall_ms;
	engine->firing++;
	engine->listener(engine->context, ALERT_CHANGE_NEW, alert);
}

void state_set_stale(struct alert_engine *engine, struct state *state, bool stale)
{
	if (state->alert.stale == stale)
		return;
	state->alert.stale = stale;
	engine->listener(engine->context, ALERT_CHANGE_UPDATED, &state->alert);
}

void state_conclude(struct alert_engine *engine, struct state *state, const char *why,
		    int64_t wall_ms)
{
	struct alert *alert = &state->alert;

	state->watch->states--;
	if (alert->state != ALERT_FIRING)
		return;
	alert->state = ALERT_RESOLVED;
	alert->resolved_why = why;
	alert->resolved_wall_ms = wall_ms;
	engine->firing--;
	engine->listener(engine->context, ALERT_CHANGE_RESOLVED, alert);
}

void state_drop(struct alert_engine *engine, struct state *state)
{
	table_remove(&engine->states, state->key_a, state->key_b);
	state_free(state);
}
