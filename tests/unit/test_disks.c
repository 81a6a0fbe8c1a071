// SPDX-License-Identifier: Apache-2.0
/* Disks, from texts as the kernel writes them and from what the probe counts. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "harness/harness.h"
#include "machine/disks.h"

#define WINDOW_NS (2 * NS_PER_SECOND)

/* A major number that no driver has: nothing stands in /sys for it. */
#define MAJOR 4000
#define DEVICE(minor) ((uint32_t)MAJOR << 20 | (minor))

static struct system_disks disks;
static struct builder builder;
static struct buf text;
static const struct snapshot *document;

static void begin(void)
{
	struct probe_state state = {0};

	system_disks_open(&disks, &state);
}

static void read_lines(const char *lines)
{
	close(disks.diskstats_fd);
	disks.diskstats_fd = memfd_create("diskstats", MFD_CLOEXEC);
	CHECK(write(disks.diskstats_fd, lines, strlen(lines)) == (ssize_t)strlen(lines));
	system_disks_read(&disks, &text);
}

static void show(void)
{
	const char *why;

	builder_begin(&builder);
	system_disks_emit(&disks, &builder, WINDOW_NS);
	document = builder_finish(&builder);
	CHECK(document && snapshot_check(document, document->bytes, &why));
}

static bool known(const char *name, enum metric metric, double *ret)
{
	for (size_t i = 0; i < snapshot_rows(document, SCOPE_DISK); i++) {
		const struct snapshot_row *row = snapshot_row(document, SCOPE_DISK, i);
		union snapshot_value v;

		if (strcmp(snapshot_label_string(document, row, SCOPE_DISK, LABEL_DISK_name),
			   name) != 0 ||
		    !snapshot_value(document, row, metric, &v))
			continue;
		*ret = catalogue_metrics[metric].real ? v.real : (double)v.integer;
		return true;
	}
	return false;
}

static double value(const char *name, enum metric metric)
{
	double number = 0;

	if (!known(name, metric, &number))
		harness_fail(__FILE__, __LINE__, "no %s of %s", catalogue_metrics[metric].path,
			     name);
	return number;
}

static bool is_known(const char *name, enum metric metric)
{
	double number;

	return known(name, metric, &number);
}

/* reads, merged, sectors, ms, writes, merged, sectors, ms, in flight, busy ms, queue ms, more */
TEST(without_a_probe_all_comes_from_the_kernel)
{
	begin();
	read_lines("4000 1 x1 10 0 80 5 20 0 160 10 0 100 200 0 0 0 0 0 0\n"
		   "4000 2 x2 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n");
	read_lines("4000 1 x1 12 9 88 8 23 9 176 20 7 1100 4200 0 0 0 0 0 0\n"
		   "4000 2 x2 1 0 8 1 0 0 0 0 0 1 1\n");
	show();
	CHECK_REAL(value("x1", METRIC_DISK_reads), 2, 0);
	CHECK_REAL(value("x1", METRIC_DISK_writes), 3, 0);
	CHECK_REAL(value("x1", METRIC_DISK_read_bytes), 8 * 512, 0);
	CHECK_REAL(value("x1", METRIC_DISK_write_rate), 16 * 512 / 2.0, 1e-9);
	CHECK_REAL(value("x1", METRIC_DISK_latency_mean), 13e-3 / 5, 1e-9);
	CHECK_REAL(value("x1", METRIC_DISK_utilisation), 50, 1e-9);
	CHECK_REAL(value("x1", METRIC_DISK_queue_depth), 2, 1e-9);
	CHECK(!is_known("x1", METRIC_DISK_latency_p50));
	/* It did its first I/O ever: all of it is of this window. */
	CHECK_REAL(value("x2", METRIC_DISK_reads), 1, 0);
	system_disks_close(&disks);
}

static struct disk_counters counters = {.name = "x1"};

static void complete(unsigned requests, uint64_t ns)
{
	counters.latency_sum_ns += requests * ns;
	counters.latency[latency_bucket(ns)] += requests;
}

TEST(the_probe_tells_how_long_requests_took)
{
	begin();
	read_lines("4000 1 x1 10 0 80 5 20 0 160 10 0 100 200\n");
	read_lines("4000 1 x1 10 0 80 5 120 0 960 610 0 100 200\n");
	complete(90, NS_PER_MS);
	complete(10, 50 * NS_PER_MS);
	CHECK(system_disks_trace(&disks, DEVICE(1), &counters));
	show();
	CHECK_REAL(value("x1", METRIC_DISK_writes), 100, 0);
	CHECK_REAL(value("x1", METRIC_DISK_write_bytes), 409600, 0);
	CHECK_REAL(value("x1", METRIC_DISK_latency_mean), 5.9e-3, 1e-9);
	CHECK_REAL(value("x1", METRIC_DISK_latency_p50), 1e-3, 1e-3 / 32);
	CHECK_REAL(value("x1", METRIC_DISK_latency_p95), 50e-3, 50e-3 / 32);
	CHECK_REAL(value("x1", METRIC_DISK_latency_p99), 50e-3, 50e-3 / 32);
	CHECK_REAL(value("x1", METRIC_DISK_latency_sum), 0.59, 1e-9);
	CHECK_REAL(value("x1", METRIC_DISK_latency_1ms), 90, 0);
	CHECK_REAL(value("x1", METRIC_DISK_latency_67ms), 10, 0);
	CHECK_REAL(value("x1", METRIC_DISK_latency_over), 0, 0);
	/* A window without a request. */
	read_lines("4000 1 x1 10 0 80 5 120 0 960 610 0 100 200\n");
	CHECK(system_disks_trace(&disks, DEVICE(1), &counters));
	show();
	CHECK_REAL(value("x1", METRIC_DISK_writes), 0, 0);
	CHECK(!is_known("x1", METRIC_DISK_latency_mean));
	CHECK(!is_known("x1", METRIC_DISK_latency_p50));
	CHECK_REAL(value("x1", METRIC_DISK_latency_1ms), 0, 0);
	system_disks_close(&disks);
}

/* To save its cost: what it does not see meanwhile is in nobody's latency, and no jump after it. */
TEST(the_probe_can_be_switched_off_and_on)
{
	begin();
	read_lines("4000 1 x1 10 0 80 5 20 0 160 10 0 100 200\n");
	complete(5, 3 * NS_PER_MS);
	CHECK(system_disks_trace(&disks, DEVICE(1), &counters));
	read_lines("4000 1 x1 10 0 80 5 40 0 320 50 0 100 200\n");
	show();
	CHECK_REAL(value("x1", METRIC_DISK_writes), 20, 0);
	CHECK_REAL(value("x1", METRIC_DISK_latency_mean), 2e-3, 1e-9);
	CHECK(!is_known("x1", METRIC_DISK_latency_p99));
	read_lines("4000 1 x1 10 0 80 5 42 0 336 54 0 100 200\n");
	complete(2, 7 * NS_PER_MS);
	CHECK(system_disks_trace(&disks, DEVICE(1), &counters));
	show();
	CHECK_REAL(value("x1", METRIC_DISK_writes), 2, 0);
	CHECK_REAL(value("x1", METRIC_DISK_latency_mean), 7e-3, 1e-9);
	CHECK_REAL(value("x1", METRIC_DISK_latency_p50), 7e-3, 7e-3 / 32);
	system_disks_close(&disks);
}

TEST(what_is_gone_is_forgotten)
{
	begin();
	read_lines("4000 1 x1 10 0 80 5 20 0 160 10 0 100 200\n");
	CHECK(system_disks_trace(&disks, DEVICE(1), &counters));
	CHECK(!system_disks_trace(&disks, DEVICE(9), &counters));
	read_lines("4000 2 x2 10 0 80 5 20 0 160 10 0 100 200\n");
	CHECK(!system_disks_trace(&disks, DEVICE(1), &counters));
	show();
	CHECK_UINT(snapshot_rows(document, SCOPE_DISK), 1);
	/* Its number comes again for another device: the old counters are not that one's. */
	read_lines("4000 1 y1 5 0 8 5 5 0 8 5 0 5 5\n");
	CHECK(!system_disks_trace(&disks, DEVICE(1), &counters));
	show();
	CHECK_REAL(value("y1", METRIC_DISK_reads), 5, 0);
	system_disks_close(&disks);
}

static void read_many(unsigned count)
{
	char *lines = NULL;
	size_t size;
	FILE *f = open_memstream(&lines, &size);

	for (unsigned i = 0; i < count; i++)
		fprintf(f, "%u %u x%u 10 0 80 5 20 0 160 10 0 100 200\n", MAJOR, i, i);
	CHECK(fclose(f) == 0);
	read_lines(lines);
	free(lines);
}

TEST(at_the_cap_the_rest_is_counted)
{
	begin();
	read_many(SYSTEM_MAX_DISKS + 3);
	CHECK_UINT(disks.left_out, 3);
	read_many(SYSTEM_MAX_DISKS + 3);
	CHECK_UINT(disks.left_out, 6);
	show();
	CHECK_UINT(snapshot_rows(document, SCOPE_DISK), SYSTEM_MAX_DISKS);
	system_disks_close(&disks);
}

TEST(broken_lines_do_no_harm)
{
	static const char *const texts[] = {"",	       "\n\n",
					    "4000",    "4000 1 x1 1 2 3\n",
					    "x y z\n", "4000 1 x1 1 1 1 1 1 1 1 1 1 1"};

	begin();
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		read_lines(texts[i]);
		show();
		CHECK_UINT(snapshot_rows(document, SCOPE_DISK), 0);
	}
	system_disks_close(&disks);
}
