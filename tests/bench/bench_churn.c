// SPDX-License-Identifier: Apache-2.0
/*
 * bench_churn PROCESSES MB: by how much the agent's memory grows while so many processes come and
 * go, one after the other, as fast as they can. What one part of them needs, the next may use
 * again: the first part only brings the tables to their size.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "bench/process.h"
#include "bench/row.h"

#define PARTS 5

/* A process that ended is kept for two windows, and what held it is free after the third. */
#define SETTLE_S 6

static void churn(unsigned long count)
{
	char number[24];
	int status;

	snprintf(number, sizeof(number), "%lu", count);

	pid_t pid = process_start((const char *const[]){bench_work(), "churn", number, NULL}, NULL);

	if (waitpid(pid, &status, 0) != pid || status)
		bench_fail("work churn");
}

int main(int argc, char **argv)
{
	unsigned long count = argc > 1 ? strtoul(argv[1], NULL, 10) : 200000;
	double bar_mb = argc > 2 ? strtod(argv[2], NULL) : 1;
	struct bench_agent agent;
	double rss[PARTS + 1];
	char what[96], detail[160];
	size_t length = 0;

	bench_agent_start(&agent, "1000");
	for (int part = 0; part <= PARTS; part++) {
		if (part)
			churn(count / PARTS);
		bench_sleep(SETTLE_S);
		rss[part] = bench_agent_memory(&agent).rss_bytes / 1e6;
		length += (size_t)snprintf(detail + length, sizeof(detail) - length, "%s%.1f",
					   part ? ", " : "", rss[part]);
	}
	bench_agent_stop(&agent);
	snprintf(what, sizeof(what), "growth of RSS over %lu short processes", count);
	bench_print(&(struct bench_row){
		.what = what,
		.detail = detail,
		.unit = "MB",
		.value = rss[PARTS],
		.anchor = "after a fifth of them",
		.anchor_value = rss[1],
		.compared = rss[PARTS] - rss[1],
		.bar = bar_mb,
	});
	return 0;
}
