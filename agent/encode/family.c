// SPDX-License-Identifier: Apache-2.0
#include "encode/family.h"

#include <stdio.h>
#include <string.h>

#include "snapshot/tally.h"

/* Where the rules below would give a name that says the wrong thing. NULL keeps what they give. */
static const struct exception {
	enum metric metric;
	const char *name; /* behind the scope's */
	const char *unit;
	double factor;
	const char *help;
} exceptions[] = {
	{METRIC_SYSTEM_cpu_count, "cpus", "", 1, NULL},
	{METRIC_GROUP_cpu_limit, "cpu_limit_cores", "", 0.01,
	 "CPU quota of the cgroup, in cores; absent without one"},
	{METRIC_CORE_percent, "busy_seconds", "seconds", 1, NULL},
	{METRIC_DISK_utilisation, "busy_seconds", "seconds", 1,
	 "time in which requests were in flight"},
	{METRIC_DISK_queue_depth, "queue_seconds", "seconds", 1,
	 "time that requests were in flight, in sum over requests"},
	{METRIC_INTERFACE_utilisation, "busy_seconds", "seconds", 1,
	 "time that the traffic of the busier direction takes at the link's speed"},
	{METRIC_INTERFACE_speed, "speed_bytes_per_second", "", 0.125, NULL},
	{METRIC_FILESYSTEM_inodes_total, "inodes", "", 1, NULL},
	{METRIC_LOSSES_unattributed, "unattributed_cpu_seconds", "seconds", 1,
	 "of the newest window, the kernel's CPU total less the sum over processes"},
	{METRIC_AGENT_bpf_ns_per_s, "bpf_seconds", "seconds", 1e-9,
	 "run time of the BPF hooks: their runs, times what one took at the start"},
};

const struct family family_disk_latency = {
	.metric = METRIC_DISK_latency_66us,
	.unit = "seconds",
	.name = "probecast_disk_latency_seconds",
	.help = "time of requests, from start to completion",
};

static struct family families[METRICS];
static struct {
	size_t first, count;
} ranges[SCOPES];

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), tail = strlen(end);

	return len >= tail && strcmp(text + len - tail, end) == 0;
}

static void cut_end(char *text, const char *end)
{
	if (ends_with(text, end))
		text[strlen(text) - strlen(end)] = '\0';
}

/* Puts other words in the place of some, where they stand. */
static void replace(char *text, const char *words, const char *others)
{
	char *at = strstr(text, words);
	char rest[FAMILY_MAX_HELP];

	if (!at)
		return;
	snprintf(rest, sizeof(rest), "%s", at + strlen(words));
	snprintf(at, FAMILY_MAX_HELP - (size_t)(at - text), "%s%s", others, rest);
}

/* What a counter is, has no window; a ratio is no per cent. */
static void make_help(struct family *f, const char *help)
{
	char *cut;

	snprintf(f->help, sizeof(f->help), "%s", help);
	if (!f->counter) {
		replace(f->help, "in per cent of", "as a ratio to");
		return;
	}
	cut = strstr(f->help, ", in per cent of");
	if (cut)
		*cut = '\0';
	replace(f->help, "share of the window in which", "time in which");
	replace(f->help, " in this window", "");
	replace(f->help, " per second", "");
}

static void set_unit(struct family *f, const struct metric_info *info)
{
	f->factor = 1;
	f->unit = "";
	if (info->unit == UNIT_SECONDS)
		f->unit = "seconds";
	else if (info->unit == UNIT_BYTES || info->unit == UNIT_BYTES_PER_SECOND)
		f->unit = "bytes";
	if (info->unit != UNIT_PERCENT)
		return;
	f->unit = f->counter ? "seconds" : "ratio";
	f->factor = f->counter ? 1 : 0.01;
}

static void make_name(struct family *f, const struct metric_info *info)
{
	snprintf(f->name, sizeof(f->name), "probecast_%s_%s", catalogue_scopes[info->scope].name,
		 info->path);
	for (char *c = f->name; *c; c++)
		if (*c == '.')
			*c = '_';
	cut_end(f->name, "_percent");
	if (f->counter) {
		cut_end(f->name, "_per_second");
		cut_end(f->name, "_total");
	}
	if (*f->unit && !ends_with(f->name, f->unit)) {
		size_t len = strlen(f->name);

		snprintf(f->name + len, sizeof(f->name) - len, "_%s", f->unit);
	}
}

static void make_exception(struct family *f)
{
	for (size_t i = 0; i < sizeof(exceptions) / sizeof(*exceptions); i++) {
		const struct exception *e = &exceptions[i];

		if (e->metric != f->metric)
			continue;
		f->unit = e->unit;
		f->factor = e->factor;
		snprintf(f->name, sizeof(f->name), "probecast_%s_%s",
			 catalogue_scopes[catalogue_metrics[f->metric].scope].name, e->name);
		if (e->help)
			snprintf(f->help, sizeof(f->help), "%s", e->help);
	}
}

/* The slot of the input that a total tells of. */
static int slot_of_total(int metric)
{
	const struct scope_info *scope = &catalogue_scopes[catalogue_metrics[metric].scope];

	for (int m = (int)scope->first_metric; m < (int)scope->end_metric; m++)
		if (tally_slot((enum metric)m) >= 0 && tally_total_of((enum metric)m) == metric)
			return tally_slot((enum metric)m);
	return -1;
}

/* Fills the family of a metric; false when it is none, since another tells the same. */
static bool make_family(struct family *f, int metric)
{
	const struct metric_info *info = &catalogue_metrics[metric];

	*f = (struct family){.metric = (enum metric)metric, .slot = -1, .others = -1};
	if (info->kind == KIND_TOTAL) {
		f->others = slot_of_total(metric);
	} else if (info->kind != KIND_GAUGE && info->kind != KIND_SIGNED) {
		f->slot = f->others = tally_slot((enum metric)metric);
		if (f->slot < 0 || tally_total_of((enum metric)metric) >= 0)
			return false;
	}
	f->counter = info->kind == KIND_TOTAL || f->slot >= 0;
	f->additive = info->kind == KIND_GAUGE &&
		      catalogue_find_metric(SCOPE_GROUP, info->path) >= 0;
	set_unit(f, info);
	make_name(f, info);
	make_help(f, info->help);
	make_exception(f);
	return true;
}

/* Kills are events with a row each, and no series; what a histogram has, it has alone. */
static bool is_told_otherwise(int metric)
{
	return catalogue_metrics[metric].scope == SCOPE_OOM_KILL ||
	       metric == METRIC_DISK_latency_sum ||
	       (metric >= METRIC_DISK_latency_66us && metric <= METRIC_DISK_latency_over);
}

/* Made at the first use, by the one thread that encodes. */
static void make_families(void)
{
	size_t count = 0;

	for (int s = 0; s < SCOPES; s++) {
		const struct scope_info *scope = &catalogue_scopes[s];

		ranges[s].first = count;
		for (int m = (int)scope->first_metric; m < (int)scope->end_metric; m++)
			if (!is_told_otherwise(m))
				count += make_family(&families[count], m);
		ranges[s].count = count - ranges[s].first;
	}
}

const struct family *families_of(enum scope scope, size_t *ret_count)
{
	if (!ranges[SCOPE_PROCESS].count)
		make_families();
	*ret_count = ranges[scope].count;
	return &families[ranges[scope].first];
}

bool family_has_label(enum label label)
{
	switch ((int)label) {
	case LABEL_PROCESS_start_time:
	case LABEL_PROCESS_ppid:
	case LABEL_PROCESS_exe:
	case LABEL_PROCESS_args:
	case LABEL_PROCESS_uid:
	case LABEL_PROCESS_cgroup:
	case LABEL_PROCESS_merged:
	case LABEL_PROCESS_exited:
	case LABEL_PROCESS_exit_code:
	case LABEL_PROCESS_exit_signal:
	case LABEL_FILESYSTEM_reason:
	case LABEL_POOL_start_time:
		return false;
	default:
		return true;
	}
}
