// SPDX-License-Identifier: Apache-2.0
#include "collect/collector.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "collect/sampled.h"
#include "collect/shed.h"
#include "collect/wish.h"

/* Far more than a clock that is only slewed gains in a window. */
#define CLOCK_STEP_MS 100

#define TOTALS_INPUT(id) (INPUT_TOTALS_##id - INPUT_FIRST_TOTALS)
#define LOSSES_INPUT(id) (INPUT_LOSSES_##id - INPUT_FIRST_LOSSES)
#define AGENT_INPUT(id) (INPUT_AGENT_##id - INPUT_FIRST_AGENT)

static int open_source(struct collector *c, const char *name, char *error, size_t size)
{
	if (strcmp(name, "procfs") == 0) {
		text_copy(c->states[PROVIDER_WALK].reason, sizeof(c->states[0].reason),
			  "the procfs source was asked for");
		return source_procfs_open(&c->source, c->states, error, size);
	}

	int failed = source_bpf_open(&c->source, c->states, error, size);

	if (!failed || strcmp(name, "auto") != 0)
		return failed;
	log_warning("no BPF: %s; reading /proc instead (short-lived processes and network bytes "
		    "are not seen)",
		    error);
	text_copy(c->states[PROVIDER_WALK].reason, sizeof(c->states[0].reason), error);
	return source_procfs_open(&c->source, c->states, error, size);
}

/* A provider that nobody spoke of is a probe, and is not there for the walk's reason. */
static void fill_reasons(struct collector *c)
{
	c->states[PROVIDER_SELF].attached = true;
	text_copy(c->states[PROVIDER_SELF].variant, sizeof(c->states[0].variant), "agent");
	for (int p = 0; p < PROVIDERS; p++) {
		struct probe_state *state = &c->states[p];

		if (!state->attached && !state->reason[0])
			text_copy(state->reason, sizeof(state->reason),
				  c->states[PROVIDER_WALK].attached
					  ? "nothing reads it"
					  : c->states[PROVIDER_WALK].reason);
	}
}

static void begin_window(struct collector *c)
{
	c->start_boot_ns = clock_boot_ns();
	c->start_wall_ms = clock_wall_ms();
}

/* Before the walk over tasks: what a socket has counted, its process's counters then have too. */
static void read_files(struct collector *c, bool full)
{
	uint64_t began = clock_cpu_ns();
	int failed = 0;

	if (c->source.walk_files)
		failed = c->source.walk_files(c->source.context, &c->connections, full);
	c->own_ns[PROVIDER_CONNECTIONS] = clock_cpu_ns() - began;
	if (failed) {
		c->walk_errors++;
		log_warning("the walk over all files failed: %s", strerror(-failed));
	}
}

static void read_connections(struct collector *c)
{
	struct series *machine = &c->system.machine;

	if (!c->states[PROVIDER_CONNECTIONS].attached)
		return;
	series_gauge(machine, SYSTEM_INPUT(tcp_close_wait), c->connections.close_wait);
	series_gauge(machine, SYSTEM_INPUT(tcp_connecting), c->connections.connecting);
}

/* CPU totals are read close to the walk: what differs in time differs in the sum. */
static void read_all(struct collector *c, bool full)
{
	collector_drain(c);
	read_files(c, full);
	system_read(&c->system);

	int failed = c->source.walk(c->source.context, &c->window, full);

	if (failed) {
		c->walk_errors++;
		log_warning("the walk over all tasks failed: %s", strerror(-failed));
	}
	collector_drain(c);
	read_connections(c);
	system_cpu_complete(&c->system.cpu, &c->system.machine, c->window.totals.root_run_ns);
	if (c->source.read_disks)
		c->source.read_disks(c->source.context, &c->system.disks);
}

static void read_totals(struct collector *c, const struct window_counts *seen)
{
	struct source_counts counts;

	series_begin(&c->totals);
	series_gauge(&c->totals, TOTALS_INPUT(processes), seen->processes);
	series_gauge(&c->totals, TOTALS_INPUT(threads), seen->threads);
	series_gauge(&c->totals, TOTALS_INPUT(zombies), seen->zombies);
	series_gauge(&c->totals, TOTALS_INPUT(merged), seen->merged);
	series_gauge(&c->totals, TOTALS_INPUT(shown), seen->rows);
	series_counter(&c->totals, TOTALS_INPUT(run_ns), c->window.totals.run_ns);
	series_begin(&c->losses);
	series_counter(&c->losses, LOSSES_INPUT(table_full), c->window.totals.table_full);
	series_counter(&c->losses, LOSSES_INPUT(oom_kills_left_out), c->oom.left_out);
	series_counter(&c->losses, LOSSES_INPUT(groups_full), c->groups.table_full);
	series_counter(&c->losses, LOSSES_INPUT(devices_left_out), system_left_out(&c->system));
	if (!c->source.counts(c->source.context, &counts))
		return;
	series_counter(&c->totals, TOTALS_INPUT(started), counts.started);
	series_counter(&c->totals, TOTALS_INPUT(exited), counts.exited);
	series_counter(&c->losses, LOSSES_INPUT(ring_dropped), counts.ring_dropped);
	series_counter(&c->losses, LOSSES_INPUT(storage_failed), counts.storage_failed);
	series_counter(&c->losses, LOSSES_INPUT(returns_missed), counts.returns_missed);
	series_counter(&c->losses, LOSSES_INPUT(maps_full), counts.maps_full);
	series_counter(&c->losses, LOSSES_INPUT(exits_missed), c->window.totals.exits_missed);
	series_counter(&c->losses, LOSSES_INPUT(releases_missed), c->window.totals.releases_missed);
	series_counter(&c->losses, LOSSES_INPUT(unowned), c->window.totals.unowned);
	if (!c->states[PROVIDER_CONNECTIONS].attached)
		return;
	series_counter(&c->losses, LOSSES_INPUT(connections_unowned),
		       c->connections.totals.unowned);
	series_counter(&c->losses, LOSSES_INPUT(connections_full),
		       c->connections.totals.table_full);
}

/* Signed: what ended late belongs to the window before. */
static void read_unattributed(struct collector *c, uint64_t length_ns)
{
	unsigned busy = INPUT_SYSTEM_cpu_busy_ns - INPUT_FIRST_SYSTEM;
	uint64_t known = c->totals.available >> TOTALS_INPUT(run_ns) & 1;

	if (!known || !(c->system.machine.available >> busy & 1))
		return;

	uint64_t cpus = c->system.machine.value[INPUT_SYSTEM_cpu_count - INPUT_FIRST_SYSTEM];
	int64_t left =
		(int64_t)(c->system.machine.amount[busy] - c->totals.amount[TOTALS_INPUT(run_ns)]);

	series_gauge(&c->losses, LOSSES_INPUT(unattributed_ns), (uint64_t)left);
	if (!cpus || !length_ns)
		return;

	/* In thousandths of a per cent. */
	double share = (double)left / (double)(length_ns * cpus) * 100e3;

	series_gauge(&c->losses, LOSSES_INPUT(unattributed_share), (uint64_t)(int64_t)share);
}

/* Resident pages are the second number of /proc/PID/statm. */
static uint64_t own_rss_bytes(void)
{
	unsigned long resident = 0;
	FILE *f = fopen("/proc/self/statm", "re");

	if (f) {
		if (fscanf(f, "%*u %lu", &resident) != 1)
			resident = 0;
		fclose(f);
	}
	return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void read_hooks(struct collector *c)
{
	uint64_t now[PROVIDERS], sum = 0;

	if (!c->source.run_ns)
		return;
	c->source.run_ns(c->source.context, now);
	for (int p = 0; p < PROVIDERS; p++) {
		c->hooks_amount_ns[p] = now[p] - c->hooks_ns[p];
		c->hooks_ns[p] = now[p];
		sum += now[p];
	}
	series_counter(&c->self, AGENT_INPUT(bpf_ns), sum);
}

static void read_self(struct collector *c, const struct collector_agent *agent)
{
	uint64_t cpu = clock_cpu_ns(), rss = own_rss_bytes();

	series_begin(&c->self);
	series_counter(&c->self, AGENT_INPUT(collector_cpu_ns), cpu);
	series_counter(&c->self, AGENT_INPUT(cpu_ns), cpu + agent->server_cpu_ns);
	if (rss)
		series_gauge(&c->self, AGENT_INPUT(rss_bytes), rss + agent->server_rss_bytes);
	series_gauge(&c->self, AGENT_INPUT(server_restarts), agent->server_restarts);
	if (c->source.map_bytes)
		series_gauge(&c->self, AGENT_INPUT(map_bytes), c->source.map_bytes);
	read_hooks(c);
}

int collector_open(struct collector *c, const struct collector_options *o, char *error, size_t size)
{
	*c = (struct collector){.interval_ms = o->interval_ms, .budget.percent = o->budget_percent};
	text_copy(c->node, sizeof(c->node), o->node);
	if (wish_parse(o->probes, c->states, error, size))
		return -EINVAL;
	if (tenancy_parse(&c->tenancy, o->tenants ? o->tenants : "", error, size))
		return -EINVAL;

	uint64_t watched_from = clock_boot_ns();
	int failed = open_source(c, o->source, error, size);

	if (failed)
		return failed;
	failed = system_open(&c->system, c->states);
	if (failed) {
		snprintf(error, size, "out of memory");
		c->source.close(c->source.context);
		return failed;
	}
	fill_reasons(c);
	/* Without exact times of the tasks of the root, ticks are held against ticks. */
	c->system.cpu.cgroups.unified &= c->source.exit_events;
	identity_init(&c->identity);
	c->identity.tenancy = &c->tenancy;
	window_init(&c->window, &c->identity, c->source.available);
	connections_init(&c->connections, &c->window);
	groups_init(&c->groups, &c->states[PROVIDER_CGROUPFS]);
	c->window.groups = &c->groups;
	c->window.oom = &c->oom;
	c->window.show_arguments = o->arguments;
	c->window.rows_limit = o->rows_limit;
	c->window.exit_events = c->source.exit_events;
	c->window.watched_from_ns = watched_from;
	sampled_open(c);
	read_all(c, true);
	window_clear_amounts(&c->window);
	read_totals(c, &(struct window_counts){0});
	read_self(c, &(struct collector_agent){0});
	begin_window(c);
	return 0;
}

void collector_drain(struct collector *c)
{
	c->source.drain(c->source.context, &c->window, &c->connections);
}

static void emit_one(struct collector *c, enum scope scope, const struct series *s,
		     uint64_t length_ns)
{
	struct builder_row row = {0};

	series_derive(s, &row, scope, length_ns, 1);
	builder_add(&c->builder, scope, &row);
}

static void emit_probes(struct collector *c)
{
	for (int p = 0; p < PROVIDERS; p++) {
		const struct probe_state *state = &c->states[p];
		struct builder_row row = {0};

		builder_label_string(&c->builder, &row, SCOPE_PROBE, LABEL_PROBE_name,
				     catalogue_providers[p].name);
		if (state->attached)
			builder_label_string(&c->builder, &row, SCOPE_PROBE, LABEL_PROBE_variant,
					     state->variant);
		if (!state->attached || (p == PROVIDER_SOCKETS && sampled_is_on(c)))
			builder_label_string(&c->builder, &row, SCOPE_PROBE, LABEL_PROBE_reason,
					     state->reason);
		builder_add(&c->builder, SCOPE_PROBE, &row);
	}
}

/* When the clock was set in between, both times are told by what it is now. */
static void mend_wall_clock(struct snapshot *head)
{
	int64_t length_ms = (int64_t)((head->end_boot_ns - head->start_boot_ns) / NS_PER_MS);
	int64_t told_ms = head->end_wall_ms - head->start_wall_ms;

	if (told_ms < length_ms - CLOCK_STEP_MS || told_ms > length_ms + CLOCK_STEP_MS)
		head->start_wall_ms = head->end_wall_ms - length_ms;
}

static void fill_head(struct collector *c)
{
	struct snapshot *head = &c->builder.head;

	head->seq = ++c->seq;
	head->start_boot_ns = c->start_boot_ns;
	head->start_wall_ms = c->start_wall_ms;
	begin_window(c);
	head->end_boot_ns = c->start_boot_ns;
	head->end_wall_ms = c->start_wall_ms;
	mend_wall_clock(head);
	head->interval_ms = c->interval_ms;
	head->node = builder_string(&c->builder, c->node);
	head->source = builder_string(&c->builder, c->source.name);
}

void collector_window(struct collector *c, const struct collector_agent *agent)
{
	struct builder *b = &c->builder;

	system_ask(&c->system);
	read_all(c, false);
	builder_begin(b);
	fill_head(c);

	uint64_t length_ns = b->head.end_boot_ns - b->head.start_boot_ns;

	if (c->identity.scan_wanted)
		identity_scan(&c->identity, c->window.number);
	groups_begin(&c->groups, c->window.number);

	struct window_counts seen = window_emit(&c->window, b, length_ns);

	groups_emit(&c->groups, b, c->window.available, length_ns);
	connections_emit(&c->connections, b, length_ns);
	oom_emit(&c->oom, &c->window, b, c->start_boot_ns);
	system_emit(&c->system, b, length_ns);
	read_totals(c, &seen);
	read_unattributed(c, length_ns);
	read_self(c, agent);
	emit_one(c, SCOPE_TOTALS, &c->totals, length_ns);
	emit_one(c, SCOPE_LOSSES, &c->losses, length_ns);
	emit_one(c, SCOPE_AGENT, &c->self, length_ns);
	emit_probes(c);
	connections_next(&c->connections);
	window_next(&c->window);
	identity_sweep(&c->identity, c->window.number);
	groups_sweep(&c->groups);
	/* What is switched now is so from the next window on. */
	shed_probes(c, length_ns);
}

void collector_close(struct collector *c)
{
	if (c->source.close)
		c->source.close(c->source.context);
	connections_free(&c->connections);
	window_free(&c->window);
	groups_free(&c->groups);
	identity_free(&c->identity);
	tenancy_free(&c->tenancy);
	system_close(&c->system);
	builder_free(&c->builder);
	*c = (struct collector){0};
}
