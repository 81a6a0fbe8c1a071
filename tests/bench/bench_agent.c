// SPDX-License-Identifier: Apache-2.0
/*
 * What the whole agent costs per window of 5 s while N processes sleep, beside
 * `top -b -d 5` in the same windows; and its memory. The run time of the BPF hooks
 * is measured in windows of its own: counting it costs time too.
 */
#include <bpf/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench/process.h"

#define WINDOW_S 5
#define WINDOWS 4
#define BPF_WINDOWS 2

/* From half way between two ticks to half way between two others: whole windows. */
#define SETTLE_S 7.5

static pid_t start_sleepers(const char *count)
{
	const char *work = getenv("WORK");
	char c = 0;
	int out;
	pid_t pid = process_start((const char *const[]){work ? work : "build/tests/work/work",
							"sleepers", count, "600", NULL},
				  &out);

	while (c != '\n')
		if (read(out, &c, 1) != 1)
			bench_fail("work sleepers");
	return pid;
}

struct cost {
	double collector, server, top, bpf; /* seconds per window */
	double rss_bytes;
};

/* The kernel counts run times as long as the descriptor is open. */
static double bpf_per_window(pid_t collector)
{
	int counting = bpf_enable_stats(BPF_STATS_RUN_TIME);

	if (counting < 0)
		bench_fail("bpf_enable_stats");

	double before = process_bpf_seconds(collector);

	bench_sleep(BPF_WINDOWS * WINDOW_S);

	double used = process_bpf_seconds(collector) - before;

	close(counting);
	return used / BPF_WINDOWS;
}

static struct cost measure(void)
{
	struct bench_agent agent;
	struct cost cost;

	bench_agent_start(&agent);

	pid_t top = process_start((const char *const[]){"top", "-b", "-d", "5", NULL}, NULL);

	bench_sleep(SETTLE_S);

	double collector = process_cpu_seconds(agent.collector);
	double server = process_cpu_seconds(agent.server);
	double anchor = process_cpu_seconds(top);

	bench_sleep(WINDOWS * WINDOW_S);
	cost.collector = (process_cpu_seconds(agent.collector) - collector) / WINDOWS;
	cost.server = (process_cpu_seconds(agent.server) - server) / WINDOWS;
	cost.top = (process_cpu_seconds(top) - anchor) / WINDOWS;
	cost.rss_bytes = process_rss_bytes(agent.collector) + process_rss_bytes(agent.server);
	process_stop(top);
	cost.bpf = bpf_per_window(agent.collector);
	bench_agent_stop(&agent);
	return cost;
}

int main(int argc, char **argv)
{
	const char *count = argc > 1 ? argv[1] : "2000";
	double bar = argc > 2 ? strtod(argv[2], NULL) : 0.1,
	       limit_mb = argc > 3 ? strtod(argv[3], NULL) : 20;
	pid_t sleepers = start_sleepers(count);
	struct cost cost = measure();
	double total = cost.collector + cost.server + cost.bpf;
	char what[96], value[96], anchor[64];

	process_stop(sleepers);
	snprintf(what, sizeof(what), "CPU per 5-s window, %s sleeping processes", count);
	snprintf(value, sizeof(value), "%.2f ms (collector %.2f, server %.2f, BPF hooks %.2f)",
		 total * 1e3, cost.collector * 1e3, cost.server * 1e3, cost.bpf * 1e3);
	snprintf(anchor, sizeof(anchor), "top -b -d 5: %.2f ms", cost.top * 1e3);
	bench_row(what, value, anchor, total / cost.top, true, bar);
	snprintf(what, sizeof(what), "RSS of both processes, %s sleeping processes", count);
	snprintf(value, sizeof(value), "%.1f MB", cost.rss_bytes / 1e6);
	bench_row(what, value, "-", cost.rss_bytes / 1e6, true, limit_mb);
	return 0;
}
