// SPDX-License-Identifier: Apache-2.0
/* Groups against processes made by hand: what is summed up, and for how long it is kept. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collect/groups.h"
#include "harness/harness.h"

#define SECOND 1000000000ULL
#define START 2000

static struct identity identity;
static struct window window;
static struct groups groups;
static struct builder builder;
static struct probe_state state;

/* A cgroup that is known: no process of this test is in /proc. */
static void know(uint64_t id, const char *path, const char *namespace)
{
	struct cgroup *c = malloc(sizeof(*c));

	CHECK(cgroup_parse(c, path));
	if (namespace)
		c->namespace = strdup(namespace);
	if (c->pod_uid) {
		free(c->pod);
		c->pod = strdup("frontend");
	}
	CHECK(table_put(&identity.cgroups, id, 0, c));
}

static void setup(void)
{
	identity_init(&identity);
	window_init(&window, &identity, ~0ULL);
	groups_init(&groups, &state);
	groups.mounted = false;
	window.groups = &groups;
	know(1, "/system.slice/nginx.service", NULL);
	know(2, "/kubepods/pod0a1b2c3d-0000-0000-0000-000000000001", "shop");
	know(3, "/kubepods/pod0a1b2c3d-0000-0000-0000-000000000002", "test");
}

static void feed(uint32_t kind, uint32_t pid, uint32_t uid, uint64_t cgroup, uint64_t run)
{
	struct task_record r = {
		.head = {.kind = kind, .tid = pid, .pid = pid, .ppid = 1},
		.uid = uid,
		.threads = 2,
		.group_dead = kind == RECORD_EXIT,
		.has_memory = kind == RECORD_TASK,
		.anonymous_pages = 10,
		.cgroup_id = cgroup,
	};

	r.head.thread_start_ns = r.head.process_start_ns = START;
	r.thread.run_ns = run;
	window_task(&window, &r);
}

static const struct snapshot *close_window(void)
{
	builder_begin(&builder);
	groups_begin(&groups, window.number);
	window_emit(&window, &builder, SECOND);
	groups_emit(&groups, &builder, window.available, SECOND);
	window_next(&window);
	identity_sweep(&identity, window.number);
	groups_sweep(&groups);
	return builder_finish(&builder);
}

/* The nth row of that kind and name; NULL when there is none. */
static const struct snapshot_row *find(const struct snapshot *s, const char *kind, const char *name,
				       int nth)
{
	for (size_t i = 0; i < snapshot_rows(s, SCOPE_GROUP); i++) {
		const struct snapshot_row *row = snapshot_row(s, SCOPE_GROUP, i);
		const char *k = snapshot_label_string(s, row, SCOPE_GROUP, LABEL_GROUP_kind);
		const char *n = snapshot_label_string(s, row, SCOPE_GROUP, LABEL_GROUP_name);

		if (strcmp(k, kind) == 0 && strcmp(n, name) == 0 && nth-- == 0)
			return row;
	}
	return NULL;
}

static double metric(const struct snapshot *s, const char *kind, const char *name, enum metric m)
{
	const struct snapshot_row *row = find(s, kind, name, 0);

	CHECK(row != NULL);
	return snapshot_number(s, row, m, -1);
}

TEST(processes_are_summed_up_by_all_that_they_belong_to)
{
	const struct snapshot *s;
	double page = (double)sysconf(_SC_PAGESIZE);

	setup();
	feed(RECORD_TASK, 7, 60001, 1, SECOND / 2);
	feed(RECORD_TASK, 8, 60001, 1, SECOND / 4);
	feed(RECORD_TASK, 9, 60002, 2, SECOND / 8);
	feed(RECORD_TASK, 10, 60002, 3, SECOND / 8);
	s = close_window();
	CHECK_REAL(metric(s, "unit", "nginx.service", METRIC_GROUP_cpu_seconds), 0.75, 1e-9);
	CHECK_REAL(metric(s, "unit", "nginx.service", METRIC_GROUP_processes), 2, 0);
	CHECK_REAL(metric(s, "unit", "nginx.service", METRIC_GROUP_threads), 4, 0);
	CHECK_REAL(metric(s, "unit", "nginx.service", METRIC_GROUP_memory_rss), 20 * page, 0);
	CHECK_REAL(metric(s, "user", "60001", METRIC_GROUP_cpu_percent), 75, 1e-6);
	CHECK_REAL(metric(s, "user", "60002", METRIC_GROUP_cpu_percent), 25, 1e-6);
	CHECK_REAL(metric(s, "tenant", "shop", METRIC_GROUP_cpu_percent), 12.5, 1e-6);
	CHECK_REAL(metric(s, "unit", "nginx.service", METRIC_GROUP_memory_usage), -1, 0);
	/* Two pods of one name, in two namespaces. */
	CHECK(find(s, "pod", "frontend", 1) != NULL);
	CHECK(find(s, "pod", "frontend", 2) == NULL);
}

TEST(what_ended_counts_and_the_counters_go_on)
{
	const struct snapshot *s;

	setup();
	feed(RECORD_TASK, 7, 60001, 1, SECOND / 4);
	feed(RECORD_TASK, 8, 60001, 1, 0);
	close_window();
	feed(RECORD_EXIT, 7, 60001, 1, SECOND / 2);
	feed(RECORD_FREE, 7, 60001, 1, SECOND);
	s = close_window();
	CHECK_REAL(metric(s, "unit", "nginx.service", METRIC_GROUP_cpu_seconds), 0.75, 1e-9);
	CHECK_REAL(metric(s, "unit", "nginx.service", METRIC_GROUP_cpu_seconds_total), 1, 1e-9);
	CHECK_REAL(metric(s, "unit", "nginx.service", METRIC_GROUP_exited), 1, 0);
	CHECK_REAL(metric(s, "unit", "nginx.service", METRIC_GROUP_processes), 1, 0);
	s = close_window();
	CHECK_REAL(metric(s, "unit", "nginx.service", METRIC_GROUP_cpu_seconds), 0, 0);
	CHECK_REAL(metric(s, "unit", "nginx.service", METRIC_GROUP_cpu_seconds_total), 1, 1e-9);
	CHECK_REAL(metric(s, "unit", "nginx.service", METRIC_GROUP_exited), 0, 0);
}

TEST(a_group_without_processes_goes_and_its_cgroup_too)
{
	const struct snapshot *s;

	setup();
	feed(RECORD_EXIT, 7, 60001, 1, SECOND);
	feed(RECORD_FREE, 7, 60001, 1, SECOND);
	s = close_window();
	CHECK(find(s, "unit", "nginx.service", 0) != NULL);
	s = close_window();
	s = close_window();
	CHECK_UINT(snapshot_rows(s, SCOPE_GROUP), 0);
	for (int i = 0; i <= IDENTITY_KEPT_WINDOWS; i++)
		close_window();
	CHECK_UINT(groups.table.count, 0);
	CHECK_UINT(identity.cgroups.count, 0);
}

TEST(a_full_table_is_counted)
{
	setup();
	groups.table.limit = 1;
	feed(RECORD_TASK, 7, 60001, 1, 0);
	feed(RECORD_TASK, 8, 60002, 1, 0);
	CHECK_UINT(snapshot_rows(close_window(), SCOPE_GROUP), 1);
	CHECK(groups.table_full >= 2);
}
