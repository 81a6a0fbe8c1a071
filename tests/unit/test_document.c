// SPDX-License-Identifier: Apache-2.0
/* The documents: each is parsed back with jansson and held against the snapshot it was made from.
 */
#include <jansson.h>
#include <malloc.h>
#include <math.h>
#include <stdio.h>

#include "encode/encode.h"
#include "harness/harness.h"
#include "snapshot/builder.h"

static struct builder builder;
static struct buf out;
static const struct encode_view by_cpu = {.sort = METRIC_PROCESS_cpu_percent};

static uint64_t next_random(void)
{
	static uint64_t state = 88172645463325252ULL;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static json_t *parse(void)
{
	json_error_t error;
	json_t *root = json_loadb(out.data, out.len, JSON_REJECT_DUPLICATES, &error);

	CHECK(!buf_failed(&out));
	if (!root)
		harness_fail(__FILE__, __LINE__, "not JSON: %s at %d", error.text, error.position);
	return root;
}

static json_t *document(const struct snapshot *s, const struct encode_view *view)
{
	buf_reset(&out);
	encode_snapshot(&out, s, view, NULL);
	return parse();
}

static void begin(void)
{
	builder_begin(&builder);
	builder.head.seq = 42;
	builder.head.interval_ms = 5000;
	builder.head.start_wall_ms = 1700000000123;
	builder.head.end_wall_ms = 1700000005124;
	builder.head.node = builder_string(&builder, "node-1");
	builder.head.source = builder_string(&builder, "bpf");
}

static const struct snapshot *finish(void)
{
	const struct snapshot *s = builder_finish(&builder);
	const char *why = "no memory";

	if (!s || !snapshot_check(s, s->bytes, &why))
		harness_fail(__FILE__, __LINE__, "bad snapshot: %s", why);
	return s;
}

/* Finds "cpu.percent" inside nested objects. */
static json_t *member(json_t *object, const char *path)
{
	for (const char *dot; (dot = strchr(path, '.')); path = dot + 1) {
		char name[64];

		snprintf(name, sizeof(name), "%.*s", (int)(dot - path), path);
		object = json_object_get(object, name);
	}
	return json_object_get(object, path);
}

static json_t *at(json_t *root, const char *list, size_t i)
{
	return json_array_get(member(root, list), i);
}

static void put_real_value(struct builder_row *row, enum metric metric, double value)
{
	builder_value(row, metric, (union snapshot_value){.real = value});
}

static void put_integer_value(struct builder_row *row, enum metric metric, uint64_t value)
{
	builder_value(row, metric, (union snapshot_value){.integer = value});
}

static void add_process(uint64_t pid, const char *comm, double cpu)
{
	struct builder_row row = {0};

	builder_label(&row, SCOPE_PROCESS, LABEL_PROCESS_pid, pid);
	builder_label_string(&builder, &row, SCOPE_PROCESS, LABEL_PROCESS_comm, comm);
	builder_label(&row, SCOPE_PROCESS, LABEL_PROCESS_exited, pid % 2);
	if (!isnan(cpu))
		put_real_value(&row, METRIC_PROCESS_cpu_percent, cpu);
	builder_add(&builder, SCOPE_PROCESS, &row);
}

/* Labels and metrics of a scope at random, one in four missing. */
static void add_random_row(enum scope scope)
{
	const struct scope_info *info = &catalogue_scopes[scope];
	struct builder_row row = {0};

	for (int l = (int)info->first_label; l < (int)info->end_label; l++) {
		if (next_random() % 4 == 0)
			continue;
		if (catalogue_labels[l].type == LABEL_STRING)
			builder_label_string(&builder, &row, scope, (enum label)l,
					     "a <name> \"\xff\"");
		else
			builder_label(&row, scope, (enum label)l,
				      catalogue_labels[l].type == LABEL_FLAG ? next_random() % 2
									     : next_random() >> 1);
	}
	for (int m = (int)info->first_metric; m < (int)info->end_metric; m++) {
		uint64_t r = next_random() >> (next_random() % 64);

		if (next_random() % 4 == 0)
			continue;
		if (catalogue_metrics[m].real)
			put_real_value(&row, (enum metric)m,
				       next_random() % 3 ? (double)r / 1e6 : 0);
		else
			put_integer_value(&row, (enum metric)m, next_random() % 3 ? r >> 1 : 0);
	}
	builder_add(&builder, scope, &row);
}

static void check_label(const struct snapshot *s, const struct snapshot_row *row, enum scope scope,
			enum label label, json_t *object)
{
	json_t *found = json_object_get(object, catalogue_labels[label].name);
	uint64_t value;

	if (!snapshot_label(row, scope, label, &value)) {
		CHECK(found == NULL);
	} else if (catalogue_labels[label].type == LABEL_STRING) {
		CHECK(snapshot_string(s, value)[0] == 'a');
		CHECK_STRING(json_string_value(found), "a <name> \"\xef\xbf\xbd\"");
	} else if (catalogue_labels[label].type == LABEL_FLAG) {
		CHECK(value ? json_is_true(found) : json_is_false(found));
	} else {
		CHECK(json_is_integer(found));
		CHECK_UINT(json_integer_value(found), value);
	}
}

static void check_metric(const struct snapshot *s, const struct snapshot_row *row,
			 enum metric metric, json_t *object)
{
	json_t *found = member(object, catalogue_metrics[metric].path);
	union snapshot_value value;

	if (!snapshot_value(s, row, metric, &value)) {
		CHECK(found == NULL);
	} else if (catalogue_metrics[metric].real) {
		CHECK(json_is_number(found));
		CHECK_REAL(json_number_value(found), value.real,
			   0.5000001e-6 + fabs(value.real) * 1e-15);
	} else {
		CHECK(json_is_integer(found));
		CHECK_UINT(json_integer_value(found), value.integer);
	}
}

/* No member of a row that nobody put there, and no empty object. */
static size_t count_leaves(json_t *object)
{
	const char *name;
	json_t *value;
	size_t leaves = 0;

	json_object_foreach (object, name, value) {
		CHECK(!json_is_object(value) || json_object_size(value) > 0);
		leaves += json_is_object(value) ? count_leaves(value) : 1;
	}
	return leaves;
}

static void check_row(const struct snapshot *s, enum scope scope, size_t i, json_t *object)
{
	const struct scope_info *info = &catalogue_scopes[scope];
	const struct snapshot_row *row = snapshot_row(s, scope, i);
	size_t present = (size_t)__builtin_popcountll(row->labels_present);

	CHECK(json_is_object(object));
	for (int l = (int)info->first_label; l < (int)info->end_label; l++)
		check_label(s, row, scope, (enum label)l, object);
	for (int m = (int)info->first_metric; m < (int)info->end_metric; m++)
		check_metric(s, row, (enum metric)m, object);
	for (int w = 0; w < SNAPSHOT_WORDS; w++)
		present += (size_t)__builtin_popcountll(row->present[w]);
	CHECK_UINT(count_leaves(object), present);
}

static void check_rows(const struct snapshot *s, enum scope scope, json_t *list)
{
	CHECK_UINT(json_array_size(list), snapshot_rows(s, scope));
	for (size_t i = 0; i < snapshot_rows(s, scope); i++)
		check_row(s, scope, i, json_array_get(list, i));
}

/* Scopes of many rows, and where the document has them. */
static const struct {
	enum scope scope;
	const char *path;
} lists[] = {
	{SCOPE_GROUP, "groups"},
	{SCOPE_CORE, "system.cpu.cores"},
	{SCOPE_DISK, "system.disks"},
	{SCOPE_INTERFACE, "system.interfaces"},
	{SCOPE_FILESYSTEM, "system.filesystems"},
	{SCOPE_POOL, "system.pools"},
	{SCOPE_OOM_KILL, "system.oom_kills"},
};

#define LISTS (sizeof(lists) / sizeof(*lists))

TEST(every_row_comes_back_as_it_was_put)
{
	for (int round = 0; round < 200; round++) {
		begin();
		add_random_row(SCOPE_PROCESS);
		for (size_t i = 0; i < LISTS; i++)
			for (int row = 0; row < 3; row++)
				add_random_row(lists[i].scope);
		add_random_row(SCOPE_TOTALS);
		add_random_row(SCOPE_LOSSES);

		const struct snapshot *s = finish();
		json_t *root = document(s, &by_cpu);

		check_rows(s, SCOPE_PROCESS, member(root, "processes"));
		for (size_t i = 0; i < LISTS; i++)
			check_rows(s, lists[i].scope, member(root, lists[i].path));
		check_row(s, SCOPE_TOTALS, 0, member(root, "totals"));
		check_row(s, SCOPE_LOSSES, 0, member(root, "losses"));
		json_decref(root);
	}
}

TEST(the_machine_and_the_agent_come_back_beside_what_is_put_into_them)
{
	for (int round = 0; round < 200; round++) {
		begin();
		add_random_row(SCOPE_SYSTEM);
		add_random_row(SCOPE_AGENT);
		add_random_row(SCOPE_CORE);

		const struct snapshot *s = finish();
		json_t *root = document(s, &by_cpu), *machine = member(root, "system");
		json_t *agent = member(root, "agent");

		CHECK_UINT(json_array_size(member(machine, "cpu.cores")), 1);
		json_object_del(member(machine, "cpu"), "cores");
		if (json_object_size(member(machine, "cpu")) == 0)
			json_object_del(machine, "cpu");
		json_object_del(machine, "disks");
		json_object_del(machine, "filesystems");
		json_object_del(machine, "interfaces");
		json_object_del(machine, "pools");
		json_object_del(machine, "oom_kills");
		check_row(s, SCOPE_SYSTEM, 0, machine);
		CHECK_STRING(json_string_value(member(agent, "source")), "bpf");
		json_object_del(agent, "source");
		json_object_del(agent, "probes");
		check_row(s, SCOPE_AGENT, 0, agent);
		json_decref(root);
	}
}

TEST(an_empty_snapshot_has_all_its_parts)
{
	begin();

	json_t *root = document(finish(), &by_cpu);

	CHECK_UINT(json_array_size(member(root, "processes")), 0);
	CHECK(json_is_array(member(root, "processes")) && json_is_array(member(root, "groups")));
	CHECK(json_is_array(member(root, "system.cpu.cores")) &&
	      json_is_array(member(root, "system.disks")));
	CHECK(json_is_object(member(root, "totals")) && json_is_object(member(root, "losses")));
	CHECK(json_is_object(member(root, "agent.probes")));
	CHECK(member(root, "system.websocket") == NULL);
	json_decref(root);
}

/* Indices of the list are places, numbers are pids. */
static void check_order(const struct encode_view *view, const uint64_t *pids, size_t count)
{
	begin();
	add_process(5, "e", NAN);
	add_process(4, "d", 1.5);
	add_process(9, "i", 70);
	add_process(2, "b", 1.5);
	add_process(7, "g", 0);
	add_process(3, "c", NAN);
	add_process(8, "h", 100);

	json_t *root = document(finish(), view);

	CHECK_UINT(json_array_size(member(root, "processes")), count);
	for (size_t i = 0; i < count; i++)
		CHECK_UINT(json_integer_value(member(at(root, "processes", i), "pid")), pids[i]);
	json_decref(root);
}

TEST(largest_processes_come_first_and_unknown_ones_last)
{
	static const uint64_t pids[] = {8, 9, 2, 4, 7, 3, 5};

	check_order(&by_cpu, pids, 7);
	for (size_t limit = 1; limit < 9; limit++)
		check_order(&(struct encode_view){.sort = by_cpu.sort, .limit = (uint32_t)limit},
			    pids, limit < 7 ? limit : 7);
}

static void add_probe(const char *name, enum label label, const char *text)
{
	struct builder_row row = {0};

	builder_label_string(&builder, &row, SCOPE_PROBE, LABEL_PROBE_name, name);
	builder_label_string(&builder, &row, SCOPE_PROBE, label, text);
	builder_add(&builder, SCOPE_PROBE, &row);
}

static void add_one_real(enum scope scope, enum metric metric, double value)
{
	struct builder_row row = {0};

	put_real_value(&row, metric, value);
	builder_add(&builder, scope, &row);
}

static void add_small_machine(void)
{
	struct builder_row process = {0}, machine = {0}, core = {0};

	builder_label(&process, SCOPE_PROCESS, LABEL_PROCESS_pid, 7);
	builder_label(&process, SCOPE_PROCESS, LABEL_PROCESS_start_time, 123456789012345);
	builder_label_string(&builder, &process, SCOPE_PROCESS, LABEL_PROCESS_comm,
			     "</script>\n\xff");
	builder_label(&process, SCOPE_PROCESS, LABEL_PROCESS_exited, 0);
	put_integer_value(&process, METRIC_PROCESS_threads, 2);
	put_real_value(&process, METRIC_PROCESS_cpu_percent, 12.5);
	put_integer_value(&process, METRIC_PROCESS_tcp_rx, 0);
	put_integer_value(&process, METRIC_PROCESS_udp_rx, 9);
	put_integer_value(&process, METRIC_PROCESS_disk_read, 4096);
	builder_add(&builder, SCOPE_PROCESS, &process);
	put_real_value(&machine, METRIC_SYSTEM_cpu_percent, 1);
	put_integer_value(&machine, METRIC_SYSTEM_memory_total, 1024);
	builder_add(&builder, SCOPE_SYSTEM, &machine);
	builder_label(&core, SCOPE_CORE, LABEL_CORE_core, 0);
	put_real_value(&core, METRIC_CORE_percent, 0.333333333);
	builder_add(&builder, SCOPE_CORE, &core);
	add_one_real(SCOPE_LOSSES, METRIC_LOSSES_unattributed, -0.25);
	add_probe("walk", LABEL_PROBE_variant, "iter/task");
	add_probe("block", LABEL_PROBE_reason, "no BTF");
}

TEST(a_document_is_exactly_this)
{
	begin();
	add_small_machine();
	buf_reset(&out);
	encode_snapshot(&out, finish(), &by_cpu, &(struct encode_server){3, 20, 1});
	buf_add_char(&out, '\0');
	CHECK_STRING(
		out.data,
		"{\"node\":\"node-1\",\"window\":{\"start\":\"2023-11-14T22:13:20.123Z\","
		"\"end\":\"2023-11-14T22:13:25.124Z\",\"interval_ms\":5000},\"seq\":42,"
		"\"system\":{\"cpu\":{\"percent\":1,\"cores\":[{\"core\":0,\"percent\":0.333333}]},"
		"\"memory\":{\"total_bytes\":1024},\"disks\":[],\"filesystems\":[],"
		"\"interfaces\":[],\"pools\":[],\"oom_kills\":[],"
		"\"websocket\":{\"connections\":3,\"messages_sent\":20,\"messages_skipped\":1}},"
		"\"groups\":[],\"processes\":[{\"pid\":7,\"start_time\":123456789012345,"
		"\"comm\":\"\\u003c/script\\u003e\\u000a\xef\xbf\xbd\",\"exited\":false,"
		"\"threads\":2,\"cpu\":{\"percent\":12.5},"
		"\"network\":{\"udp\":{\"rx_bytes\":9},\"tcp\":{\"rx_bytes\":0}},"
		"\"disk\":{\"read_bytes\":4096}}],\"totals\":{},"
		"\"losses\":{\"unattributed_cpu_seconds\":-0.25},"
		"\"agent\":{\"source\":\"bpf\",\"probes\":{\"walk\":\"iter/task\","
		"\"block\":\"unavailable: no BTF\"}}}");
}

TEST(the_steady_state_allocates_nothing)
{
	begin();
	for (int i = 0; i < 300; i++)
		add_random_row(SCOPE_PROCESS);

	const struct snapshot *s = finish();

	json_decref(document(s, &by_cpu));

	char *data = out.data;
	size_t used = mallinfo2().uordblks;

	for (int i = 0; i < 10; i++) {
		buf_reset(&out);
		encode_snapshot(&out, s, &by_cpu, NULL);
	}
	CHECK(out.data == data);
	CHECK_UINT(mallinfo2().uordblks, used);
}

TEST(hostile_names_stay_text)
{
	static const char *const names[] = {
		"\",\"pid\":1,\"x\":\"",     "]}",	     "\\",   "\xff\xfe", "\x1b]0;x\x07",
		"</script><script>alert(1)", "\xed\xa0\x80", "a\nb", "\xc3"};
	size_t count = sizeof(names) / sizeof(*names);

	begin();
	for (size_t i = 0; i < count; i++)
		add_process(i + 1, names[i], (double)(count - i));

	json_t *root = document(finish(), &by_cpu);

	for (size_t i = 0; i < count; i++) {
		json_t *process = at(root, "processes", i), *comm = member(process, "comm");
		json_t *given = json_string(names[i]); /* none for bytes that are not UTF-8 */

		CHECK_UINT(json_integer_value(member(process, "pid")), i + 1);
		CHECK(json_is_string(comm));
		CHECK(!given || json_equal(comm, given));
		json_decref(given);
	}
	CHECK(memchr(out.data, '<', out.len) == NULL);
	json_decref(root);
}
