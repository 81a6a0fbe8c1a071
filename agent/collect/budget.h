// SPDX-License-Identifier: Apache-2.0
/*
 * What the agent may cost: above its budget for some windows, probes are switched
 * off, the least valuable first; they come back when there is room. A decision
 * and nothing else: who acts on it is shed.c.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "snapshot/catalogue.h"

/* Windows above the budget until a probe is switched off: a burst is none. */
#define BUDGET_PATIENCE 3

/* Windows within the budget until a probe is tried again: at first, and at the most. */
#define BUDGET_MIN_BACKOFF 12
#define BUDGET_MAX_BACKOFF 720

/* There is room below this share of the budget. */
#define BUDGET_ROOM 0.7

/* A probe whose cost is a smaller share of the budget is no help when switched off. */
#define BUDGET_WORTH 0.05

struct budget_probe {
	bool off;
	uint32_t backoff; /* windows, 0 before it was first switched off */
	uint32_t since;	  /* windows since it was switched on or off */
};

struct budget {
	double percent; /* of one core; 0 for no limit */
	uint32_t over;	/* windows above it in a row */
	uint32_t room;	/* windows in a row with room below it */
	struct budget_probe probes[PROVIDERS];
};

enum budget_action { BUDGET_KEEP, BUDGET_OFF, BUDGET_ON };

struct budget_decision {
	enum budget_action action;
	enum provider probe; /* unless BUDGET_KEEP */
};

/*
 * Takes a window: what the agent used and what each probe did of it, in per cent
 * of a core. candidates are the probes that may be
 * switched, as bits; the catalogue has the more valuable ones first. At most one
 * is switched in a window.
 */
struct budget_decision budget_window(struct budget *b, double used, const double cost[PROVIDERS],
				     uint64_t candidates);
