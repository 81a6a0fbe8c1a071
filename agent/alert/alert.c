// SPDX-License-Identifier: Apache-2.0
#include "alert/alert.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#include "alert/entry.h"
#include "alert/state.h"
#include "base/clock.h"

/* Ids begin with a number of their own in each run, so that two runs never give the same one. */
static uint64_t make_id_prefix(void)
{
	uint64_t prefix;

	if (getrandom(&prefix, sizeof(prefix), GRND_NONBLOCK) != (ssize_t)sizeof(prefix))
		prefix = clock_boot_ns() ^ (uint64_t)clock_wall_ms() << 20;
	return prefix;
}

/* A watch for each rule of the set; NULL without memory. */
static struct watch *new_watches(const struct rule_set *rules)
{
	struct watch *watches = calloc(rules->count + 1, sizeof(*watches));

	for (size_t i = 0; watches && i < rules->count; i++)
		watches[i].rule = &rules->rules[i];
	return watches;
}

static void number_watches(struct alert_engine *engine)
{
	for (size_t i = 0; i < engine->rules->count; i++)
		engine->watches[i].uid = ++engine->next_uid;
}

struct alert_engine *alert_engine_new(struct rule_set *rules, alert_listener listener,
				      void *context)
{
	struct alert_engine *engine = calloc(1, sizeof(*engine));
	struct watch *watches = new_watches(rules);

	if (!engine || !watches) {
		free(engine);
		free(watches);
		rule_set_free(rules);
		return NULL;
	}
	engine->rules = rules;
	engine->watches = watches;
	engine->states.limit = ALERTS_MAX;
	engine->id_prefix = make_id_prefix();
	engine->listener = listener;
	engine->context = context;
	number_watches(engine);
	return engine;
}

/* The heir keeps the uid: the keys of the states then stay as they are. */
static void name_heir(struct watch *old, struct watch *watches, const struct rule_set *rules)
{
	for (size_t i = 0; i < rules->count; i++) {
		if (!rule_alike(old->rule, watches[i].rule))
			continue;
		old->heir = &watches[i];
		watches[i].uid = old->uid;
		return;
	}
}

static bool inherit_state(void *context, void *item)
{
	struct alert_engine *engine = context;
	struct state *state = item;
	struct watch *heir = state->watch->heir;

	if (!heir) {
		state_conclude(engine, state, "rule removed", clock_wall_ms());
		state_free(state);
		return true;
	}
	/* After a removal the sweep may come to a state twice: one that has moved stays. */
	if (heir == state->watch)
		return false;

	enum severity before = state->alert.rule->severity;

	state->watch = heir;
	state->alert.rule = heir->rule;
	heir->states++;
	if (state->alert.state == ALERT_FIRING && heir->rule->severity != before)
		engine->listener(engine->context, ALERT_CHANGE_UPDATED, &state->alert);
	return false;
}

int alert_engine_reload(struct alert_engine *engine, struct rule_set *rules)
{
	struct watch *watches = new_watches(rules), *old = engine->watches;

	if (!watches) {
		rule_set_free(rules);
		return -ENOMEM;
	}
	for (size_t i = 0; i < rules->count; i++) {
		watches[i].uid = ++engine->next_uid;
		watches[i].heir = &watches[i];
	}
	for (size_t i = 0; i < engine->rules->count; i++) {
		old[i].heir = NULL;
		name_heir(&old[i], watches, rules);
	}
	table_sweep(&engine->states, inherit_state, engine);
	rule_set_free(engine->rules);
	free(old);
	engine->rules = rules;
	engine->watches = watches;
	return 0;
}

void alert_engine_each_firing(const struct alert_engine *engine,
			      void (*each)(void *context, const struct alert *alert), void *context)
{
	const struct state *state;
	size_t at = 0;

	while ((state = table_next(&engine->states, &at)))
		if (state->alert.state == ALERT_FIRING)
			each(context, &state->alert);
}

const struct rule_set *alert_engine_rules(const struct alert_engine *engine)
{
	return engine->rules;
}

size_t alert_engine_firing(const struct alert_engine *engine)
{
	return engine->firing;
}

uint64_t alert_engine_overflow(const struct alert_engine *engine)
{
	return engine->overflow;
}

void alert_engine_free(struct alert_engine *engine)
{
	struct state *state;
	size_t at = 0;

	if (!engine)
		return;
	while ((state = table_next(&engine->states, &at)))
		state_free(state);
	table_free(&engine->states);
	rule_set_free(engine->rules);
	free(engine->watches);
	free(engine);
}
