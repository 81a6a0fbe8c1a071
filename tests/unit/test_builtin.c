// SPDX-License-Identifier: Apache-2.0
/* The built-in rules of the machine, against snapshots made by hand. */
#include <stdio.h>
#include <stdlib.h>

#include "alert/alert.h"
#include "base/clock.h"
#include "harness/harness.h"
#include "snapshot/builder.h"

static struct builder builder;
static struct alert_engine *engine;
static char events[4096]; /* what the listener was told, one line each */

static void heard(void *context, enum alert_change change, const struct alert *alert)
{
	static const char *const names[] = {"new", "updated", "resolved"};
	size_t used = strlen(events);

	(void)context;
	snprintf(events + used, sizeof(events) - used, "%s %s %s: %s%s\n", names[change],
		 severity_name(alert->rule->severity), alert->rule->name, alert->message,
		 alert->stale ? " (stale)" : "");
}

static void expect(const char *expected)
{
	CHECK_STRING(events, expected);
	events[0] = '\0';
}

static void put(struct builder_row *row, enum metric metric, double value)
{
	union snapshot_value v = {.real = value};

	if (!catalogue_metrics[metric].real)
		v.integer = (uint64_t)value;
	builder_value(row, metric, v);
}

/* A window that ends so many seconds after boot, with one row. */
static void window(unsigned end_s, enum scope scope, struct builder_row *row)
{
	builder_add(&builder, scope, row);
	builder.head.interval_ms = 5000;
	builder.head.end_boot_ns = end_s * NS_PER_SECOND;
	builder.head.end_wall_ms = 1700000000000 + end_s * 1000;
	builder.head.node = builder_string(&builder, "n1");
	alert_engine_evaluate(engine, builder_finish(&builder));
}

static void filesystem(unsigned end_s, double used_percent, double inodes_used_percent)
{
	struct builder_row row = {0};

	builder_begin(&builder);
	builder_label_string(&builder, &row, SCOPE_FILESYSTEM, LABEL_FILESYSTEM_mount_point,
			     "/data");
	builder_label_string(&builder, &row, SCOPE_FILESYSTEM, LABEL_FILESYSTEM_device, "/dev/sdb");
	if (used_percent >= 0) {
		put(&row, METRIC_FILESYSTEM_used_percent, used_percent);
		put(&row, METRIC_FILESYSTEM_inodes_used_percent, inodes_used_percent);
	}
	window(end_s, SCOPE_FILESYSTEM, &row);
}

static void begin(void)
{
	engine = alert_engine_new(rule_set_default(), heard, NULL);
	CHECK(engine != NULL);
}

TEST(a_filesystem_that_fills_is_told_before_it_is_full)
{
	begin();
	for (unsigned s = 0; s <= 60; s += 5)
		filesystem(1000 + s, 91, 10);
	expect("new high filesystem-filling: /data of n1 (/dev/sdb) is 91 % full\n");
	for (unsigned s = 0; s <= 15; s += 5)
		filesystem(1100 + s, 98, 10);
	expect("new critical filesystem-full: /data of n1 (/dev/sdb) is 98 % full\n");
	/* It does not answer: that is not good news. */
	filesystem(1200, -1, -1);
	CHECK(strstr(events, "updated critical filesystem-full") && strstr(events, "(stale)"));
	CHECK_UINT(alert_engine_firing(engine), 2);
	events[0] = '\0';
	filesystem(1205, 50, 10);
	CHECK_UINT(alert_engine_firing(engine), 0);
	alert_engine_free(engine);
}

TEST(inodes_run_out_too)
{
	begin();
	for (unsigned s = 0; s <= 15; s += 5)
		filesystem(1000 + s, 20, 99);
	expect("new critical filesystem-inodes-full: "
	       "/data of n1 (/dev/sdb) has used 99 % of its inodes\n");
	alert_engine_free(engine);
}

static void machine(unsigned end_s, double swap_used_percent, double overflows)
{
	struct builder_row row = {0};

	builder_begin(&builder);
	put(&row, METRIC_SYSTEM_memory_swap_used_percent, swap_used_percent);
	put(&row, METRIC_SYSTEM_tcp_listen_overflows, overflows);
	window(end_s, SCOPE_SYSTEM, &row);
}

TEST(swap_and_accept_queues_are_watched)
{
	begin();
	for (unsigned s = 0; s <= 300; s += 5)
		machine(1000 + s, 89, 0);
	expect("");
	for (unsigned s = 0; s <= 30; s += 5)
		machine(2000 + s, 50, 7);
	CHECK(strstr(events, "new medium machine-listen-overflows: 7 connections") != NULL);
	events[0] = '\0';
	for (unsigned s = 0; s <= 300; s += 5)
		machine(3000 + s, 95, 0);
	CHECK(strstr(events, "new medium machine-swap-low: the swap space of n1") != NULL);
	alert_engine_free(engine);
}
