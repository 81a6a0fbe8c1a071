// SPDX-License-Identifier: Apache-2.0
/* How processes begin, change and end: each with its own numbers, and none twice. */
#include <stdio.h>
#include <string.h>

#include "harness/harness.h"
#include "probes/once.h"

#define WINDOW_MS 4000
#define LONG_WINDOW_MS 12000
#define TIMEOUT_S 60

/* What the work's thread sends itself when its leader is gone. */
#define LEADERLESS_BYTES 1000000

/* What a thread uses after the kernel added it up for wait4(), which never tells it: some 6 us. */
#define UNTOLD_S 12e-6

static struct background once, work;

#define WORK(...) work_start(&work, (const char *const[]){__VA_ARGS__, NULL})

/* Whether the row says that the process has ended. */
static bool is_exited(json_t *row)
{
	return json_is_true(json_object_get(row, "exited"));
}

static json_t *observe_for(unsigned window_ms, const char *const arguments[], json_t **ret_lines)
{
	once_start(&once, window_ms);
	work_start(&work, arguments);
	*ret_lines = work_finish(&work);

	json_t *reason = json_object_get(json_array_get(*ret_lines, 0), "reason");

	if (reason)
		SKIP("%s", json_string_value(reason));

	json_t *document = once_finish(&once);

	check_inside(document, *ret_lines);
	need_probe(document, "life");
	return document;
}

#define OBSERVE_FOR(ms, lines, ...) observe_for(ms, (const char *const[]){__VA_ARGS__, NULL}, lines)
#define OBSERVE(lines, ...) OBSERVE_FOR(WINDOW_MS, lines, __VA_ARGS__)

/* One row with that role's pid and CPU time. */
static json_t *check_cpu(json_t *document, json_t *lines, const char *role)
{
	json_t *truth = work_of(lines, role), *row = process_row(document, truth);

	check_close(row, "cpu.seconds", number_at(truth, "cpu_seconds"));
	return row;
}

/* Rows of the children, and their CPU time. */
static size_t sum_children(json_t *document, json_t *parent, double *ret_seconds)
{
	json_int_t pid = json_integer_value(json_object_get(parent, "pid"));
	json_t *row;
	size_t i, count = 0;

	*ret_seconds = 0;
	json_array_foreach (json_object_get(document, "processes"), i, row) {
		if (json_integer_value(json_object_get(row, "ppid")) != pid)
			continue;
		CHECK(is_exited(row));
		*ret_seconds += number_at(row, "cpu.seconds");
		count++;
	}
	return count;
}

/* Whoever else is at work on this machine may fill the ring: then it is counted. */
static double lost_events(json_t *document)
{
	return number_at(document, "losses.ring_dropped");
}

static void check_nothing_lost(json_t *document)
{
	if (lost_events(document) > 0)
		return;
	CHECK_INT(number_at(document, "losses.table_full"), 0);
	CHECK_INT(number_at(document, "losses.exits_missed"), 0);
	CHECK_INT(number_at(document, "losses.unowned_threads"), 0);
}

TEST_TIMEOUT(every_one_of_2000_short_processes_is_seen_with_its_cpu, TIMEOUT_S)
{
	json_t *lines, *document = OBSERVE_FOR(LONG_WINDOW_MS, &lines, "spawn", "2000", "1");
	json_t *truth = work_of(lines, "spawn");
	double seconds, expected = number_at(truth, "children_cpu_seconds");

	size_t seen = sum_children(document, truth, &seconds);

	CHECK((double)seen + lost_events(document) >= 2000);
	if (lost_events(document) == 0)
		CHECK_REAL(seconds, expected, expected * 0.01);
	check_nothing_lost(document);
}

TEST_TIMEOUT(a_storm_of_2000_a_second_is_seen_or_counted_as_lost, TIMEOUT_S)
{
	json_t *lines, *document = OBSERVE_FOR(LONG_WINDOW_MS, &lines, "storm", "6000", "2000");
	json_t *truth = work_of(lines, "storm");
	double seconds, expected = number_at(truth, "children_cpu_seconds");
	double lost = lost_events(document);
	size_t seen = sum_children(document, truth, &seconds);
	double took = number_at(truth, "ended_ms") - number_at(truth, "began_ms");

	printf("%zu seen, %.0f events lost, %.0f a second; CPU %.6f s, truth %.6f s\n", seen, lost,
	       6000e3 / took, seconds, expected);
	CHECK((double)seen + lost >= 6000);
	CHECK(number_at(document, "totals.started") >= 6000);
	CHECK(number_at(document, "totals.exited") >= 6000);
	if (lost == 0)
		CHECK_UINT(seen, 6000);
}

TEST_TIMEOUT(a_pid_that_is_used_twice_is_two_rows, TIMEOUT_S)
{
	json_t *lines, *document = OBSERVE(&lines, "reuse", "0.2", "0.4");
	json_int_t pid = json_integer_value(json_object_get(work_of(lines, "first"), "pid"));
	json_t *found[2] = {NULL, NULL}, *row;
	size_t i, count = 0;

	json_array_foreach (json_object_get(document, "processes"), i, row) {
		if (json_integer_value(json_object_get(row, "pid")) != pid)
			continue;
		CHECK(count < 2);
		found[count++] = row;
	}
	CHECK_UINT(count, 2);

	bool swapped = number_at(found[0], "start_time") > number_at(found[1], "start_time");

	check_close(found[swapped], "cpu.seconds",
		    number_at(work_of(lines, "first"), "cpu_seconds"));
	check_close(found[!swapped], "cpu.seconds",
		    number_at(work_of(lines, "second"), "cpu_seconds"));
	check_nothing_lost(document);
}

TEST_TIMEOUT(a_leader_that_ends_before_its_threads_counts, TIMEOUT_S)
{
	json_t *lines, *document = OBSERVE(&lines, "leader-first", "0.3", "0.3");
	json_t *row = check_cpu(document, lines, "leader-first");

	CHECK(is_exited(row));
	CHECK_INT(number_at(row, "exit_code"), 0);
	CHECK_REAL(number_at(row, "network.unix.tx_bytes"), LEADERLESS_BYTES, 0);
	CHECK_REAL(number_at(row, "network.unix.rx_bytes"), LEADERLESS_BYTES, 0);
}

TEST_TIMEOUT(a_leader_that_ended_is_no_end_of_its_process, TIMEOUT_S)
{
	json_t *lines;

	once_start(&once, WINDOW_MS);
	WORK("linger", "9000", "leader-first", "0.3", "0.3");
	lines = work_lines(&work, 1);

	json_t *document = once_finish(&once);

	check_inside(document, lines);

	json_t *row = check_cpu(document, lines, "leader-first");

	CHECK(!is_exited(row));
	CHECK_REAL(number_at(row, "network.unix.tx_bytes"), LEADERLESS_BYTES, 0);
}

TEST_TIMEOUT(a_process_of_5000_threads_is_one_row, TIMEOUT_S)
{
	json_t *lines;

	once_start(&once, LONG_WINDOW_MS);
	WORK("linger", "20000", "crowd", "5000", "0.0002");
	lines = work_lines(&work, 1);

	json_t *document = once_finish(&once);

	check_inside(document, lines);

	json_t *row = check_cpu(document, lines, "crowd");

	CHECK_INT(number_at(row, "threads"), 5001);
	check_nothing_lost(document);
}

TEST_TIMEOUT(a_process_whose_5000_threads_ended_is_whole, TIMEOUT_S)
{
	json_t *lines, *document = OBSERVE_FOR(LONG_WINDOW_MS, &lines, "reap", "threads", "5000",
					       "0.0002");
	json_t *row = process_row(document, work_of(lines, "threads"));
	double seconds = number_at(row, "cpu.seconds");
	double truth = number_at(work_of(lines, "reaped"), "cpu_seconds");

	printf("%.6f s, the kernel tells %.6f s; %.0f events lost\n", seconds, truth,
	       lost_events(document));
	fflush(stdout);
	CHECK(is_exited(row));
	CHECK(seconds <= truth * 1.01 + 5000 * UNTOLD_S);
	if (lost_events(document) == 0)
		CHECK(seconds >= truth * 0.99);
	check_nothing_lost(document);
}

TEST_TIMEOUT(vfork_and_exec_are_a_process_of_their_own, TIMEOUT_S)
{
	json_t *lines, *document = OBSERVE(&lines, "vfork", "0.3");
	json_t *row = check_cpu(document, lines, "cpu");

	CHECK_INT(number_at(row, "ppid"), number_at(work_of(lines, "parent"), "pid"));
	CHECK_REAL(number_at(process_row(document, work_of(lines, "parent")), "cpu.seconds"),
		   number_at(work_of(lines, "parent"), "cpu_seconds"), 0.002);
}

/* Its row among the document's, found by the pid that its parent tells. */
static json_t *zombie_row(json_t *document, json_t *lines)
{
	json_t *zombie = json_object();

	json_object_set(zombie, "pid", json_object_get(work_of(lines, "parent"), "zombie"));
	return process_row(document, zombie);
}

static void check_alive(json_t *document)
{
	json_t *row;
	size_t i, alive = 0;

	json_array_foreach (json_object_get(document, "processes"), i, row)
		alive += !is_exited(row);
	CHECK_UINT(number_at(document, "totals.processes"), alive);
}

TEST_TIMEOUT(a_zombie_has_its_cpu_and_is_not_alive, TIMEOUT_S)
{
	once_start(&once, WINDOW_MS);
	WORK("linger", "9000", "zombie", "0.3");

	json_t *lines = work_lines(&work, 1), *document = once_finish(&once);
	json_t *row = zombie_row(document, lines);

	check_inside(document, lines);
	CHECK(is_exited(row));
	check_close(row, "cpu.seconds", number_at(work_of(lines, "parent"), "zombie_cpu_seconds"));
	check_alive(document);
}

TEST_TIMEOUT(a_zombie_from_before_is_shown, TIMEOUT_S)
{
	WORK("linger", "9000", "zombie", "0.3");

	json_t *lines = work_lines(&work, 1);

	once_start(&once, WINDOW_MS);

	json_t *document = once_finish(&once), *row = zombie_row(document, lines);

	CHECK(is_exited(row));
	CHECK_REAL(number_at(row, "cpu.seconds"), 0, 0);
	check_close(row, "cpu.seconds_total",
		    number_at(work_of(lines, "parent"), "zombie_cpu_seconds"));
	check_alive(document);
}

TEST_TIMEOUT(a_process_that_forks_and_goes_on_shares_nothing, TIMEOUT_S)
{
	json_t *lines, *document = OBSERVE(&lines, "fork-both", "0.3", "0.2", "0.4");

	check_cpu(document, lines, "parent");
	check_cpu(document, lines, "child");
}

TEST_TIMEOUT(processes_of_another_pid_namespace_have_the_pids_of_the_host, TIMEOUT_S)
{
	json_t *lines, *document = OBSERVE(&lines, "pidns", "fork-both", "0.2", "0.2", "0.4");
	json_t *parent = check_cpu(document, lines, "parent");
	json_t *child = check_cpu(document, lines, "child");

	CHECK(number_at(parent, "pid") > 1);
	CHECK_INT(number_at(child, "ppid"), number_at(parent, "pid"));
}

TEST_TIMEOUT(the_user_is_the_newest, TIMEOUT_S)
{
	json_t *lines, *document = OBSERVE(&lines, "uid", "65534", "0.2");

	CHECK_INT(number_at(check_cpu(document, lines, "uid"), "uid"), 65534);
}

TEST_TIMEOUT(exec_and_a_new_name_change_names_and_not_the_row, TIMEOUT_S)
{
	json_t *lines, *document = OBSERVE(&lines, "become", "0.2", "6e6577", "0.2");
	json_t *row = check_cpu(document, lines, "name");

	CHECK_STRING(json_string_value(json_object_get(row, "comm")), "new");
	CHECK_STRING(basename(json_string_value(json_object_get(row, "exe"))), "work");
}
