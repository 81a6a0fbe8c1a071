// SPDX-License-Identifier: Apache-2.0
/* Which probes are switched off and on, window by window. */
#include "collect/budget.h"
#include "harness/harness.h"

#define CANDIDATES (1ULL << PROVIDER_SOCKETS | 1ULL << PROVIDER_BLOCK)

static struct budget budget;
static double cost[PROVIDERS];

static struct budget_decision window(double used)
{
	return budget_window(&budget, used, cost, CANDIDATES);
}

/* So many windows, in which nothing is decided. */
static void quiet(int windows, double used)
{
	for (int i = 0; i < windows; i++)
		CHECK_INT(window(used).action, BUDGET_KEEP);
}

static void expect(double used, enum budget_action action, enum provider probe)
{
	struct budget_decision d = window(used);

	CHECK_INT(d.action, action);
	CHECK_INT(d.probe, probe);
}

static void begin(double sockets, double block)
{
	budget = (struct budget){.percent = 1};
	cost[PROVIDER_SOCKETS] = sockets;
	cost[PROVIDER_BLOCK] = block;
}

TEST(within_the_budget_nothing_changes)
{
	begin(0.5, 0.5);
	quiet(1000, 0.9);
	quiet(1000, 0.1);
}

TEST(a_burst_is_no_reason)
{
	begin(0.5, 0.5);
	for (int i = 0; i < 100; i++) {
		quiet(BUDGET_PATIENCE - 1, 50);
		quiet(1, 0.5);
	}
}

TEST(the_least_valuable_goes_first_and_the_most_valuable_comes_first)
{
	begin(0.5, 0.5);
	CHECK(PROVIDER_SOCKETS < PROVIDER_BLOCK);
	quiet(BUDGET_PATIENCE - 1, 2);
	expect(2, BUDGET_OFF, PROVIDER_BLOCK);
	quiet(BUDGET_PATIENCE - 1, 1.5);
	expect(1.5, BUDGET_OFF, PROVIDER_SOCKETS);
	quiet(10, 1.2);
	quiet(BUDGET_MIN_BACKOFF - 1, 0.5);
	expect(0.5, BUDGET_ON, PROVIDER_SOCKETS);
	quiet(BUDGET_MIN_BACKOFF - 1, 0.5);
	expect(0.5, BUDGET_ON, PROVIDER_BLOCK);
	quiet(100, 0.5);
}

TEST(what_costs_nothing_stays)
{
	begin(0.5, 0.01);
	quiet(BUDGET_PATIENCE - 1, 2);
	expect(2, BUDGET_OFF, PROVIDER_SOCKETS);
	quiet(100, 2);
}

/* Between room and budget: neither off nor on. */
TEST(there_is_a_gap_between_off_and_on)
{
	begin(0.5, 0);
	quiet(BUDGET_PATIENCE - 1, 2);
	expect(2, BUDGET_OFF, PROVIDER_SOCKETS);
	quiet(10000, (1 + BUDGET_ROOM) / 2);
}

TEST(each_relapse_doubles_the_wait_up_to_a_limit)
{
	int wait = BUDGET_MIN_BACKOFF;

	begin(0.5, 0);
	for (int i = 0; i < 12; i++) {
		quiet(BUDGET_PATIENCE - 1, 2);
		expect(2, BUDGET_OFF, PROVIDER_SOCKETS);
		quiet(wait - 1, 0.1);
		expect(0.1, BUDGET_ON, PROVIDER_SOCKETS);
		wait = wait * 2 < BUDGET_MAX_BACKOFF ? wait * 2 : BUDGET_MAX_BACKOFF;
	}
}

TEST(long_good_conduct_is_rewarded)
{
	begin(0.5, 0);
	for (int i = 0; i < 3; i++) {
		quiet(BUDGET_PATIENCE - 1, 2);
		expect(2, BUDGET_OFF, PROVIDER_SOCKETS);
		quiet(BUDGET_MIN_BACKOFF - 1, 0.1);
		expect(0.1, BUDGET_ON, PROVIDER_SOCKETS);
		quiet(3 * BUDGET_MIN_BACKOFF, 0.8);
	}
}

TEST(without_a_limit_all_stays)
{
	begin(0.5, 0.5);
	budget.percent = 0;
	quiet(1000, 100);
}
