// SPDX-License-Identifier: Apache-2.0
/* The alert engine against snapshots made by hand: the life of alerts, and their bounds. */
#include "alert/alert.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "harness/harness.h"
#include "snapshot/builder.h"

#define PROCESS_RULE \
	"{name: cpu, scope: process, metric: cpu.percent, op: gt, value: 90, clear: 70, "

static struct builder builder;
static struct alert_engine *engine;
static char events[65536]; /* what the listener was told, one line each */
static size_t event_count;
static char newest_id[40], newest_message[2048], newest_labels[1024];

static void heard(void *context, enum alert_change change, const struct alert *alert)
{
	static const char *const names[] = {"new", "updated", "resolved"};
	size_t used = strlen(events);

	CHECK(context == &builder);
	event_count++;
	snprintf(events + used, sizeof(events) - used, "%s %s %g%s%s%s\n", names[change],
		 alert->rule->name, alert->value, alert->stale ? " stale" : "",
		 alert->resolved_why ? ": " : "", alert->resolved_why ? alert->resolved_why : "");
	if (change != ALERT_CHANGE_NEW)
		return;
	snprintf(newest_id, sizeof(newest_id), "%s", alert->id);
	snprintf(newest_message, sizeof(newest_message), "%s", alert->message);
	newest_labels[0] = '\0';
	for (size_t i = 0; i < alert->label_count; i++) {
		used = strlen(newest_labels);
		snprintf(newest_labels + used, sizeof(newest_labels) - used, "%s=%s ",
			 alert->labels[i].name, alert->labels[i].value);
	}
}

/* Compares what was heard since the last call. */
static void expect(const char *expected)
{
	CHECK_STRING(events, expected);
	events[0] = '\0';
	event_count = 0;
}

static struct rule_set *rules_of(const char *text)
{
	struct rule_set *set = calloc(1, sizeof(*set));
	char error[256];

	if (rule_set_parse(set, "rules", text, strlen(text), error, sizeof(error)) < 0)
		harness_fail(__FILE__, __LINE__, "%s", error);
	return set;
}

static void start(const char *rules)
{
	engine = alert_engine_new(rules_of(rules), heard, &builder);
	CHECK(engine != NULL);
}

static void reload(const char *rules)
{
	CHECK_INT(alert_engine_reload(engine, rules_of(rules)), 0);
}

/* Begins a window that ends at that second after boot. */
static void window(double end_s)
{
	builder_begin(&builder);
	builder.head.end_boot_ns = (uint64_t)(end_s * 1e9);
	builder.head.end_wall_ms = 1700000000000 + (int64_t)(end_s * 1000);
	builder.head.interval_ms = 5000;
	builder.head.node = builder_string(&builder, "n1");
}

static void evaluate(void)
{
	const struct snapshot *s = builder_finish(&builder);

	CHECK(s != NULL);
	alert_engine_evaluate(engine, s);
}

static void row_number(struct builder_row *row, enum metric metric, double value)
{
	union snapshot_value v = {.integer = (uint64_t)value};

	if (catalogue_metrics[metric].real)
		v.real = value;
	builder_value(row, metric, v);
}

/* Adds a process; a negative percent leaves the metric out. */
static void process(uint64_t pid, uint64_t start_time, const char *comm, double percent,
		    bool exited)
{
	struct builder_row row = {0};

	builder_label(&row, SCOPE_PROCESS, LABEL_PROCESS_pid, pid);
	builder_label(&row, SCOPE_PROCESS, LABEL_PROCESS_start_time, start_time);
	builder_label_string(&builder, &row, SCOPE_PROCESS, LABEL_PROCESS_comm, comm);
	if (exited)
		builder_label(&row, SCOPE_PROCESS, LABEL_PROCESS_exited, 1);
	if (percent >= 0)
		row_number(&row, METRIC_PROCESS_cpu_percent, percent);
	builder_add(&builder, SCOPE_PROCESS, &row);
}

/* A window with one process, held against the rules. */
static void burn(double end_s, double percent)
{
	window(end_s);
	process(7, 1000, "burner", percent, false);
	evaluate();
}

static void interface(const char *name, double errors)
{
	struct builder_row row = {0};

	builder_label_string(&builder, &row, SCOPE_INTERFACE, LABEL_INTERFACE_name, name);
	if (errors >= 0)
		row_number(&row, METRIC_INTERFACE_rx_errors, errors);
	builder_add(&builder, SCOPE_INTERFACE, &row);
}

TEST(an_alert_is_pending_then_fires_then_resolves)
{
	start(PROCESS_RULE "for: 10s}");
	burn(100, 50);
	burn(105, 91);
	burn(110, 99);
	expect("");
	CHECK_UINT(alert_engine_firing(engine), 0);
	burn(115, 98);
	expect("new cpu 98\n");
	CHECK_UINT(alert_engine_firing(engine), 1);
	burn(120, 97);
	burn(125, 71);
	expect("");
	burn(130, 70);
	expect("resolved cpu 70: condition cleared\n");
	CHECK_UINT(alert_engine_firing(engine), 0);
	alert_engine_free(engine);
	alert_engine_free(NULL);
}

TEST(a_pending_alert_that_clears_starts_anew)
{
	start(PROCESS_RULE "for: 10s}");
	burn(100, 95);
	burn(105, 95);
	burn(110, 90);
	burn(115, 95);
	burn(120, 95);
	expect("");
	burn(125, 95);
	expect("new cpu 95\n");
}

TEST(a_pending_alert_without_its_number_starts_anew)
{
	start(PROCESS_RULE "for: 10s}");
	burn(100, 95);
	burn(105, -1);
	burn(110, 95);
	burn(115, 95);
	expect("");
	burn(120, 95);
	expect("new cpu 95\n");
}

TEST(for_counts_on_the_boot_clock_with_a_little_slack)
{
	start(PROCESS_RULE "for: 10s}");
	burn(100, 95);
	burn(104.9, 95);
	burn(109.7, 95);
	expect("");
	burn(109.8, 95);
	expect("new cpu 95\n");
}

TEST(a_clock_that_steps_back_does_not_fire)
{
	start(PROCESS_RULE "for: 10s}");
	burn(100, 95);
	burn(50, 95);
	expect("");
}

TEST(without_for_it_fires_at_once)
{
	start(PROCESS_RULE "severity: high}");
	burn(100, 91);
	expect("new cpu 91\n");
	CHECK_STRING(newest_labels, "pid=7 start_time=1000 comm=burner ");
	CHECK_STRING(newest_message, "burner (7): cpu.percent is 91 %, threshold 90 %");
}

static void check_times(void *context, const struct alert *alert)
{
	unsigned *seen = context;

	CHECK_INT(alert->state, ALERT_FIRING);
	CHECK_INT(alert->started_wall_ms, 1700000000000 + 105000);
	CHECK_INT(alert->fired_wall_ms, 1700000000000 + 110000);
	CHECK_INT(alert->resolved_wall_ms, 0);
	CHECK_REAL(alert->value, 80, 0);
	++*seen;
}

TEST(firing_alerts_can_be_listed)
{
	unsigned seen = 0;

	start(PROCESS_RULE "for: 5s}");
	burn(105, 95);
	alert_engine_each_firing(engine, check_times, &seen);
	CHECK_UINT(seen, 0);
	burn(110, 95);
	burn(115, 80);
	alert_engine_each_firing(engine, check_times, &seen);
	CHECK_UINT(seen, 1);
}

TEST(each_firing_has_an_id_of_its_own)
{
	char first[40], second[40];

	start(PROCESS_RULE "}");
	burn(100, 95);
	memcpy(first, newest_id, sizeof(first));
	burn(105, 10);
	burn(110, 95);
	memcpy(second, newest_id, sizeof(second));
	CHECK(strcmp(first, second) != 0);
	CHECK(strlen(first) > 16 && strlen(first) < 40);
	alert_engine_free(engine);
	start(PROCESS_RULE "}");
	burn(115, 95);
	CHECK(strcmp(newest_id, first) != 0);
	CHECK(strncmp(newest_id, first, 16) != 0);
}

TEST(a_process_that_ends_resolves_its_alert)
{
	start(PROCESS_RULE "}");
	burn(100, 95);
	expect("new cpu 95\n");
	window(105);
	process(7, 1000, "burner", 99, true);
	evaluate();
	expect("resolved cpu 95: process ended\n");
	burn(110, 95);
	expect("new cpu 95\n");
	window(115);
	process(8, 1000, "other", 1, false);
	evaluate();
	expect("resolved cpu 95: process ended\n");
	CHECK_UINT(alert_engine_firing(engine), 0);
}

TEST(an_empty_process_list_is_no_data)
{
	start(PROCESS_RULE "}");
	burn(100, 95);
	expect("new cpu 95\n");
	window(105);
	evaluate();
	expect("updated cpu 95 stale\n");
	burn(110, 95);
	expect("updated cpu 95\n");
}

TEST(an_ended_process_alerts_only_without_for)
{
	start(PROCESS_RULE "for: 1s}");
	for (int i = 0; i < 5; i++) {
		window(100 + 5 * i);
		process(7, 1000, "burner", 100, true);
		evaluate();
	}
	expect("");
	alert_engine_free(engine);
	start(PROCESS_RULE "}");
	window(200);
	process(7, 1000, "burner", 100, true);
	evaluate();
	expect("new cpu 100\n");
	window(205);
	process(1, 1, "init", 0, false);
	evaluate();
	expect("resolved cpu 100: process ended\n");
}

TEST(a_pid_used_again_is_another_alert)
{
	start(PROCESS_RULE "}");
	burn(100, 95);
	window(105);
	process(7, 2000, "next", 96, false);
	evaluate();
	expect("new cpu 95\nnew cpu 96\nresolved cpu 95: process ended\n");
	CHECK_UINT(alert_engine_firing(engine), 1);
}

TEST(a_missing_number_leaves_the_alert_stale)
{
	start(PROCESS_RULE "}");
	burn(100, 95);
	burn(105, -1);
	burn(110, -1);
	expect("new cpu 95\nupdated cpu 95 stale\n");
	CHECK_UINT(alert_engine_firing(engine), 1);
	burn(115, 80);
	expect("updated cpu 80\n");
	burn(120, -1);
	burn(125, 60);
	expect("updated cpu 80 stale\nupdated cpu 60\nresolved cpu 60: condition cleared\n");
}

TEST(a_number_that_is_none_counts_as_missing)
{
	start("{name: odd, scope: process, metric: cpu.percent, op: ne, value: 1}");
	burn(100, __builtin_inf());
	expect("");
	burn(105, 2);
	burn(110, __builtin_inf());
	expect("new odd 2\nupdated odd 2 stale\n");
}

TEST(rows_of_other_scopes_go_stale)
{
	start("{name: err, scope: interface, metric: rx_errors, op: gt, value: 0}");
	window(100);
	interface("eth0", 3);
	interface("eth1", 0);
	interface("eth2", 4);
	evaluate();
	expect("new err 3\nnew err 4\n");
	CHECK_STRING(newest_labels, "name=eth2 ");
	CHECK_STRING(newest_message, "eth2: rx_errors is 4, threshold 0");
	window(105);
	interface("eth2", 1);
	evaluate();
	expect("updated err 3 stale\n");
	window(110);
	interface("eth0", 0);
	interface("eth2", 0);
	evaluate();
	expect("updated err 0\nresolved err 0: condition cleared\nresolved err 0: condition "
	       "cleared\n");
}

TEST(globs_choose_rows)
{
	start(PROCESS_RULE "match: {comm: 'b*', exited: 'false', user: ''}}");
	window(100);
	process(1, 1, "a", 99, false);
	process(2, 1, "bee", 98, false);
	process(3, 1, "bye", 97, true);
	evaluate();
	expect("new cpu 98\n");

	/* It has become another program: the rule no longer speaks of it. */
	window(105);
	process(2, 1, "a", 98, false);
	evaluate();
	expect("resolved cpu 98: condition cleared\n");
}

TEST(hysteresis_works_downwards_too)
{
	static const double available[] = {200, 63, 65, 95, 96, 97, 96};

	start("{name: low, scope: system, metric: memory.available_bytes, op: lt, value: 64M, "
	      "clear: 96M}");
	for (size_t i = 0; i < sizeof(available) / sizeof(*available); i++) {
		struct builder_row row = {0};

		window(100 + 5 * (double)i);
		row_number(&row, METRIC_SYSTEM_memory_available, available[i] * 1048576);
		builder_add(&builder, SCOPE_SYSTEM, &row);
		evaluate();
		CHECK_UINT(alert_engine_firing(engine), i >= 1 && i <= 3);
	}
	CHECK_STRING(newest_message, "memory.available_bytes is 63 MiB, threshold 64 MiB");
	CHECK_STRING(newest_labels, "");
}

TEST(a_reload_keeps_alerts_of_rules_that_stay_alike)
{
	start("[" PROCESS_RULE
	      "for: 5s}, {name: gone, scope: process, metric: cpu.percent, op: gt, value: 1}]");
	burn(100, 95);
	burn(105, 95);
	CHECK_STRING(events, "new gone 95\nnew cpu 95\n");
	reload("[{name: first, scope: system, metric: load.one, op: gt, value: 1}, " PROCESS_RULE
	       "for: 5s, severity: low}]");
	CHECK(strstr(events, "resolved gone 95: rule removed\n") != NULL);
	CHECK(strstr(events, "updated cpu 95\n") != NULL);
	CHECK_UINT(event_count, 4);
	events[0] = '\0';
	CHECK_UINT(alert_engine_firing(engine), 1);
	burn(110, 95);
	expect("");
	burn(115, 10);
	expect("resolved cpu 10: condition cleared\n");
}

TEST(a_reload_keeps_what_is_pending_and_tells_of_severity)
{
	start(PROCESS_RULE "for: 10s}");
	burn(100, 95);
	reload(PROCESS_RULE "for: 10s, message: 'other'}");
	burn(105, 95);
	burn(110, 95);
	expect("new cpu 95\n");
	CHECK_STRING(newest_message, "other");
	reload(PROCESS_RULE "for: 10s, severity: critical}");
	expect("updated cpu 95\n");
	reload(PROCESS_RULE "for: 11s}");
	expect("resolved cpu 95: rule removed\n");
	burn(115, 95);
	expect("");
	reload("");
	burn(120, 95);
	expect("");
}

static void crowd(double end_s, size_t count, double percent)
{
	window(end_s);
	for (size_t i = 0; i < count; i++)
		process(i + 1, 1, "crowd", percent, false);
	evaluate();
}

TEST(the_number_of_alerts_is_limited)
{
	start(PROCESS_RULE "}");
	crowd(100, ALERTS_MAX + 5, 95);
	CHECK_UINT(alert_engine_firing(engine), ALERTS_MAX);
	CHECK_UINT(event_count, ALERTS_MAX);
	CHECK_UINT(alert_engine_overflow(engine), 5);
	crowd(105, ALERTS_MAX + 5, 95);
	CHECK_UINT(alert_engine_overflow(engine), 10);
	crowd(110, ALERTS_MAX + 5, 10);
	CHECK_UINT(alert_engine_firing(engine), 0);
	CHECK_UINT(alert_engine_overflow(engine), 10);
	crowd(115, 3, 95);
	CHECK_UINT(alert_engine_firing(engine), 3);
	alert_engine_free(engine);
}

/* 20,000 rows, 4,000 of them with an alert that goes on: far below a window. */
TEST(many_rows_are_cheap)
{
	uint64_t best = UINT64_MAX;

	start("[" PROCESS_RULE
	      "for: 1s}, {name: b, scope: process, metric: memory.rss_bytes, op: gt, value: 1}]");
	for (int round = 0; round < 5; round++) {
		window(100 + 5 * round);
		for (size_t i = 0; i < 20000; i++)
			process(i + 1, i * 977, "crowd", i % 5 ? 1 : 95, false);

		const struct snapshot *s = builder_finish(&builder);
		uint64_t before = clock_cpu_ns();

		alert_engine_evaluate(engine, s);
		before = clock_cpu_ns() - before;
		best = before < best ? before : best;
	}
	CHECK_UINT(alert_engine_firing(engine), 4000);
	CHECK(best < 50 * NS_PER_MS);
}

TEST(the_built_in_rules_see_a_burning_core)
{
	engine = alert_engine_new(rule_set_default(), heard, &builder);
	CHECK(engine != NULL);
	burn(100, 99.9);
	burn(105, 99.9);
	expect("");
	burn(110, 99.9);
	expect("new process-cpu-high 99.9\n");
	CHECK_STRING(newest_message, "process burner (7) uses 99.9 % of a core");
	burn(115, 3);
	expect("resolved process-cpu-high 3: condition cleared\n");
}
