// SPDX-License-Identifier: Apache-2.0
/*
 * How much the agent slows others: two processes pass a byte to and fro over
 * pipes, both pinned to one CPU, in turns without and with the agent.
 */
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/process.h"

#define PAIRS 9
#define ROUND_S 1.0

/* The agent's start is over by then. */
#define SETTLE_S 0.3

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The last CPU: interrupts mostly go to the first. */
static void pin(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)sysconf(_SC_NPROCESSORS_ONLN) - 1, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		bench_fail("sched_setaffinity");
}

static void echo(int from, int to)
{
	char c;

	pin();
	while (read(from, &c, 1) == 1)
		if (write(to, &c, 1) != 1)
			break;
	_exit(0);
}

/* Exchanges per second of two pinned processes. */
static double exchange_rate(void)
{
	int there[2], back[2];
	double count = 0;
	char c = 0;

	if (pipe(there) || pipe(back))
		bench_fail("pipe");

	pid_t pid = fork();

	if (pid == 0) {
		close(there[1]);
		close(back[0]);
		echo(there[0], back[1]);
	}
	close(there[0]);
	close(back[1]);

	double start = now_s(), end = start + ROUND_S;

	for (; count < 1000 || now_s() < end; count++)
		if (write(there[1], &c, 1) != 1 || read(back[0], &c, 1) != 1)
			bench_fail("pipe");

	double rate = count / (now_s() - start);

	close(there[1]);
	close(back[0]);
	waitpid(pid, NULL, 0);
	return rate;
}

/* In a process of its own, so that the pinning stays there. */
static double pinned_rate(void)
{
	int ends[2];
	double rate;

	if (pipe(ends))
		bench_fail("pipe");

	pid_t pid = fork();

	if (pid == 0) {
		pin();
		rate = exchange_rate();
		_exit(write(ends[1], &rate, sizeof(rate)) != sizeof(rate));
	}
	close(ends[1]);
	if (read(ends[0], &rate, sizeof(rate)) != sizeof(rate))
		bench_fail("the pinned process failed");
	close(ends[0]);
	waitpid(pid, NULL, 0);
	return rate;
}

int main(void)
{
	double with[PAIRS], without[PAIRS], ratio[PAIRS];
	char value[64], anchor[64];

	signal(SIGPIPE, SIG_IGN);
	for (int i = 0; i < PAIRS; i++) {
		struct bench_agent agent;

		without[i] = pinned_rate();
		bench_agent_start(&agent);
		bench_sleep(SETTLE_S);
		with[i] = pinned_rate();
		bench_agent_stop(&agent);
		ratio[i] = with[i] / without[i];
	}

	double median = bench_median(ratio, PAIRS);

	snprintf(value, sizeof(value), "%.0f /s (ratios %.3f to %.3f)", bench_median(with, PAIRS),
		 ratio[0], ratio[PAIRS - 1]);
	snprintf(anchor, sizeof(anchor), "without: %.0f /s", bench_median(without, PAIRS));
	bench_row("pinned pipe ping-pong with the agent", value, anchor, median, false, 0.98);
	return 0;
}
