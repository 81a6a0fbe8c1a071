// SPDX-License-Identifier: Apache-2.0
#include "collect/sampled.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "collect/variant.h"
#include "snapshot/derive.h"

#define BIT(id) (1ULL << PROCESS_INPUT(id))

static const char needs[] = "; " VARIANT_SAMPLED " needs the probe connections";

static bool has_hooks(const struct probe_state *sockets)
{
	return sockets->attached && strcmp(sockets->variant, VARIANT_SAMPLED) != 0;
}

/* The source knows its hooks alone. */
static uint64_t available(const struct collector *c)
{
	uint64_t inputs = c->source.available;

	if (c->connections.mode.now != TCP_BYTES_BY_CALLS)
		inputs &=
			~(derive_inputs_of(SCOPE_PROCESS, PROVIDER_SOCKETS) | BIT(unseen_rx_bytes));
	if (sampled_is_on(c))
		inputs |= BIT(tcp_rx_bytes) | BIT(tcp_tx_bytes);
	return inputs;
}

/* Why there are no hooks is why there is TCP alone; it stays when nothing is left. */
static void describe(const struct collector *c, struct probe_state *sockets)
{
	char *added = strstr(sockets->reason, needs);

	if (added)
		*added = '\0';
	sockets->attached = sampled_is_on(c);
	if (sockets->attached)
		text_copy(sockets->variant, sizeof(sockets->variant), VARIANT_SAMPLED);
	else if (c->may_sample)
		snprintf(sockets->reason + strlen(sockets->reason),
			 sizeof(sockets->reason) - strlen(sockets->reason), "%s", needs);
}

bool sampled_is_on(const struct collector *c)
{
	return c->connections.mode.now == TCP_BYTES_SAMPLED;
}

/* Who wants certain hooks, or none, wants no replacement for them. */
void sampled_open(struct collector *c)
{
	const struct probe_state *sockets = &c->states[PROVIDER_SOCKETS];

	c->may_sample = c->states[PROVIDER_WALK].attached &&
			(sockets->attached || !sockets->wanted[0] ||
			 strcmp(sockets->wanted, VARIANT_SAMPLED) == 0);
	sampled_choose(c);
}

void sampled_choose(struct collector *c)
{
	struct probe_state *sockets = &c->states[PROVIDER_SOCKETS];
	bool connections = c->states[PROVIDER_CONNECTIONS].attached;
	enum tcp_bytes mode = TCP_BYTES_UNKNOWN;

	if (has_hooks(sockets))
		mode = TCP_BYTES_BY_CALLS;
	else if (connections && c->may_sample)
		mode = TCP_BYTES_SAMPLED;
	if (mode != c->connections.mode.now)
		connections_set_mode(&c->connections, mode);
	if (mode != TCP_BYTES_BY_CALLS)
		describe(c, sockets);
	c->window.available = available(c);
}

static void walk(struct collector *c)
{
	if (c->source.walk_files)
		c->source.walk_files(c->source.context, &c->connections, true);
}

void sampled_before_switch(struct collector *c)
{
	if (sampled_is_on(c))
		walk(c);
	connections_set_mode(&c->connections, TCP_BYTES_UNKNOWN);
}

void sampled_after_switch(struct collector *c)
{
	sampled_choose(c);
	if (sampled_is_on(c))
		walk(c);
}
