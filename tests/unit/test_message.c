// SPDX-License-Identifier: Apache-2.0
/* Messages of alerts: numbers with their units, labels, braces. */
#include "alert/message.h"

#include <stdlib.h>
#include <string.h>

#include "harness/harness.h"
#include "snapshot/builder.h"

static struct builder builder;

/* A snapshot with one process of that name. */
static const struct snapshot *snapshot_of(const char *comm)
{
	struct builder_row row = {0};

	builder_begin(&builder);
	builder.head.node = builder_string(&builder, "n1");
	builder_label(&row, SCOPE_PROCESS, LABEL_PROCESS_pid, 9);
	builder_label_string(&builder, &row, SCOPE_PROCESS, LABEL_PROCESS_comm, comm);
	builder_add(&builder, SCOPE_PROCESS, &row);
	return builder_finish(&builder);
}

static char *render(const char *template, enum metric metric, double value, const char *comm)
{
	const struct snapshot *s = snapshot_of(comm);
	const struct rule rule = {
		.name = (char *)"r",
		.scope = SCOPE_PROCESS,
		.metric = metric,
		.value = 33.25,
		.message = (char *)template,
	};

	return message_render(&rule, s, snapshot_row(s, SCOPE_PROCESS, 0), value);
}

TEST(names_are_filled_in)
{
	CHECK_STRING(render("{{{comm}}} {pid} {user}|{exited} {metric} {value} {threshold} {node} "
			    "{rule}",
			    METRIC_PROCESS_cpu_percent, 1234.56, "a\"\x1b\xff<b>"),
		     "{a\"\x1b\xff<b>} 9 |false cpu.percent 1234.6 % 33.2 % n1 r");
	CHECK_STRING(render("plain", METRIC_PROCESS_cpu_percent, 1, "a"), "plain");
	CHECK_STRING(render("{comm}{comm}", METRIC_PROCESS_cpu_percent, 1, "{pid}"), "{pid}{pid}");
}

TEST(values_have_units)
{
	static const struct {
		enum metric metric;
		double value;
		const char *text;
	} cases[] = {
		{METRIC_PROCESS_cpu_percent, 0, "0 %"},
		{METRIC_PROCESS_cpu_percent, 99.96, "100 %"},
		{METRIC_PROCESS_cpu_percent, 12.34, "12.3 %"},
		{METRIC_PROCESS_memory_rss, 0, "0 B"},
		{METRIC_PROCESS_memory_rss, 1023, "1023 B"},
		{METRIC_PROCESS_memory_rss, 1024, "1 KiB"},
		{METRIC_PROCESS_memory_rss, 1572864, "1.5 MiB"},
		{METRIC_PROCESS_memory_rss, 5368709120.0, "5 GiB"},
		{METRIC_PROCESS_memory_rss, 1e300, "9.09495e+287 TiB"},
		{METRIC_PROCESS_network_rx_rate, 104857600, "100 MiB/s"},
		{METRIC_PROCESS_cpu_seconds, 1.23456, "1.235 s"},
		{METRIC_PROCESS_cpu_seconds, -2.5, "-2.5 s"},
		{METRIC_PROCESS_threads, 1000000, "1000000"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		CHECK_STRING(render("{value}", cases[i].metric, cases[i].value, "a"),
			     cases[i].text);
}

TEST(a_long_message_is_cut)
{
	char comm[1100];

	memset(comm, 'x', sizeof(comm));
	comm[MESSAGE_MAX] = '\0';
	CHECK_STRING(render("{comm}", METRIC_PROCESS_threads, 1, comm), comm);

	char *cut = render("{comm}y", METRIC_PROCESS_threads, 1, comm);

	CHECK_UINT(strlen(cut), MESSAGE_MAX);
	CHECK_STRING(cut + MESSAGE_MAX - 4, "x...");
	comm[1099] = '\0';
	memset(comm, 'x', 1099);
	cut = render("ab{comm}{comm}{comm}", METRIC_PROCESS_threads, 1, comm);
	CHECK_UINT(strlen(cut), MESSAGE_MAX);
	CHECK_STRING(cut + MESSAGE_MAX - 3, "...");
}

TEST(default_templates_are_valid)
{
	char error[256];

	for (int s = 0; s < SCOPES; s++)
		if (!message_check(message_default((enum scope)s), (enum scope)s, error,
				   sizeof(error)))
			harness_fail(__FILE__, __LINE__, "%s: %s", catalogue_scopes[s].name, error);
}

TEST(names_depend_on_the_scope)
{
	char error[256];

	CHECK(message_check("{core}", SCOPE_CORE, error, sizeof(error)));
	CHECK(!message_check("{core}", SCOPE_PROCESS, error, sizeof(error)));
	CHECK(!message_check("{comm}", SCOPE_SYSTEM, error, sizeof(error)));
	CHECK(message_check("{name} {value}", SCOPE_DISK, error, sizeof(error)));
	CHECK(message_check("{{name}}", SCOPE_SYSTEM, error, sizeof(error)));
	CHECK(!message_check("{{name}", SCOPE_SYSTEM, error, sizeof(error)));
	CHECK(!message_check(
		"{a_name_of_more_than_sixty_three_bytes_is_not_a_name_that_is_known_x}",
		SCOPE_SYSTEM, error, sizeof(error)));
}
