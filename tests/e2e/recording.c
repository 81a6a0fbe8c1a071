// SPDX-License-Identifier: Apache-2.0
/*
 * Writes a recording of a node with two tenants, blue and green, and processes
 * of none: recording FILE. What is not blue's has "green" or "alien" in its
 * texts, 4242 or 4321.25 in its numbers, and a pid from 200 on.
 */
#include <stdio.h>

#include "snapshot/builder.h"
#include "snapshot/recording.h"

#define WINDOWS 4
#define INTERVAL_MS 500
#define NS_PER_MS 1000000
#define BEGIN_WALL_MS 1700000000000LL
#define BEGIN_BOOT_NS 1000000000000ULL

struct process {
	uint64_t pid, ppid;
	const char *comm, *user, *pod, *namespace, *unit;
	double cpu;
};

static const struct process processes[] = {
	{100, 300, "blue-web", "blue-user", "blue-pod", "blue", NULL, 12.5},
	{101, 100, "blue-db", "blue-user", "blue-pod", "blue", NULL, 2.5},
	{200, 300, "green-web", "green-user", "green-pod", "green", NULL, 4321.25},
	{300, 1, "aliend", "alien-user", NULL, NULL, "alien.service", 4242},
};

static const struct {
	const char *kind, *name, *pod, *namespace;
} groups[] = {
	{"tenant", "blue", NULL, NULL},	       {"pod", "blue-pod", "blue-pod", "blue"},
	{"tenant", "green", NULL, NULL},       {"pod", "green-pod", "green-pod", "green"},
	{"unit", "alien.service", NULL, NULL}, {"user", "green-user", NULL, NULL},
	{"user", "blue-user", NULL, NULL},
};

static struct builder builder;

static void text(struct builder_row *row, enum scope scope, enum label label, const char *value)
{
	builder_label_string(&builder, row, scope, label, value);
}

static void real(struct builder_row *row, enum metric metric, double value)
{
	builder_value(row, metric, (union snapshot_value){.real = value});
}

static void integer(struct builder_row *row, enum metric metric, uint64_t value)
{
	builder_value(row, metric, (union snapshot_value){.integer = value});
}

static void add_process(const struct process *p, uint64_t start_time, bool exited)
{
	struct builder_row row = {0};

	builder_label(&row, SCOPE_PROCESS, LABEL_PROCESS_pid, p->pid);
	builder_label(&row, SCOPE_PROCESS, LABEL_PROCESS_start_time, start_time);
	builder_label(&row, SCOPE_PROCESS, LABEL_PROCESS_ppid, p->ppid);
	text(&row, SCOPE_PROCESS, LABEL_PROCESS_comm, p->comm);
	text(&row, SCOPE_PROCESS, LABEL_PROCESS_user, p->user);
	text(&row, SCOPE_PROCESS, LABEL_PROCESS_pod, p->pod);
	text(&row, SCOPE_PROCESS, LABEL_PROCESS_namespace, p->namespace);
	text(&row, SCOPE_PROCESS, LABEL_PROCESS_unit, p->unit);
	if (exited) {
		builder_label(&row, SCOPE_PROCESS, LABEL_PROCESS_exited, 1);
		builder_label(&row, SCOPE_PROCESS, LABEL_PROCESS_exit_code, 3);
	}
	real(&row, METRIC_PROCESS_cpu_percent, p->cpu);
	real(&row, METRIC_PROCESS_cpu_seconds, p->cpu / 100);
	integer(&row, METRIC_PROCESS_threads, 2);
	builder_add(&builder, SCOPE_PROCESS, &row);
}

/* One of each tenant lives for a part of the window. */
static void add_short_lived(uint64_t seq)
{
	struct process blue = {110 + seq,  300,	   "blue-job", "blue-user",
			       "blue-pod", "blue", NULL,       1};
	struct process green = {210 + seq,   300,     "green-job", "green-user",
				"green-pod", "green", NULL,	   4242};
	uint64_t start_time = builder.head.start_boot_ns + NS_PER_MS;

	add_process(&blue, start_time, true);
	add_process(&green, start_time, true);
}

static void add_group(size_t i)
{
	struct builder_row row = {0};

	text(&row, SCOPE_GROUP, LABEL_GROUP_kind, groups[i].kind);
	text(&row, SCOPE_GROUP, LABEL_GROUP_name, groups[i].name);
	text(&row, SCOPE_GROUP, LABEL_GROUP_pod, groups[i].pod);
	text(&row, SCOPE_GROUP, LABEL_GROUP_namespace, groups[i].namespace);
	integer(&row, METRIC_GROUP_processes, 2);
	builder_add(&builder, SCOPE_GROUP, &row);
}

static void add_kill(uint64_t pid, const char *comm, const char *namespace)
{
	struct builder_row row = {0};

	builder_label(&row, SCOPE_OOM_KILL, LABEL_OOM_KILL_pid, pid);
	text(&row, SCOPE_OOM_KILL, LABEL_OOM_KILL_comm, comm);
	text(&row, SCOPE_OOM_KILL, LABEL_OOM_KILL_namespace, namespace);
	text(&row, SCOPE_OOM_KILL, LABEL_OOM_KILL_trigger, "green-trigger");
	builder_add(&builder, SCOPE_OOM_KILL, &row);
}

static void add_machine(void)
{
	struct builder_row system = {0}, totals = {0}, losses = {0}, agent = {0}, disk = {0};
	struct builder_row probe = {0};

	real(&system, METRIC_SYSTEM_cpu_percent, 4321.25);
	builder_add(&builder, SCOPE_SYSTEM, &system);
	integer(&totals, METRIC_TOTALS_processes, 4242);
	integer(&totals, METRIC_TOTALS_shown, 4242);
	builder_add(&builder, SCOPE_TOTALS, &totals);
	integer(&losses, METRIC_LOSSES_ring_dropped, 4242);
	builder_add(&builder, SCOPE_LOSSES, &losses);
	integer(&agent, METRIC_AGENT_rss_bytes, 4242);
	builder_add(&builder, SCOPE_AGENT, &agent);
	text(&disk, SCOPE_DISK, LABEL_DISK_name, "alien-disk");
	builder_add(&builder, SCOPE_DISK, &disk);
	text(&probe, SCOPE_PROBE, LABEL_PROBE_name, "alien-probe");
	text(&probe, SCOPE_PROBE, LABEL_PROBE_reason, "alien reasons");
	builder_add(&builder, SCOPE_PROBE, &probe);
}

static bool build(uint64_t seq, struct builder_parts *ret)
{
	builder_begin(&builder);
	builder.head.seq = seq;
	builder.head.start_boot_ns = BEGIN_BOOT_NS + seq * INTERVAL_MS * NS_PER_MS;
	builder.head.end_boot_ns = builder.head.start_boot_ns + INTERVAL_MS * NS_PER_MS;
	builder.head.start_wall_ms = BEGIN_WALL_MS + (int64_t)seq * INTERVAL_MS;
	builder.head.end_wall_ms = builder.head.start_wall_ms + INTERVAL_MS;
	builder.head.interval_ms = INTERVAL_MS;
	builder.head.node = builder_string(&builder, "node-1");
	builder.head.source = builder_string(&builder, "bpf");
	for (size_t i = 0; i < sizeof(processes) / sizeof(*processes); i++)
		add_process(&processes[i], 5 * NS_PER_MS, false);
	add_short_lived(seq);
	for (size_t i = 0; i < sizeof(groups) / sizeof(*groups); i++)
		add_group(i);
	add_kill(119, "blue-victim", "blue");
	add_kill(219, "green-victim", "green");
	add_machine();
	return builder_end(&builder, ret);
}

int main(int argc, char **argv)
{
	struct recorder recorder;
	struct builder_parts parts;
	char error[512];

	if (argc != 2) {
		fprintf(stderr, "usage: recording FILE\n");
		return 2;
	}
	if (recorder_open(&recorder, argv[1], "node-1", true, error, sizeof(error))) {
		fprintf(stderr, "recording: %s\n", error);
		return 1;
	}
	for (uint64_t seq = 1; seq <= WINDOWS; seq++) {
		if (!build(seq, &parts) ||
		    recorder_append(&recorder, parts.list, parts.count, error, sizeof(error))) {
			fprintf(stderr, "recording: %s\n", error);
			return 1;
		}
	}
	return recorder_close(&recorder, error, sizeof(error)) ? 1 : 0;
}
