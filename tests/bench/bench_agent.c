// SPDX-License-Identifier: Apache-2.0
/*
 * bench_agent PROCESSES RATIO MB: what the whole agent costs per window of 5 s while so many
 * processes sleep, beside `top -b -d 5` in the same windows; and its memory, unless MB is 0.
 *
 * bench_agent PROCESSES RATIO MB RATE: while RATE programs a second are started besides, next to
 * `exitsnoop`.
 *
 * The run time of the BPF hooks is measured in windows of its own: counting it costs time too.
 */
#include <bpf/bpf.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench/process.h"
#include "bench/row.h"

#define WINDOW_S 5

/* Each process is looked at once in twelve windows, and some work is done once in twelve. */
#define WINDOWS (bench_quick() ? 2 : 12)
#define BPF_WINDOWS (bench_quick() ? 1 : 3)

/* Arguments of processes that were there before are read this many a window. */
#define ARGUMENTS_PER_WINDOW 1000

#define LOAD_SECONDS "1000"

static pid_t start_sleepers(const char *count)
{
	char c = 0;
	int out;
	pid_t pid = process_start(
		(const char *const[]){bench_work(), "sleepers", count, LOAD_SECONDS, NULL}, &out);

	while (c != '\n')
		if (read(out, &c, 1) != 1)
			bench_fail("work sleepers");
	return pid;
}

static pid_t start_storm(const char *rate)
{
	return process_start(
		(const char *const[]){bench_work(), "storm-exec", "1000000000", rate, NULL}, NULL);
}

static pid_t start_anchor(bool storm)
{
	return storm ? process_start((const char *const[]){"exitsnoop", NULL}, NULL)
		     : process_start((const char *const[]){"top", "-b", "-d", "5", NULL}, NULL);
}

/* Seconds of CPU time per window. */
struct cost {
	double collector, server, hooks;
	double anchor, anchor_hooks;
	struct memory memory;
};

/* The kernel counts run times as long as the descriptor is open. */
static void measure_hooks(struct cost *cost, pid_t collector, pid_t anchor)
{
	int counting = bpf_enable_stats(BPF_STATS_RUN_TIME);

	if (counting < 0)
		bench_fail("bpf_enable_stats");

	double before = process_bpf_seconds(collector);
	double anchor_before = process_bpf_seconds(anchor);

	bench_sleep(BPF_WINDOWS * WINDOW_S);
	cost->hooks = (process_bpf_seconds(collector) - before) / BPF_WINDOWS;
	cost->anchor_hooks = (process_bpf_seconds(anchor) - anchor_before) / BPF_WINDOWS;
	close(counting);
}

/* From half way between two ticks to half way between two others: whole windows. */
static void settle(double processes)
{
	bench_sleep((1.5 + ceil(processes / ARGUMENTS_PER_WINDOW)) * WINDOW_S);
}

static struct cost measure(double processes, bool storm)
{
	struct bench_agent agent;
	struct cost cost;

	bench_agent_start(&agent, "5000");

	pid_t anchor = start_anchor(storm);

	settle(processes);

	double collector = process_cpu_seconds(agent.collector);
	double server = process_cpu_seconds(agent.server);
	double anchor_before = process_cpu_seconds(anchor);

	bench_sleep(WINDOWS * WINDOW_S);
	cost.collector = (process_cpu_seconds(agent.collector) - collector) / WINDOWS;
	cost.server = (process_cpu_seconds(agent.server) - server) / WINDOWS;
	cost.anchor = (process_cpu_seconds(anchor) - anchor_before) / WINDOWS;
	cost.memory = bench_agent_memory(&agent);
	measure_hooks(&cost, agent.collector, anchor);
	process_stop(anchor);
	bench_agent_stop(&agent);
	return cost;
}

static void print_cpu(const struct cost *c, const char *count, const char *rate, double bar)
{
	char what[96], detail[96];
	struct bench_row row = {
		.what = what,
		.detail = detail,
		.unit = "ms",
		.value = (c->collector + c->server + c->hooks) * 1e3,
		.anchor = rate ? "exitsnoop" : "top -b -d 5",
		.anchor_value = (c->anchor + c->anchor_hooks) * 1e3,
		.bar = bar,
	};

	row.compared = row.value / row.anchor_value;
	snprintf(what, sizeof(what), "CPU per 5-s window, %s sleeping processes%s%s%s", count,
		 rate ? ", " : "", rate ? rate : "", rate ? " fork+exec/s" : "");
	snprintf(detail, sizeof(detail), "collector %.2f, server %.2f, BPF hooks %.2f",
		 c->collector * 1e3, c->server * 1e3, c->hooks * 1e3);
	bench_print(&row);
}

static void print_memory(const struct cost *c, const char *count, double bar_mb)
{
	char what[96], detail[96];
	struct bench_row row = {
		.what = what,
		.detail = detail,
		.unit = "MB",
		.value = c->memory.rss_bytes / 1e6,
		.compared = c->memory.rss_bytes / 1e6,
		.bar = bar_mb,
	};

	snprintf(what, sizeof(what), "RSS of both processes, %s sleeping processes", count);
	snprintf(detail, sizeof(detail), "PSS %.1f", c->memory.pss_bytes / 1e6);
	bench_print(&row);
}

int main(int argc, char **argv)
{
	if (argc < 4) {
		fprintf(stderr, "Usage: bench_agent PROCESSES RATIO MB [RATE]\n");
		return 2;
	}

	const char *count = argv[1], *rate = argc > 4 ? argv[4] : NULL;
	double bar_mb = strtod(argv[3], NULL);
	pid_t sleepers = start_sleepers(count), storm = rate ? start_storm(rate) : 0;
	struct cost cost = measure(strtod(count, NULL), rate != NULL);

	if (storm)
		process_stop(storm);
	process_stop(sleepers);
	print_cpu(&cost, count, rate, strtod(argv[2], NULL));
	if (bar_mb > 0)
		print_memory(&cost, count, bar_mb);
	return 0;
}
