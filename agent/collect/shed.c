// SPDX-License-Identifier: Apache-2.0
#include "collect/shed.h"

#include <stdio.h>

#include "base/log.h"
#include "collect/sampled.h"

#define AGENT_INPUT(id) (INPUT_AGENT_##id - INPUT_FIRST_AGENT)

static double percent(uint64_t ns, uint64_t length_ns)
{
	return (double)ns / (double)length_ns * 100;
}

/* Both processes and the hooks; the task walk is in the collector's own time. */
static double used_percent(const struct collector *c, uint64_t length_ns)
{
	const uint64_t *amount = c->self.amount;

	return percent(amount[AGENT_INPUT(cpu_ns)] + amount[AGENT_INPUT(bpf_ns)], length_ns);
}

static void switch_off(struct collector *c, enum provider p, double used)
{
	struct probe_state *state = &c->states[p];

	c->source.switch_probe(&c->source, p, false, c->states);
	snprintf(state->reason, sizeof(state->reason),
		 "switched off: the agent used %.3g %% of a core, its budget is %.3g %%", used,
		 c->budget.percent);
	log_warning("probe %s %s", catalogue_providers[p].name, state->reason);
	if (p != PROVIDER_CONNECTIONS)
		return;
	/* They would stand still, and be out of date when the probe comes back. */
	connections_free(&c->connections);
	connections_init(&c->connections, &c->window);
}

/* Kprobes need CAP_PERFMON to be attached, which the agent has given up. */
static void switch_on(struct collector *c, enum provider p)
{
	struct probe_state *state = &c->states[p];
	const char *name = catalogue_providers[p].name;

	if (!c->source.switch_probe(&c->source, p, true, c->states)) {
		log_info("probe %s switched on again", name);
		return;
	}
	c->source.optional &= ~(1ULL << p);
	snprintf(state->reason, sizeof(state->reason),
		 "switched off for the budget, and cannot attach again without privileges; "
		 "restart the agent");
	log_warning("probe %s %s", name, state->reason);
}

void shed_probes(struct collector *c, uint64_t length_ns)
{
	double cost[PROVIDERS], used = used_percent(c, length_ns);

	if (!c->source.switch_probe || !length_ns)
		return;
	for (int p = 0; p < PROVIDERS; p++)
		cost[p] = percent(c->hooks_amount_ns[p] + c->own_ns[p], length_ns);

	struct budget_decision d = budget_window(&c->budget, used, cost, c->source.optional);

	if (d.action == BUDGET_KEEP)
		return;
	bool tcp = d.probe == PROVIDER_SOCKETS || d.probe == PROVIDER_CONNECTIONS;

	if (tcp)
		sampled_before_switch(c);
	if (d.action == BUDGET_OFF)
		switch_off(c, d.probe, used);
	else
		switch_on(c, d.probe);
	if (tcp)
		sampled_after_switch(c);
	else
		sampled_choose(c);
}
