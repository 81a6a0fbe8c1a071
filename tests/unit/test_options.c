// SPDX-License-Identifier: Apache-2.0
/* Options of subscriptions and parameters of requests: what they mean, and what is wrong. */
#include "serve/options.h"

#include <stdio.h>

#include "harness/harness.h"

static struct config config;
static struct view_wish wish;
static char error[OPTIONS_ERROR];

static bool take(const char *text)
{
	json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	bool taken;

	CHECK(json != NULL);
	config.interval_ms = 5000;
	config.process_limit = 500;
	options_init(&wish, &config, &(struct tenants){0});
	error[0] = '\0';
	taken = options_take_all(&wish, json, NULL, &config, error);
	json_decref(json);
	return taken;
}

static bool condition(const char *name, const char *value)
{
	error[0] = '\0';
	options_init(&wish, &config, &(struct tenants){0});
	return options_condition(&wish.what.filter, name, value, NULL, error);
}

TEST(options_make_a_view)
{
	CHECK(take("{\"interval_ms\":15000,\"sort\":\"memory.rss_bytes:asc\",\"limit\":7,"
		   "\"delta\":true,\"q\":\"web\"}"));
	CHECK_UINT(wish.every, 3);
	CHECK(wish.delta && wish.what.ascending);
	CHECK_INT(wish.what.sort, METRIC_PROCESS_memory_rss);
	CHECK_UINT(wish.what.limit, 7);
	CHECK_STRING(wish.what.filter.text, "web");
	CHECK(take("{}"));
	CHECK_UINT(wish.what.limit, 500);
	CHECK(!wish.what.masked && wish.every == 1 && !wish.delta);
}

TEST(fields_are_names_or_what_stands_before_a_dot)
{
	const uint64_t *metrics = wish.what.process_mask.metrics;
	int first = (int)catalogue_scopes[SCOPE_PROCESS].first_metric;

	CHECK(take("{\"fields\":[\"comm\",\"cpu\",\"network.tcp.rx_bytes\"]}"));
	CHECK(wish.what.masked);
	CHECK_UINT(wish.what.process_mask.labels,
		   1ULL << (LABEL_PROCESS_comm - LABEL_FIRST_PROCESS));
	for (int m = first; m < (int)catalogue_scopes[SCOPE_PROCESS].end_metric; m++) {
		const char *path = catalogue_metrics[m].path;
		int i = m - first;

		CHECK_INT(metrics[i / 64] >> i % 64 & 1,
			  strncmp(path, "cpu.", 4) == 0 ||
				  strcmp(path, "network.tcp.rx_bytes") == 0);
	}
	CHECK(take("{\"fields\":null}") && !wish.what.masked);
}

TEST(filters_that_say_the_same_are_the_same)
{
	struct view_wish first;

	CHECK(take(
		"{\"filter\":{\"comm\":[\"nginx*\",\"httpd\"],\"cpu.percent\":{\"gt\":5,\"le\":90},"
		"\"pid\":{\"not\":1},\"exited\":false}}"));
	memcpy(&first, &wish, sizeof(first));
	CHECK(take("{\"filter\":{\"exited\":false,\"pid\":{\"not\":1},"
		   "\"cpu.percent\":{\"le\":90,\"gt\":5},\"comm\":[\"nginx*\",\"httpd\"]}}"));
	CHECK(memcmp(&first, &wish, sizeof(first)) == 0);
	CHECK_UINT(wish.what.filter.count, 5);
	CHECK(take("{\"filter\":null}"));
	CHECK_UINT(wish.what.filter.count, 0);
}

TEST(what_is_wrong_is_told_by_its_name)
{
	static const struct {
		const char *options, *error;
	} cases[] = {
		{"{\"limt\":3}", "no option \"limt\"; did you mean \"limit\"?"},
		{"{\"colour_of_rows\":3}",
		 "no option \"colour_of_rows\"; there are interval_ms, sort, "
		 "limit, fields, filter, q and delta"},
		{"{\"sort\":\"cpu.procent\"}",
		 "sort: no metric \"cpu.procent\" of a process; did you mean \"cpu.percent\"?"},
		{"{\"sort\":\"cpu.percent:up\"}", "sort: the direction is :asc or :desc"},
		{"{\"sort\":7}", "sort must be a metric of the process scope"},
		{"{\"limit\":-1}", "limit must be a whole number from 0 (all) to 1000000"},
		{"{\"limit\":1.5}", "limit must be a whole number from 0 (all) to 1000000"},
		{"{\"interval_ms\":7000}",
		 "interval_ms must be a multiple of the window, 5000, up to 3600000"},
		{"{\"interval_ms\":0}",
		 "interval_ms must be a multiple of the window, 5000, up to 3600000"},
		{"{\"delta\":1}", "delta must be true or false"},
		{"{\"fields\":[\"com\"]}",
		 "fields: no metric or label \"com\" of a process; did you mean \"comm\"?"},
		{"{\"fields\":[\"\"]}",
		 "fields: no metric or label \"\" of a process; did you mean "
		 "\"pid\"?"},
		{"{\"fields\":[5]}", "fields must be a list of texts"},
		{"{\"filter\":[]}", "filter must be an object"},
		{"{\"filter\":{\"usr\":\"x\"}}",
		 "filter: no metric or label \"usr\" of a process; did you mean \"user\"?"},
		{"{\"filter\":{\"comm\":5}}",
		 "filter: comm must be a text with * and ?, or a list of them"},
		{"{\"filter\":{\"comm\":[]}}",
		 "filter: comm must be a text with * and ?, or a list of them"},
		{"{\"filter\":{\"comm\":{\"gt\":5}}}",
		 "filter: comm must be a text with * and ?, or a list of them"},
		{"{\"filter\":{\"pid\":{\"above\":5}}}",
		 "filter: pid takes gt, ge, lt, le, eq and ne"},
		{"{\"filter\":{\"cpu.percent\":{\"gt\":\"5\"}}}",
		 "filter: cpu.percent is compared with numbers"},
		{"{\"filter\":{\"cpu.percent\":{}}}",
		 "filter: cpu.percent takes gt, ge, lt, le, eq and ne"},
		{"{\"filter\":{\"cpu.percent\":\"5\"}}",
		 "filter: cpu.percent must be a number or an object such as {\"gt\": 5}"},
		{"{\"filter\":{\"exited\":\"yes\"}}", "filter: exited must be true or false"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		CHECK(!take(cases[i].options));
		CHECK_STRING(error, cases[i].error);
	}
}

TEST(a_filter_that_is_too_large_is_refused)
{
	char text[4096] = "{\"filter\":{\"comm\":[\"x\"";

	for (int i = 0; i < FILTER_MAX_GLOBS; i++)
		strncat(text, ",\"x\"", sizeof(text) - strlen(text) - 1);
	strncat(text, "]}}", sizeof(text) - strlen(text) - 1);
	CHECK(!take(text));
	CHECK(strstr(error, "at most 16 conditions") != NULL);
}

TEST(parameters_are_conditions_too)
{
	CHECK(condition("comm", "nginx*") && wish.what.filter.terms[0].op == FILTER_GLOB);
	CHECK(condition("comm.not", "a") && wish.what.filter.terms[0].op == FILTER_NOT_GLOB);
	CHECK(condition("cpu.percent.gt", "-1.5e1"));
	CHECK_INT(wish.what.filter.terms[0].op, FILTER_GREATER);
	CHECK_REAL(wish.what.filter.terms[0].number, -15, 0);
	CHECK(condition("cpu.percent", "3") && wish.what.filter.terms[0].op == FILTER_EQUAL);
	CHECK(condition("pid.le", "10") && !wish.what.filter.terms[0].metric);
	CHECK(!condition("comm.gt", "1"));
	CHECK_STRING(error, "filter: comm takes .gt, .ge, .lt, .le, .eq and .ne; a label .not");
	CHECK(!condition("cpu.percent.gt", "") && !condition("cpu.percent.gt", "nan"));
	CHECK(!condition("cpu.percent.gt", "5x") && !condition("cpu.percent.gt", "0x5"));
	CHECK(!condition("coom", "x"));
	CHECK_STRING(error,
		     "query: no metric or label \"coom\" of a process; did you mean \"comm\"?");
	CHECK(!condition("a.b.c.d", "x") && !condition(".", "x") && !condition("", "x"));
}
