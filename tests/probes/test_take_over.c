// SPDX-License-Identifier: Apache-2.0
/*
 * A thread that is not the leader calls exec: it becomes the leader, with the
 * leader's pid and start time, and the old leader is released under the thread's.
 */
#include <stdio.h>

#include "harness/harness.h"
#include "probes/once.h"

#define WINDOW_MS 4000
#define TIMEOUT_S 40

static struct background once, work;

/* CPU time before the pause, after it, and of the program that is executed; bytes likewise. */
struct relay {
	const char *leader_before, *thread_before;
	const char *leader_after, *thread_after, *executed;
	const char *bytes, *bytes_after;
};

static void start_relay(const char *pause_ms, const struct relay *r)
{
	const char *const arguments[] = {"take-over", r->leader_before, r->thread_before,
					 pause_ms,    r->leader_after,	r->thread_after,
					 r->executed, r->bytes,		r->bytes_after,
					 NULL};

	work_start(&work, arguments);
}

static void check_relay(json_t *document, json_t *lines, const char *amount)
{
	json_t *truth = work_of(lines, "taken-over"), *row = process_row(document, truth);

	check_close(row, "cpu.seconds", number_at(truth, amount));
	check_close(row, "cpu.seconds_total", number_at(truth, "total_cpu_seconds"));
	CHECK_REAL(number_at(row, "network.unix.rx_bytes"), number_at(truth, "unix_bytes"), 0);
	CHECK_REAL(number_at(row, "network.unix.tx_bytes"), number_at(truth, "unix_bytes"), 0);
	CHECK_INT(number_at(document, "losses.exits_missed"), 0);
	CHECK_INT(number_at(document, "losses.unowned_threads"), 0);
}

/* The first walk has seen both threads. */
static void check_older(const struct relay *r)
{
	start_relay("2000", r);
	work_lines(&work, 1);
	once_start(&once, WINDOW_MS + 2000);

	json_t *lines = work_finish(&work), *document = once_whole(&once);

	check_inside(document, lines);
	check_relay(document, lines, "cpu_seconds");
}

/* No walk has seen any of it before. */
static void check_younger(const struct relay *r)
{
	once_start(&once, WINDOW_MS);
	start_relay("0", r);

	json_t *lines = work_finish(&work), *document = once_whole(&once);

	check_inside(document, lines);
	check_relay(document, lines, "total_cpu_seconds");
}

TEST_TIMEOUT(a_young_thread_takes_over_from_a_busy_leader, TIMEOUT_S)
{
	check_younger(&(struct relay){"0.3", "0.1", "0.2", "0", "0.1", "1000", "5000"});
}

TEST_TIMEOUT(a_young_busy_thread_takes_over, TIMEOUT_S)
{
	check_younger(&(struct relay){"0.1", "0.3", "0", "0.2", "0.1", "5000", "1000"});
}

TEST_TIMEOUT(an_old_thread_takes_over_from_a_busy_leader, TIMEOUT_S)
{
	check_older(&(struct relay){"0.3", "0.1", "0.2", "0", "0.1", "1000", "5000"});
}

TEST_TIMEOUT(an_old_busy_thread_takes_over, TIMEOUT_S)
{
	check_older(&(struct relay){"0.1", "0.3", "0.1", "0.2", "0.1", "5000", "1000"});
}

TEST_TIMEOUT(one_that_takes_over_and_lives_on, TIMEOUT_S)
{
	const char *const arguments[] = {"linger", "9000", "take-over", "0.1",	"0.3",	"2000",
					 "0.1",	   "0.2",  "0.1",	"1000", "9000", NULL};

	work_start(&work, arguments);
	work_lines(&work, 1);
	once_start(&once, WINDOW_MS + 2000);

	json_t *lines = work_lines(&work, 1), *document = once_whole(&once);

	check_inside(document, lines);
	check_relay(document, lines, "cpu_seconds");
}
