// SPDX-License-Identifier: Apache-2.0
/*
 * bench_slowdown LOAD WINDOW_MS: how much the agent slows others. A load (load.c) runs pinned to
 * one CPU, in turns without and with the agent; each round is as long as a window, so it has the
 * end of one in it. Pairs begin with the one and with the other by turns: what drifts with time
 * does no side a favour.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/load.h"
#include "bench/process.h"
#include "bench/row.h"

#define MAX_PAIRS 15
#define PAIRS_SECONDS 60

/* The agent's start is over by then. */
#define SETTLE_S 0.5

static double rate_with_agent(const struct load *load, const char *window_ms, double seconds)
{
	struct bench_agent agent;
	double rate;

	bench_agent_start(&agent, window_ms);
	bench_sleep(SETTLE_S);
	rate = load_pinned_rate(load, seconds);
	bench_agent_stop(&agent);
	return rate;
}

/* An odd number, so that there is a middle. */
static size_t count_pairs(double seconds)
{
	size_t count = (size_t)(PAIRS_SECONDS / 2 / seconds) | 1;

	if (bench_quick())
		return 3;
	return count < MAX_PAIRS ? count : MAX_PAIRS;
}

int main(int argc, char **argv)
{
	const struct load *load = argc == 3 ? load_find(argv[1]) : NULL;
	double with[MAX_PAIRS], without[MAX_PAIRS], ratio[MAX_PAIRS];
	char what[96], detail[96];

	if (!load) {
		fprintf(stderr, "Usage: bench_slowdown pipe|tcp|exec WINDOW_MS\n");
		return 2;
	}

	double seconds = strtod(argv[2], NULL) / 1e3;
	size_t pairs = count_pairs(seconds);

	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < pairs; i++) {
		if (i % 2 == 0)
			without[i] = load_pinned_rate(load, seconds);
		with[i] = rate_with_agent(load, argv[2], seconds);
		if (i % 2 == 1)
			without[i] = load_pinned_rate(load, seconds);
		ratio[i] = with[i] / without[i];
	}

	double median = bench_median(ratio, pairs);

	snprintf(what, sizeof(what), "pinned %s with the agent, %g-s windows", load->what, seconds);
	snprintf(detail, sizeof(detail), "%zu pairs: %.3f to %.3f", pairs, ratio[0],
		 ratio[pairs - 1]);
	bench_print(&(struct bench_row){
		.what = what,
		.detail = detail,
		.unit = "/s",
		.value = bench_median(with, pairs),
		.anchor = "without",
		.anchor_value = bench_median(without, pairs),
		.compared = median,
		.bar = load->bar,
		.at_least = true,
	});
	return 0;
}
