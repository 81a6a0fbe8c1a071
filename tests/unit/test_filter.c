// SPDX-License-Identifier: Apache-2.0
/* Which rows a filter takes, whose rows a tenant sees, and in which order they come. */
#include "snapshot/filter.h"

#include <stdio.h>

#include "base/text.h"
#include "harness/harness.h"
#include "snapshot/builder.h"
#include "snapshot/order.h"

static struct builder builder;

static const struct process {
	uint64_t pid;
	const char *comm, *user, *namespace;
	double cpu; /* below 0: absent */
	bool exited;
} processes[] = {
	{10, "nginx", "www", "blue", 30, false},      {11, "nginx-worker", "www", "blue", 5, false},
	{12, "postgres", "db", "green", 50, true},    {13, "systemd", "root", NULL, 0, false},
	{14, "kworker/0:1", "root", NULL, -1, false},
};

#define PROCESSES (sizeof(processes) / sizeof(*processes))

static const struct snapshot *build(void)
{
	builder_begin(&builder);
	for (size_t i = 0; i < PROCESSES; i++) {
		const struct process *p = &processes[i];
		struct builder_row row = {0};

		builder_label(&row, SCOPE_PROCESS, LABEL_PROCESS_pid, p->pid);
		builder_label_string(&builder, &row, SCOPE_PROCESS, LABEL_PROCESS_comm, p->comm);
		builder_label_string(&builder, &row, SCOPE_PROCESS, LABEL_PROCESS_user, p->user);
		builder_label_string(&builder, &row, SCOPE_PROCESS, LABEL_PROCESS_namespace,
				     p->namespace);
		if (p->exited)
			builder_label(&row, SCOPE_PROCESS, LABEL_PROCESS_exited, 1);
		if (p->cpu >= 0)
			builder_value(&row, METRIC_PROCESS_cpu_percent,
				      (union snapshot_value){.real = p->cpu});
		builder_add(&builder, SCOPE_PROCESS, &row);
	}
	return builder_finish(&builder);
}

/* The pids that come, as text. */
static const char *pids(const struct order_wish *wish, size_t matching)
{
	static char text[256];
	struct order_row order[PROCESSES];
	const struct snapshot *s = build();
	size_t all, count = order_rows(s, SCOPE_PROCESS, wish, order, &all);

	text[0] = '\0';
	for (size_t i = 0; i < count; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%d", i ? " " : "",
			 (int)order[i].id);
	CHECK_UINT(all, matching);
	return text;
}

static const char *filtered(const struct filter *f, size_t matching)
{
	return pids(&(struct order_wish){METRIC_PROCESS_cpu_percent, .filter = f}, matching);
}

#define GLOBS(...)            \
	(const char *const[]) \
	{                     \
		__VA_ARGS__   \
	}

TEST(direction_limit_and_offset)
{
	struct order_wish wish = {.metric = METRIC_PROCESS_cpu_percent};

	CHECK_STRING(pids(&wish, 5), "12 10 11 13 14");
	wish.limit = 2;
	CHECK_STRING(pids(&wish, 5), "12 10");
	wish.offset = 1;
	CHECK_STRING(pids(&wish, 5), "10 11");
	wish.offset = 4;
	CHECK_STRING(pids(&wish, 5), "14");
	wish.offset = 5;
	CHECK_STRING(pids(&wish, 5), "");
	wish.offset = SIZE_MAX;
	CHECK_STRING(pids(&wish, 5), "");
	wish = (struct order_wish){.metric = METRIC_PROCESS_cpu_percent, .ascending = true};
	CHECK_STRING(pids(&wish, 5), "13 11 10 12 14");
	wish.limit = 3;
	CHECK_STRING(pids(&wish, 5), "13 11 10");
}

TEST(globs_take_any_or_none_of_a_list)
{
	struct filter f = {0};

	CHECK_STRING(filtered(&f, 5), "12 10 11 13 14");
	CHECK(filter_add_globs(&f, LABEL_PROCESS_comm, false, GLOBS("nginx*", "postgres"), 2));
	CHECK_STRING(filtered(&f, 3), "12 10 11");
	CHECK(filter_add_globs(&f, LABEL_PROCESS_pid, true, GLOBS("11", "13"), 2));
	CHECK_STRING(filtered(&f, 2), "12 10");
	CHECK(filter_add_globs(&f, LABEL_PROCESS_exited, false, GLOBS("false"), 1));
	CHECK_STRING(filtered(&f, 1), "10");
	f = (struct filter){0};
	CHECK(filter_add_globs(&f, LABEL_PROCESS_namespace, false, GLOBS(""), 1));
	CHECK_STRING(filtered(&f, 2), "13 14");
}

TEST(comparisons_hold_for_numbers_that_are_there)
{
	static const struct {
		enum filter_op op;
		const char *pids;
		size_t count;
	} cases[] = {
		{FILTER_GREATER, "12 10", 2}, {FILTER_GREATER_EQUAL, "12 10 11", 3},
		{FILTER_LESS, "13", 1},	      {FILTER_LESS_EQUAL, "11 13", 2},
		{FILTER_EQUAL, "11", 1},      {FILTER_NOT_EQUAL, "12 10 13", 3},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct filter f = {0};

		CHECK(filter_add_metric(&f, METRIC_PROCESS_cpu_percent, cases[i].op, 5));
		CHECK_STRING(filtered(&f, cases[i].count), cases[i].pids);
	}

	struct filter f = {0};

	CHECK(filter_add_label(&f, LABEL_PROCESS_pid, FILTER_GREATER, 12));
	CHECK_STRING(filtered(&f, 2), "13 14");
	CHECK(filter_add_label(&f, LABEL_PROCESS_ppid, FILTER_GREATER_EQUAL, 0));
	CHECK_STRING(filtered(&f, 0), "");
}

TEST(a_text_is_looked_for_in_every_label)
{
	static const struct {
		const char *text, *pids;
		size_t count;
	} cases[] = {
		{"NGINX", "10 11", 2},	{"green", "12", 1}, {"13", "13", 1},
		{"worker", "11 14", 2}, {"1", "14", 1},	    {"*", "", 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct filter f = {0};

		CHECK(text_copy(f.text, sizeof(f.text), cases[i].text));
		CHECK_STRING(filtered(&f, cases[i].count), cases[i].pids);
	}
}

TEST(a_label_that_is_hidden_is_as_if_it_were_not_there)
{
	struct filter f = {0};
	struct order_wish wish = {
		.metric = METRIC_PROCESS_cpu_percent,
		.filter = &f,
		.hidden = 1ULL << (LABEL_PROCESS_comm - LABEL_FIRST_PROCESS) |
			  1ULL << (LABEL_PROCESS_pid - LABEL_FIRST_PROCESS),
	};

	CHECK(filter_add_globs(&f, LABEL_PROCESS_comm, false, GLOBS("nginx*"), 1));
	CHECK_STRING(pids(&wish, 0), "");
	f = (struct filter){0};
	CHECK(filter_add_globs(&f, LABEL_PROCESS_comm, false, GLOBS(""), 1));
	CHECK_STRING(pids(&wish, 5), "12 10 11 13 14");
	CHECK(filter_add_label(&f, LABEL_PROCESS_pid, FILTER_GREATER, 0));
	CHECK_STRING(pids(&wish, 0), "");
}

TEST(a_filter_is_bounded)
{
	struct filter f = {0};
	char glob[FILTER_MAX_BYTES + 1];
	const char *many[FILTER_MAX_GLOBS + 1];

	memset(glob, 'x', sizeof(glob));
	glob[FILTER_MAX_BYTES] = '\0';
	for (size_t i = 0; i < FILTER_MAX_GLOBS + 1; i++)
		many[i] = "x";
	CHECK(!filter_add_globs(&f, LABEL_PROCESS_comm, false, GLOBS(glob), 1));
	CHECK(!filter_add_globs(&f, LABEL_PROCESS_comm, false, many, FILTER_MAX_GLOBS + 1));
	CHECK_UINT(f.count, 0);
	CHECK(filter_add_globs(&f, LABEL_PROCESS_comm, false, GLOBS(glob + 1), 1));
	CHECK(!filter_add_globs(&f, LABEL_PROCESS_comm, false, GLOBS(""), 1));
	for (int i = 1; i < FILTER_MAX_TERMS; i++)
		CHECK(filter_add_label(&f, LABEL_PROCESS_pid, FILTER_EQUAL, i));
	CHECK(!filter_add_label(&f, LABEL_PROCESS_pid, FILTER_EQUAL, 0));
	CHECK(!filter_add_metric(&f, METRIC_PROCESS_threads, FILTER_EQUAL, 0));
	CHECK_INT(filter_op_of("ge"), FILTER_GREATER_EQUAL);
	CHECK_INT(filter_op_of("between"), -1);
}

TEST(a_tenant_sees_its_own_rows_only)
{
	struct tenants t = {0};
	struct order_wish wish = {.metric = METRIC_PROCESS_cpu_percent, .tenants = &t};

	CHECK_STRING(pids(&wish, 5), "12 10 11 13 14");
	t.limited = true;
	CHECK_STRING(pids(&wish, 0), "");
	CHECK(!tenants_allow(&t, ""));
	CHECK(tenants_add(&t, "green") && tenants_add(&t, "gre") && tenants_add(&t, "green"));
	CHECK_STRING(pids(&wish, 1), "12");
	CHECK(tenants_add(&t, "blue"));
	CHECK_STRING(pids(&wish, 3), "12 10 11");
	wish.tenant = "b*";
	CHECK_STRING(pids(&wish, 2), "10 11");
	wish.tenants = NULL;
	wish.tenant = "*";
	CHECK_STRING(pids(&wish, 3), "12 10 11");
}

TEST(names_of_tenants_are_checked_and_bounded)
{
	static const char *const bad[] = {"",
					  "*",
					  "a b",
					  "a:b",
					  "a/b",
					  "a\n",
					  "\xc3\xbc",
					  "x234567890123456789012345678901234567890123456789012345"
					  "678901234"};
	struct tenants t = {0};
	char name[TENANT_MAX_BYTES];
	int added = 0;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		CHECK(!tenants_add(&t, bad[i]));
	CHECK(!t.limited);
	do
		snprintf(name, sizeof(name), "a-tenant-with-number-%d", added++);
	while (tenants_add(&t, name));
	CHECK(added > 15 && t.names[TENANTS_MAX_BYTES - 1] == '\0');
	CHECK(tenants_allow(&t, "a-tenant-with-number-0"));
	CHECK(!tenants_allow(&t, name) && !tenants_allow(&t, ""));
}
