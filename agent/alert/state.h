// SPDX-License-Identifier: Apache-2.0
/* The engine's inside: rules in force, and one state per rule and labels. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "alert/alert.h"
#include "base/table.h"

/* A rule in force. */
struct watch {
	const struct rule *rule;
	uint32_t uid;	    /* never given twice: it stands in the keys of the states */
	size_t states;	    /* pending and firing ones */
	struct watch *heir; /* while rules are replaced: the one that goes on, or NULL */
};

struct state {
	struct alert alert;
	struct watch *watch;
	uint64_t key_a, key_b;
	char *name;	   /* the identifying label where it is a text, owned; NULL otherwise */
	uint64_t since_ns; /* boot clock: end of the first window in which the condition held */
	uint64_t round;	   /* the newest evaluation that saw its row */
};

struct alert_engine {
	struct rule_set *rules; /* owned */
	struct watch *watches;	/* one per rule, owned */
	uint32_t next_uid;
	struct table states; /* struct state, owned */
	uint64_t round;
	size_t firing;
	uint64_t overflow;
	uint64_t id_prefix; /* of this run */
	uint64_t id_count;
	alert_listener listener;
	void *context;
};

/* A row held against a rule. */
struct finding {
	struct alert_engine *engine;
	struct watch *watch;
	const struct snapshot *snapshot;
	const struct snapshot_row *row;
	double value; /* when known */
	bool known;
	bool holds;   /* the condition holds, and the row is the rule's */
	bool covered; /* the row is the rule's */
	bool exited;
};

/* The state of the finding's row, NULL when there is none. */
struct state *state_find(const struct finding *f);

/* Begins a pending state; counts an overflow and returns NULL where there is no room. */
struct state *state_start(const struct finding *f);

/* Makes a pending state fire. Without memory it stays pending, and that is counted. */
void state_fire(struct state *state, const struct finding *f);

/* Says whether the metric is missing. */
void state_set_stale(struct alert_engine *engine, struct state *state, bool stale);

/* Resolves a firing alert; one that is pending ends unheard. The state is still to be dropped. */
void state_conclude(struct alert_engine *engine, struct state *state, const char *why,
		    int64_t wall_ms);

/* Takes the state out of the table and frees it. */
void state_drop(struct alert_engine *engine, struct state *state);

/* Frees a state that is out of the table. */
void state_free(struct state *state);
