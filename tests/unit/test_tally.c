// SPDX-License-Identifier: Apache-2.0
/* Counters over windows against rows made by hand. */
#include <stdio.h>

#include "harness/harness.h"
#include "snapshot/builder.h"
#include "snapshot/tally.h"

#define SECOND 1000000000ULL

static struct builder builder;
static struct tally tally;
static const struct snapshot *newest;

static void begin(uint64_t seq)
{
	builder_begin(&builder);
	builder.head.seq = seq;
	builder.head.start_boot_ns = 5 * SECOND * (seq - 1);
	builder.head.end_boot_ns = 5 * SECOND * seq;
}

static void end(void)
{
	newest = builder_finish(&builder);
	CHECK(newest != NULL);
	tally_add(&tally, newest);
}

static void put_real(struct builder_row *row, enum metric metric, double value)
{
	builder_value(row, metric, (union snapshot_value){.real = value});
}

static void put_whole(struct builder_row *row, enum metric metric, uint64_t value)
{
	builder_value(row, metric, (union snapshot_value){.integer = value});
}

static void process(uint64_t pid, uint64_t start, uint64_t rx_bytes)
{
	struct builder_row row = {0};

	builder_label(&row, SCOPE_PROCESS, LABEL_PROCESS_pid, pid);
	builder_label(&row, SCOPE_PROCESS, LABEL_PROCESS_start_time, start);
	put_whole(&row, METRIC_PROCESS_memory_rss, 4096);
	put_whole(&row, METRIC_PROCESS_network_rx, rx_bytes);
	put_real(&row, METRIC_PROCESS_network_rx_rate, (double)rx_bytes / 5);
	builder_add(&builder, SCOPE_PROCESS, &row);
}

/* One window with one process. */
static void window_of(uint64_t seq, uint64_t pid, uint64_t rx_bytes)
{
	begin(seq);
	process(pid, pid, rx_bytes);
	end();
}

static double total(enum scope scope, size_t i, enum metric metric)
{
	const struct tally_row *row =
		tally_find(&tally, newest, scope, snapshot_row(newest, scope, i));

	return row ? row->totals[tally_slot(metric)] : 0;
}

static double rx_of_others(void)
{
	return tally.others[tally_slot(METRIC_PROCESS_network_rx)];
}

/* Shows the first rows of the newest window. */
static void show(size_t count)
{
	tally_show_begin(&tally);
	for (size_t i = 0; i < count; i++)
		tally_show(&tally, snapshot_row(newest, SCOPE_PROCESS, i));
	tally_show_end(&tally);
}

TEST(each_input_is_added_up_from_one_metric)
{
	bool has[INPUTS] = {false};

	for (int m = 0; m < METRICS; m++) {
		const struct metric_info *info = &catalogue_metrics[m];
		int slot = tally_slot((enum metric)m);

		if (slot < 0)
			continue;
		CHECK(slot < TALLY_MAX_SLOTS && !has[info->input]);
		has[info->input] = true;
	}
	for (int m = 0; m < METRICS; m++) {
		const struct metric_info *info = &catalogue_metrics[m];

		if (info->kind != KIND_GAUGE && info->kind != KIND_SIGNED &&
		    info->kind != KIND_TOTAL)
			CHECK(has[info->input]);
	}
	CHECK(tally_slot(METRIC_PROCESS_network_rx) >= 0);
	CHECK_INT(tally_slot(METRIC_PROCESS_network_rx_rate), -1);
	CHECK_INT(tally_slot(METRIC_PROCESS_memory_rss), -1);
	CHECK_INT(tally_total_of(METRIC_PROCESS_cpu_seconds), METRIC_PROCESS_cpu_seconds_total);
	CHECK_INT(tally_total_of(METRIC_PROCESS_network_rx), -1);
}

TEST(amounts_of_windows_add_up_to_the_byte)
{
	uint64_t sum = 0;

	for (uint64_t seq = 1; seq <= 100; seq++) {
		window_of(seq, 7, (seq << 32) + seq);
		sum += (seq << 32) + seq;
		CHECK_REAL(total(SCOPE_PROCESS, 0, METRIC_PROCESS_network_rx), (double)sum, 0);
	}
	CHECK_UINT(tally.windows, 100);
	CHECK_UINT(tally.windows_missed, 0);
}

TEST(rates_and_shares_become_the_amounts_they_came_from)
{
	struct builder_row machine = {0}, core = {0}, disk = {0};

	begin(1);
	put_whole(&machine, METRIC_SYSTEM_cpu_count, 4);
	put_real(&machine, METRIC_SYSTEM_cpu_user, 25); /* of 4 cores for 5 s: 5 s */
	put_real(&machine, METRIC_SYSTEM_pressure_io, 10);
	builder_add(&builder, SCOPE_SYSTEM, &machine);
	put_real(&core, METRIC_CORE_percent, 50);
	builder_add(&builder, SCOPE_CORE, &core);
	put_real(&disk, METRIC_DISK_queue_depth, 3);
	builder_add(&builder, SCOPE_DISK, &disk);
	end();
	CHECK_REAL(total(SCOPE_SYSTEM, 0, METRIC_SYSTEM_cpu_user), 5, 1e-9);
	CHECK_REAL(total(SCOPE_SYSTEM, 0, METRIC_SYSTEM_pressure_io), 0.5, 1e-9);
	CHECK_REAL(total(SCOPE_CORE, 0, METRIC_CORE_percent), 2.5, 1e-9);
	CHECK_REAL(total(SCOPE_DISK, 0, METRIC_DISK_queue_depth), 15, 1e-9);
}

TEST(a_row_is_known_by_its_labels_and_a_process_by_its_start)
{
	for (uint64_t seq = 1; seq <= 2; seq++) {
		begin(seq);
		for (uint64_t i = 0; i < 2; i++) {
			struct builder_row row = {0};

			builder_label_string(&builder, &row, SCOPE_INTERFACE, LABEL_INTERFACE_name,
					     i == seq % 2 ? "eth0" : "eth1");
			put_whole(&row, METRIC_INTERFACE_rx_bytes, i == seq % 2 ? 100 : 1);
			builder_add(&builder, SCOPE_INTERFACE, &row);
		}
		process(7, 1000 * seq, 30);
		end();
	}
	CHECK_REAL(total(SCOPE_INTERFACE, 0, METRIC_INTERFACE_rx_bytes), 200, 0);
	CHECK_REAL(total(SCOPE_INTERFACE, 1, METRIC_INTERFACE_rx_bytes), 2, 0);
	CHECK_REAL(total(SCOPE_PROCESS, 0, METRIC_PROCESS_network_rx), 30, 0);
	CHECK_UINT(tally.rows[SCOPE_PROCESS].count, 1);
}

TEST(rows_that_do_nothing_cost_nothing)
{
	begin(1);
	for (uint64_t pid = 1; pid <= 1000; pid++)
		process(pid, pid, pid == 500);
	end();
	CHECK_UINT(tally.rows[SCOPE_PROCESS].count, 1);
}

TEST(a_gap_in_the_windows_is_counted)
{
	window_of(5, 1, 1); /* the first it sees: none is missed */
	window_of(6, 1, 1);
	window_of(9, 1, 1);
	CHECK_UINT(tally.windows, 3);
	CHECK_UINT(tally.windows_missed, 2);
}

/* What is told of a process and of the others is, from showing to showing, what was done. */
TEST(who_is_not_shown_is_among_the_others)
{
	window_of(1, 1, 10);
	CHECK_REAL(rx_of_others(), 10, 0);
	show(1);
	window_of(2, 1, 100); /* waits to be told of the process itself */
	CHECK_REAL(rx_of_others(), 10, 0);
	show(1);
	CHECK_REAL(rx_of_others(), 10, 0);
	window_of(3, 1, 1000);
	show(0); /* not shown any more */
	CHECK_REAL(rx_of_others(), 1010, 0);
	window_of(4, 1, 10000);
	CHECK_REAL(rx_of_others(), 11010, 0);
	show(1);
	CHECK_REAL(total(SCOPE_PROCESS, 0, METRIC_PROCESS_network_rx), 11110, 0);
}

TEST(what_an_ended_process_did_since_it_was_shown_is_not_lost)
{
	window_of(1, 1, 10);
	show(1);
	window_of(2, 1, 100);
	window_of(3, 2, 0); /* it is gone, and nobody was shown its last numbers */
	CHECK_REAL(rx_of_others(), 110, 0);
	CHECK_UINT(tally.rows[SCOPE_PROCESS].count, 0);
}

static uint64_t next_random(void)
{
	static uint64_t state = 88172645463325252ULL;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

/*
 * Processes come, go, and are shown at random. A reader that adds up how every series grew between
 * two showings that both had it has all that was done, and no series falls.
 */
TEST(increases_between_showings_add_up_to_all_that_was_done)
{
	double seen[64] = {0}, told = 0, done = 0, others = 0;
	bool was_shown[64] = {false};

	for (uint64_t seq = 1; seq <= 2000; seq++) {
		begin(seq);
		for (uint64_t pid = 0; pid < 64; pid++) {
			uint64_t bytes = next_random() % 1000;

			if (next_random() % 8 == 0) {
				was_shown[pid] = false; /* ended; another has its pid soon */
				continue;
			}
			process(pid, 1, bytes);
			done += (double)bytes;
		}
		end();
		if (next_random() % 3)
			continue;
		bool now[64] = {false};

		tally_show_begin(&tally);
		for (size_t i = 0; i < snapshot_rows(newest, SCOPE_PROCESS); i++) {
			const struct snapshot_row *row = snapshot_row(newest, SCOPE_PROCESS, i);
			double value = total(SCOPE_PROCESS, i, METRIC_PROCESS_network_rx);

			if (next_random() % 2)
				continue;
			tally_show(&tally, row);
			now[row->labels[0]] = true;
			if (was_shown[row->labels[0]]) {
				CHECK(value >= seen[row->labels[0]]);
				told += value - seen[row->labels[0]];
			}
			seen[row->labels[0]] = value;
		}
		tally_show_end(&tally);
		memcpy(was_shown, now, sizeof(now));
		CHECK(rx_of_others() >= others);
		others = rx_of_others();
		CHECK_REAL(told + others, done, 0);
	}
	tally_free(&tally);
	builder_free(&builder);
}
