// SPDX-License-Identifier: Apache-2.0
/* Rules held against a snapshot, row by row. */
#include "alert/row.h"
#include "alert/state.h"
#include "base/clock.h"

static const char why_cleared[] = "condition cleared";
static const char why_ended[] = "process ended";

static void end_state(const struct finding *f, struct state *state, const char *why)
{
	state_conclude(f->engine, state, why, f->snapshot->end_wall_ms);
	state_drop(f->engine, state);
}

/* Windows are not of equal length to the nanosecond: a twentieth less than asked is enough. */
static bool held_long_enough(const struct state *state, const struct snapshot *s)
{
	uint64_t slack = s->interval_ms * NS_PER_MS / 20;
	uint64_t wanted = state->alert.rule->for_ns;
	uint64_t held = s->end_boot_ns > state->since_ns ? s->end_boot_ns - state->since_ns : 0;

	return held + slack >= wanted;
}

static void update_pending(const struct finding *f, struct state *state)
{
	/* A missing value does not say that the condition held all the time. */
	if (!f->holds)
		end_state(f, state, why_cleared);
	else if (held_long_enough(state, f->snapshot))
		state_fire(state, f);
}

static void update_firing(const struct finding *f, struct state *state)
{
	const struct rule *rule = f->watch->rule;

	if (!f->known) {
		state_set_stale(f->engine, state, true);
		return;
	}
	state->alert.value = f->value;
	state_set_stale(f->engine, state, false);
	if (!rule_holds(rule->op, f->value, rule->clear))
		end_state(f, state, why_cleared);
}

static void update_state(const struct finding *f, struct state *state)
{
	state->round = f->engine->round;
	if (f->exited)
		end_state(f, state, why_ended);
	else if (!f->covered)
		end_state(f, state, why_cleared);
	else if (state->alert.state == ALERT_PENDING)
		update_pending(f, state);
	else
		update_firing(f, state);
}

static void begin_state(const struct finding *f)
{
	/* These numbers are final: they cannot hold on. */
	if (f->exited && f->watch->rule->for_ns)
		return;

	struct state *state = state_start(f);

	if (!state)
		return;
	state->round = f->engine->round;
	if (f->watch->rule->for_ns == 0)
		state_fire(state, f);
}

/* Most rows end at the first comparison: labels and table are only asked where they matter. */
static void evaluate_row(struct finding *f)
{
	const struct rule *rule = f->watch->rule;

	f->known = row_value(f->snapshot, f->row, rule->metric, &f->value);
	f->holds = f->known && rule_holds(rule->op, f->value, rule->value);
	if (!f->holds && f->watch->states == 0)
		return;
	f->covered = row_matches(f->snapshot, f->row, rule);
	f->holds = f->holds && f->covered;
	f->exited = row_exited(f->row, rule->scope);

	struct state *state = f->watch->states ? state_find(f) : NULL;

	if (state)
		update_state(f, state);
	else if (f->holds)
		begin_state(f);
}

static void evaluate_rule(struct alert_engine *engine, struct watch *watch,
			  const struct snapshot *s)
{
	enum scope scope = watch->rule->scope;
	struct finding f = {.engine = engine, .watch = watch, .snapshot = s};

	for (size_t i = 0; i < snapshot_rows(s, scope); i++) {
		f.row = snapshot_row(s, scope, i);
		evaluate_row(&f);
	}
}

struct sweep {
	struct alert_engine *engine;
	const struct snapshot *snapshot;
};

/*
 * States whose row is gone. A process that is not listed has ended, but a list without any process
 * is a list that could not be made.
 */
static bool sweep_state(void *context, void *item)
{
	const struct sweep *sweep = context;
	struct state *state = item;
	bool listed = state->alert.rule->scope == SCOPE_PROCESS &&
		      snapshot_rows(sweep->snapshot, SCOPE_PROCESS) > 0;

	if (state->round == sweep->engine->round)
		return false;
	if (state->alert.state == ALERT_FIRING && !listed) {
		state_set_stale(sweep->engine, state, true);
		return false;
	}
	state_conclude(sweep->engine, state, why_ended, sweep->snapshot->end_wall_ms);
	state_free(state);
	return true;
}

void alert_engine_evaluate(struct alert_engine *engine, const struct snapshot *snapshot)
{
	struct sweep sweep = {engine, snapshot};

	engine->round++;
	for (size_t i = 0; i < engine->rules->count; i++)
		evaluate_rule(engine, &engine->watches[i], snapshot);
	if (engine->states.count)
		table_sweep(&engine->states, sweep_state, &sweep);
}
