// SPDX-License-Identifier: Apache-2.0
/* GET /metrics: what is written is read back with a reader that knows only the specifications. */
#include <malloc.h>
#include <math.h>
#include <stdio.h>

#include "encode/family.h"
#include "encode/prometheus.h"
#include "encode/series.h"
#include "harness/harness.h"
#include "snapshot/builder.h"
#include "unit/exposition.h"

#define SECOND 1000000000ULL

static struct builder builder;
static struct tally tally;
static struct buf out;
static const struct snapshot *newest;
static const struct prometheus_wish all = {.processes = 10000, .groups = 10000};
static uint64_t seq;

static uint64_t next_random(void)
{
	static uint64_t state = 88172645463325252ULL;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static void begin(void)
{
	builder_begin(&builder);
	builder.head.seq = ++seq;
	builder.head.start_boot_ns = 5 * SECOND * (seq - 1);
	builder.head.end_boot_ns = 5 * SECOND * seq;
	builder.head.end_wall_ms = 1700000000123;
	builder.head.node = builder_string(&builder, "node-1");
	builder.head.source = builder_string(&builder, "bpf");
}

static void end(void)
{
	const char *why = "no memory";

	newest = builder_finish(&builder);
	if (!newest || !snapshot_check(newest, newest->bytes, &why))
		harness_fail(__FILE__, __LINE__, "bad snapshot: %s", why);
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

static void begin_process(struct builder_row *row, uint64_t pid, const char *comm)
{
	*row = (struct builder_row){0};
	builder_label(row, SCOPE_PROCESS, LABEL_PROCESS_pid, pid);
	builder_label(row, SCOPE_PROCESS, LABEL_PROCESS_start_time, 1000 * pid);
	builder_label_string(&builder, row, SCOPE_PROCESS, LABEL_PROCESS_comm, comm);
}

static void process(uint64_t pid, const char *comm, double cpu, uint64_t rss)
{
	struct builder_row row;

	begin_process(&row, pid, comm);
	put_real(&row, METRIC_PROCESS_cpu_percent, cpu);
	put_real(&row, METRIC_PROCESS_cpu_seconds, cpu / 100 * 5);
	put_real(&row, METRIC_PROCESS_cpu_seconds_total, cpu);
	put_whole(&row, METRIC_PROCESS_memory_rss, rss);
	put_whole(&row, METRIC_PROCESS_network_rx, 100 * pid);
	builder_add(&builder, SCOPE_PROCESS, &row);
}

/* Writes and reads the newest window in one format. */
static void scrape(const struct prometheus_wish *wish)
{
	buf_reset(&out);
	encode_prometheus(&out, newest, &tally, wish, NULL);
	CHECK(!buf_failed(&out));
	exposition_read(out.data, out.len, wish->openmetrics);
}

static void check_value(const char *series, double expected)
{
	double value = NAN;

	if (!exposition_value(series, &value))
		harness_fail(__FILE__, __LINE__, "no %s", series);
	harness_real(__FILE__, __LINE__, series, value, expected, 1e-9);
}

static void check_absent(const char *series)
{
	double value;

	if (exposition_value(series, &value))
		harness_fail(__FILE__, __LINE__, "%s is there", series);
}

static void add_random_row(enum scope scope)
{
	static const char *const texts[] = {"a",       "b\"\\\n{}", "\xff\xfe",
					    "\x1b[2J", "\xc2\x9b",  "é"};
	const struct scope_info *info = &catalogue_scopes[scope];
	struct builder_row row = {0};

	for (int l = (int)info->first_label; l < (int)info->end_label; l++) {
		if (next_random() % 4 == 0)
			continue;
		if (catalogue_labels[l].type == LABEL_STRING)
			builder_label_string(&builder, &row, scope, (enum label)l,
					     texts[next_random() % 6]);
		else
			builder_label(&row, scope, (enum label)l, next_random() % 8);
	}
	for (int m = (int)info->first_metric; m < (int)info->end_metric; m++) {
		uint64_t r = next_random() >> (next_random() % 64);

		if (next_random() % 4 == 0)
			continue;
		if (catalogue_metrics[m].real)
			put_real(&row, (enum metric)m, next_random() % 3 ? (double)r / 1e6 : 0);
		else
			put_whole(&row, (enum metric)m, next_random() % 3 ? r >> 1 : 0);
	}
	builder_add(&builder, scope, &row);
}

TEST(whatever_comes_in_what_goes_out_can_be_read)
{
	struct prometheus_wish wish = {0};

	for (int round = 0; round < 300; round++) {
		begin();
		for (int scope = 0; scope < SCOPES; scope++)
			for (uint64_t i = next_random() % 12; i > 0; i--)
				add_random_row((enum scope)scope);
		end();
		wish.openmetrics = round % 2;
		wish.processes = 1 + next_random() % 12;
		wish.groups = 1 + next_random() % 12;
		scrape(&wish);
	}
	CHECK(exposition_families() > 100);
}

TEST(names_are_as_the_guides_want_them)
{
	static const char *const suffixes[] = {"_total", "_count",   "_sum", "_bucket", "_created",
					       "_info",	 "_percent", "_ms",  "_ns"};
	size_t names = 0;

	for (int scope = 0; scope < SCOPES; scope++) {
		size_t count;
		const struct family *f = families_of((enum scope)scope, &count);

		for (size_t i = 0; i < count; i++) {
			const char *dot = strrchr(f[i].name, '_');

			CHECK(strncmp(f[i].name, "probecast_", 10) == 0);
			CHECK(strlen(f[i].help) > 2 && !strpbrk(f[i].help, "\\\"\n"));
			CHECK(strlen(f[i].name) < FAMILY_MAX_NAME - 8);
			CHECK(strlen(f[i].help) < FAMILY_MAX_HELP - 1);
			for (size_t k = 0; k < sizeof(suffixes) / sizeof(*suffixes); k++)
				if (strcmp(dot, suffixes[k]) == 0)
					harness_fail(__FILE__, __LINE__, "the name %s", f[i].name);
			if (strstr(f[i].help, "per cent") ||
			    (f[i].counter && strstr(f[i].help, "this window")))
				harness_fail(__FILE__, __LINE__, "%s: %s", f[i].name, f[i].help);
			names++;
		}
	}
	CHECK(names > 200);
}

TEST(a_scrape_reads_as_it_is_written_here)
{
	static const char expected[] =
		"# HELP probecast_interface_rx_bytes_total bytes received, headers included\n"
		"# TYPE probecast_interface_rx_bytes_total counter\n"
		"probecast_interface_rx_bytes_total{name=\"eth0\"} 1500\n"
		"# HELP probecast_interface_up 1 when it is switched on and has a link, else 0\n"
		"# TYPE probecast_interface_up gauge\n"
		"probecast_interface_up{name=\"eth0\"} 1\n"
		"# HELP probecast_interface_speed_bytes_per_second speed of the link; absent where "
		"the driver does not say\n"
		"# TYPE probecast_interface_speed_bytes_per_second gauge\n"
		"probecast_interface_speed_bytes_per_second{name=\"eth0\"} 125000000\n"
		"# HELP probecast_node_info the node";
	struct builder_row row = {0};

	begin();
	builder_label_string(&builder, &row, SCOPE_INTERFACE, LABEL_INTERFACE_name, "eth0");
	put_whole(&row, METRIC_INTERFACE_rx_bytes, 1500);
	put_real(&row, METRIC_INTERFACE_rx_rate, 300);
	put_whole(&row, METRIC_INTERFACE_up, 1);
	put_real(&row, METRIC_INTERFACE_speed, 1e9);
	builder_add(&builder, SCOPE_INTERFACE, &row);
	end();
	scrape(&all);
	buf_add_char(&out, '\0');

	char *text = strstr(out.data, "# HELP probecast_interface");

	CHECK(text != NULL);
	text[sizeof(expected) - 1] = '\0';
	CHECK_STRING(text, expected);
}

TEST(openmetrics_has_units_and_an_end)
{
	static const char expected[] =
		"# HELP probecast_system_cpu_user_seconds in user mode\n"
		"# TYPE probecast_system_cpu_user_seconds counter\n"
		"# UNIT probecast_system_cpu_user_seconds seconds\n"
		"probecast_system_cpu_user_seconds_total 5\n"
		"# HELP probecast_system_cpus CPUs online\n"
		"# TYPE probecast_system_cpus gauge\n"
		"probecast_system_cpus 4\n"
		"# HELP probecast_system_memory_used_ratio used memory, as a ratio to the total\n"
		"# TYPE probecast_system_memory_used_ratio gauge\n"
		"# UNIT probecast_system_memory_used_ratio ratio\n"
		"probecast_system_memory_used_ratio 0.25125\n"
		"# HELP probecast_node the node, where its numbers come from, and the agent's "
		"version\n"
		"# TYPE probecast_node info\n"
		"probecast_node_info{node=\"node-1\",source=\"bpf\",version=\"" PROBECAST_VERSION
		"\"} 1\n";
	struct prometheus_wish wish = {.openmetrics = true, .processes = 1, .groups = 1};
	struct builder_row row = {0};

	begin();
	put_real(&row, METRIC_SYSTEM_cpu_user, 25);
	put_whole(&row, METRIC_SYSTEM_cpu_count, 4);
	put_real(&row, METRIC_SYSTEM_memory_used_percent, 25.125);
	builder_add(&builder, SCOPE_SYSTEM, &row);
	end();
	scrape(&wish);
	buf_add_char(&out, '\0');

	char *text = strstr(out.data, "# HELP probecast_system");

	CHECK(text != NULL);
	text[sizeof(expected) - 1] = '\0';
	CHECK_STRING(text, expected);
}

static void check_label(const char *given, const char *expected)
{
	char series[256];

	snprintf(series, sizeof(series),
		 "probecast_process_memory_rss_bytes{pid=\"7\",comm=\"%s\"}", expected);
	begin();
	process(7, given, 1, 4096);
	end();
	scrape(&all);
	check_value(series, 4096);
}

TEST(hostile_names_stay_one_label)
{
	check_label("a\"} 1\nroot_pw{x=\"", "a\"} 1\nroot_pw{x=\"");
	check_label("\\", "\\");
	check_label("\\n\\\"", "\\n\\\"");
	check_label("# EOF\n", "# EOF\n");
	check_label("\xff", "\xef\xbf\xbd");
	check_label("a\xed\xa0\x80z", "a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz");
	check_label("\xf0\x9f\x98", "\xef\xbf\xbd");
	check_label("\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80");
	check_label("\x1b[2J\r\x7f", "\xef\xbf\xbd[2J\xef\xbf\xbd\xef\xbf\xbd");
	check_label("\xc2\x9b!", "\xef\xbf\xbd!"); /* the terminal's CSI in two bytes */
	check_label("other", "other");
}

TEST(what_is_not_known_is_not_there)
{
	begin();
	process(7, "a", 10, 4096);
	end();
	scrape(&all);
	check_value("probecast_process_network_rx_bytes_total{pid=\"7\",comm=\"a\"}", 700);
	CHECK_UINT(exposition_count("probecast_process_network_tx_bytes_total"), 0);
	CHECK(memmem(out.data, out.len, "network_tx_bytes", 16) == NULL);
	CHECK_UINT(exposition_count("probecast_system_cpus"), 0);
}

TEST(counters_grow_and_follow_the_kernel_where_it_tells_a_total)
{
	for (int i = 1; i <= 3; i++) {
		begin();
		process(7, "a", 10, 4096);
		end();
		scrape(&all);
		check_value("probecast_process_network_rx_bytes_total{pid=\"7\",comm=\"a\"}",
			    700 * i);
		check_value("probecast_process_cpu_seconds_total{pid=\"7\",comm=\"a\"}", 10);
	}
}

TEST(series_are_gone_with_the_process)
{
	begin();
	process(7, "a", 10, 4096);
	process(8, "b", 10, 4096);
	end();
	scrape(&all);
	begin();
	process(8, "b", 10, 4096);
	end();
	scrape(&all);
	CHECK_UINT(exposition_count("probecast_process_memory_rss_bytes"), 1);
	CHECK(memmem(out.data, out.len, "pid=\"7\"", 7) == NULL);
}

/* Two have one pid when one of them has just ended. */
TEST(of_two_with_the_same_labels_the_living_one_counts)
{
	struct builder_row row;

	begin();
	begin_process(&row, 7, "a");
	builder_label(&row, SCOPE_PROCESS, LABEL_PROCESS_exited, 1);
	put_whole(&row, METRIC_PROCESS_memory_rss, 1);
	builder_add(&builder, SCOPE_PROCESS, &row);
	process(7, "a", 10, 4096);
	end();
	scrape(&all);
	check_value("probecast_process_memory_rss_bytes{pid=\"7\",comm=\"a\"}", 4096);
	check_value("probecast_rows_duplicate_total", 1);
}

TEST(the_largest_have_series_and_the_others_one_in_sum)
{
	const struct prometheus_wish wish = {.processes = 3, .groups = 1};

	begin();
	for (uint64_t pid = 1; pid <= 50; pid++)
		process(pid, "x", (double)pid, 1000 * (51 - pid)); /* most CPU: least memory */
	end();
	scrape(&wish);
	CHECK_UINT(exposition_count("probecast_process_memory_rss_bytes"), 7);
	check_value("probecast_process_memory_rss_bytes{pid=\"50\",comm=\"x\"}", 1000);
	check_value("probecast_process_memory_rss_bytes{pid=\"1\",comm=\"x\"}", 50000);
	check_absent("probecast_process_memory_rss_bytes{pid=\"4\",comm=\"x\"}");
	check_value("probecast_process_memory_rss_bytes{comm=\"other\"}", 1000 * (47 + 4) * 44 / 2);
	check_value("probecast_process_network_rx_bytes_total{comm=\"other\"}",
		    100 * 50 * 51 / 2); /* the first scrape: all of it is told here */
	check_value("probecast_processes_hidden", 44);
}

/* The collector has a cap of rows: the smallest processes share one. */
TEST(processes_that_share_a_row_are_among_the_others)
{
	const struct prometheus_wish wish = {.processes = 1, .groups = 1};
	struct builder_row row;

	begin();
	process(1, "a", 1, 100);
	process(2, "b", 2, 200);
	begin_process(&row, 0, "other");
	builder_label(&row, SCOPE_PROCESS, LABEL_PROCESS_merged, 1000);
	put_real(&row, METRIC_PROCESS_cpu_percent, 99);
	put_whole(&row, METRIC_PROCESS_memory_rss, 10000);
	put_whole(&row, METRIC_PROCESS_network_rx, 5);
	builder_add(&builder, SCOPE_PROCESS, &row);
	end();
	scrape(&wish);
	CHECK_UINT(exposition_count("probecast_process_memory_rss_bytes"), 2);
	check_value("probecast_process_memory_rss_bytes{pid=\"2\",comm=\"b\"}", 200);
	check_value("probecast_process_memory_rss_bytes{comm=\"other\"}", 10100);
	check_value("probecast_process_network_rx_bytes_total{comm=\"other\"}", 305);
	check_value("probecast_processes_hidden", 1001);
}

TEST(nothing_is_counted_for_others_that_was_told_of_a_process)
{
	const struct prometheus_wish wish = {.processes = 1, .groups = 1};
	static const char others[] = "probecast_process_network_rx_bytes_total{comm=\"other\"}";

	for (int i = 0; i < 4; i++) {
		begin();
		process(1, "shown", 90, 9000); /* 100 bytes a window */
		process(2, "not", 1, 1);       /* 200 */
		end();
		scrape(&wish);
		check_value("probecast_process_network_rx_bytes_total{pid=\"1\",comm=\"shown\"}",
			    100 * (i + 1));
		check_value(others, 300 + 200 * i);
	}
	begin();
	process(1, "shown", 90, 9000);
	end();
	begin();
	process(3, "new", 90, 9000); /* the first is gone: its last 100 bytes nobody saw */
	end();
	scrape(&wish);
	check_value(others, 900 + 100 + 300);
}

static void disk(const char *name, uint64_t fast, uint64_t slow)
{
	struct builder_row row = {0};

	builder_label_string(&builder, &row, SCOPE_DISK, LABEL_DISK_name, name);
	for (int m = METRIC_DISK_latency_66us; m <= METRIC_DISK_latency_over; m++)
		put_whole(&row, (enum metric)m, 0);
	put_whole(&row, METRIC_DISK_latency_131us, fast);
	put_whole(&row, METRIC_DISK_latency_over, slow);
	put_real(&row, METRIC_DISK_latency_sum, (double)fast * 1e-4 + (double)slow * 2);
	builder_add(&builder, SCOPE_DISK, &row);
}

TEST(latencies_of_disks_are_a_histogram)
{
	static const char name[] = "probecast_disk_latency_seconds";
	char series[128];
	double last = 0, value;

	for (int i = 0; i < 2; i++) {
		begin();
		disk("sda", 10, 1);
		disk("sdb", 0, 0);
		end();
		scrape(&all);
	}
	for (int i = 0; i < 15; i++) {
		snprintf(series, sizeof(series), "%s_bucket{name=\"sda\",le=\"%.9f\"}", name,
			 (double)(65536 << i) / 1e9);
		CHECK(exposition_value(series, &value) && value >= last);
		last = value;
	}
	check_value("probecast_disk_latency_seconds_bucket{name=\"sda\",le=\"0.000065536\"}", 0);
	check_value("probecast_disk_latency_seconds_bucket{name=\"sda\",le=\"0.000131072\"}", 20);
	check_value("probecast_disk_latency_seconds_bucket{name=\"sda\",le=\"1.073741824\"}", 20);
	check_value("probecast_disk_latency_seconds_bucket{name=\"sda\",le=\"+Inf\"}", 22);
	check_value("probecast_disk_latency_seconds_count{name=\"sda\"}", 22);
	check_value("probecast_disk_latency_seconds_sum{name=\"sda\"}", 4.002);
	CHECK_UINT(exposition_count("probecast_disk_latency_seconds_bucket"), 32);
}

TEST(the_steady_state_allocates_nothing)
{
	const struct prometheus_wish wish = {.processes = 20, .groups = 20};

	begin();
	for (uint64_t pid = 1; pid <= 500; pid++)
		process(pid, "x", (double)(pid % 50), 4096 * pid);
	end();
	scrape(&wish);

	size_t used = mallinfo2().uordblks;

	for (int i = 0; i < 10; i++) {
		buf_reset(&out);
		encode_prometheus(&out, newest, &tally, &wish, NULL);
		CHECK_UINT(mallinfo2().uordblks, used);
	}
}
