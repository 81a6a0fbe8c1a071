// SPDX-License-Identifier: Apache-2.0
#include "collect/budget.h"

static bool is_candidate(uint64_t candidates, int p)
{
	return candidates >> p & 1;
}

/* The last of the catalogue that helps; -1 when none does. */
static int least_valuable(const struct budget *b, const double cost[PROVIDERS], uint64_t candidates)
{
	for (int p = PROVIDERS - 1; p >= 0; p--)
		if (is_candidate(candidates, p) && !b->probes[p].off &&
		    cost[p] >= b->percent * BUDGET_WORTH)
			return p;
	return -1;
}

static int most_valuable_off(const struct budget *b, uint64_t candidates)
{
	for (int p = 0; p < PROVIDERS; p++)
		if (is_candidate(candidates, p) && b->probes[p].off)
			return p;
	return -1;
}

/* One that stayed on for long is no repeated offender: it begins with the short wait again. */
static uint32_t next_backoff(const struct budget_probe *p)
{
	if (!p->backoff || p->since > 2 * p->backoff)
		return BUDGET_MIN_BACKOFF;
	return p->backoff < BUDGET_MAX_BACKOFF / 2 ? p->backoff * 2 : BUDGET_MAX_BACKOFF;
}

static struct budget_decision switch_probe(struct budget *b, int p, bool off)
{
	struct budget_probe *probe = &b->probes[p];

	if (off)
		probe->backoff = next_backoff(probe);
	probe->off = off;
	probe->since = 0;
	b->over = b->room = 0;
	return (struct budget_decision){off ? BUDGET_OFF : BUDGET_ON, (enum provider)p};
}

struct budget_decision budget_window(struct budget *b, double used, const double cost[PROVIDERS],
				     uint64_t candidates)
{
	struct budget_decision keep = {.action = BUDGET_KEEP};
	int p;

	if (b->percent <= 0)
		return keep;
	for (p = 0; p < PROVIDERS; p++)
		b->probes[p].since++;
	b->over = used > b->percent ? b->over + 1 : 0;
	b->room = used < b->percent * BUDGET_ROOM ? b->room + 1 : 0;
	if (b->over >= BUDGET_PATIENCE) {
		p = least_valuable(b, cost, candidates);
		return p < 0 ? keep : switch_probe(b, p, true);
	}
	p = most_valuable_off(b, candidates);
	if (p < 0 || b->room < b->probes[p].backoff)
		return keep;
	return switch_probe(b, p, false);
}
