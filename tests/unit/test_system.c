// SPDX-License-Identifier: Apache-2.0
/* The machine's numbers, from texts as the kernel writes them. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "harness/harness.h"
#include "machine/system.h"

#define WINDOW_NS (2 * NS_PER_SECOND)

static struct builder builder;
static struct series machine;
static struct buf text;

/* A file that can be read again and again, as those of /proc. */
static int file_with(const char *content)
{
	int fd = memfd_create("proc", MFD_CLOEXEC);
	size_t len = strlen(content);

	CHECK(fd >= 0 && write(fd, content, len) == (ssize_t)len);
	return fd;
}

static void replace(int *fd, const char *content)
{
	close(*fd);
	*fd = file_with(content);
}

static void begin(void)
{
	builder_begin(&builder);
	builder.head.node = builder_string(&builder, "node");
	builder.head.source = builder_string(&builder, "test");
}

static const struct snapshot *finish(void)
{
	const struct snapshot *s = builder_finish(&builder);
	const char *why = "no memory";

	if (!s || !snapshot_check(s, s->bytes, &why))
		harness_fail(__FILE__, __LINE__, "bad snapshot: %s", why);
	return s;
}

/* The machine's row after WINDOW_NS. */
static const struct snapshot *finish_machine(uint32_t cpus)
{
	struct builder_row row = {0};

	begin();
	series_derive(&machine, &row, SCOPE_SYSTEM, WINDOW_NS, cpus);
	builder_add(&builder, SCOPE_SYSTEM, &row);
	return finish();
}

static double value(const struct snapshot *s, enum metric metric, size_t i)
{
	enum scope scope = catalogue_metrics[metric].scope;
	union snapshot_value v;

	CHECK(i < snapshot_rows(s, scope));
	if (!snapshot_value(s, snapshot_row(s, scope, i), metric, &v))
		harness_fail(__FILE__, __LINE__, "no %s", catalogue_metrics[metric].path);
	return catalogue_metrics[metric].real ? v.real : (double)v.integer;
}

static bool known(const struct snapshot *s, enum metric metric)
{
	union snapshot_value v;

	return snapshot_value(s, snapshot_row(s, catalogue_metrics[metric].scope, 0), metric, &v);
}

static void read_cpu(struct system_cpu *c, const char *content)
{
	replace(&c->stat_fd, content);
	series_begin(&machine);
	system_cpu_read(c, &machine, &text);
}

/* Ticks of 10 ms: 100 in a window of 2 s are 50 % of a core. */
TEST(each_core_has_the_shares_of_the_kernel)
{
	struct system_cpu c;
	struct probe_state state = {0};

	CHECK_INT(system_cpu_open(&c, &state), 0);
	if (c.core_limit < 2 || c.ticks_per_second != 100)
		SKIP("one CPU, or other ticks than 100 a second");
	proc_file_close(&c.usage_fd);
	read_cpu(&c, "cpu  10 0 10 0 50 0 0 0 0 0\n"
		     "cpu0 10 0 0 0 50 0 0 0 0 0\n"
		     "cpu1 0 0 10 0 0 0 0 0 0 0\n"
		     "intr 1 2 3\n");
	read_cpu(&c, "cpu  40 70 60 0 90 20 30 10 0 0\n"
		     "cpu0 40 70 0 0 90 0 0 10 0 0\n"
		     "cpu1 0 0 60 0 0 20 30 0 0 0\n"
		     "intr 1 2 3\n");
	finish_machine(c.cores_seen);
	begin();
	system_cpu_emit(&c, &builder, WINDOW_NS);

	const struct snapshot *s = finish();

	CHECK_UINT(snapshot_rows(s, SCOPE_CORE), 2);
	CHECK_REAL(value(s, METRIC_CORE_percent, 0), 50, 1e-9);
	CHECK_REAL(value(s, METRIC_CORE_user, 0), 50, 1e-9);
	CHECK_REAL(value(s, METRIC_CORE_system, 0), 0, 0);
	CHECK_REAL(value(s, METRIC_CORE_iowait, 0), 20, 1e-9);
	CHECK_REAL(value(s, METRIC_CORE_steal, 0), 5, 1e-9);
	CHECK_REAL(value(s, METRIC_CORE_percent, 1), 50, 1e-9);
	CHECK_REAL(value(s, METRIC_CORE_system, 1), 25, 1e-9);
	CHECK_REAL(value(s, METRIC_CORE_irq, 1), 10, 1e-9);
	CHECK_REAL(value(s, METRIC_CORE_softirq, 1), 15, 1e-9);
	s = finish_machine(c.cores_seen);
	CHECK_REAL(value(s, METRIC_SYSTEM_cpu_percent, 0), 50, 1e-9);
	CHECK_REAL(value(s, METRIC_SYSTEM_cpu_user, 0), 25, 1e-9);
	CHECK_REAL(value(s, METRIC_SYSTEM_cpu_iowait, 0), 10, 1e-9);
	system_cpu_close(&c);
}

/* proc_stat(5): the time of I/O wait may decrease. */
TEST(a_time_that_steps_back_is_no_time)
{
	struct system_cpu c;
	struct probe_state state = {0};

	CHECK_INT(system_cpu_open(&c, &state), 0);
	proc_file_close(&c.usage_fd);
	read_cpu(&c, "cpu  1000 0 0 0 5000 0 0 0 0 0\n");
	read_cpu(&c, "cpu  1010 0 0 0 4999 0 0 0 0 0\n");
	CHECK_REAL(value(finish_machine(1), METRIC_SYSTEM_cpu_iowait, 0), 0, 0);
	read_cpu(&c, "cpu  1010 0 0 0 5009 0 0 0 0 0\n");
	CHECK_REAL(value(finish_machine(1), METRIC_SYSTEM_cpu_iowait, 0),
		   1000.0 / (double)c.ticks_per_second / 2, 1e-9);
	system_cpu_close(&c);
}

static const char meminfo[] = "MemTotal:        1000 kB\n"
			      "MemFree:          100 kB\n"
			      "MemAvailable:     400 kB\n"
			      "Buffers:           11 kB\n"
			      "Cached:            50 kB\n"
			      "SwapCached:         7 kB\n"
			      "SwapTotal:        200 kB\n"
			      "SwapFree:         150 kB\n"
			      "Dirty:             12 kB\n"
			      "Writeback:         13 kB\n"
			      "Shmem:             14 kB\n"
			      "Slab:              15 kB\n"
			      "WritebackTmp:      16 kB\n"
			      "ShmemHugePages:    17 kB\n";

static void read_memory(struct system_memory *m, const char *info, const char *vmstat)
{
	replace(&m->meminfo_fd, info);
	replace(&m->vmstat_fd, vmstat);
	series_begin(&machine);
	system_memory_read(m, &machine, &text);
}

TEST(memory_is_told_in_bytes_and_in_shares)
{
	struct system_memory m = {.page_bytes = 4096, .meminfo_fd = -1, .vmstat_fd = -1};

	read_memory(&m, meminfo, "nr_free_pages 1\npswpin 100\npswpout 200\n");
	read_memory(&m, meminfo, "nr_free_pages 1\npswpin 103\npswpout 207\n");

	const struct snapshot *s = finish_machine(1);

	CHECK_REAL(value(s, METRIC_SYSTEM_memory_used, 0), 600 * 1024, 0);
	CHECK_REAL(value(s, METRIC_SYSTEM_memory_used_percent, 0), 60, 1e-9);
	CHECK_REAL(value(s, METRIC_SYSTEM_memory_available_percent, 0), 40, 1e-9);
	CHECK_REAL(value(s, METRIC_SYSTEM_memory_cached, 0), 50 * 1024, 0);
	CHECK_REAL(value(s, METRIC_SYSTEM_memory_dirty, 0), 12 * 1024, 0);
	CHECK_REAL(value(s, METRIC_SYSTEM_memory_writeback, 0), 13 * 1024, 0);
	CHECK_REAL(value(s, METRIC_SYSTEM_memory_shared, 0), 14 * 1024, 0);
	CHECK_REAL(value(s, METRIC_SYSTEM_memory_slab, 0), 15 * 1024, 0);
	CHECK_REAL(value(s, METRIC_SYSTEM_memory_swap_used, 0), 50 * 1024, 0);
	CHECK_REAL(value(s, METRIC_SYSTEM_memory_swap_used_percent, 0), 25, 1e-9);
	CHECK_REAL(value(s, METRIC_SYSTEM_memory_swap_in, 0), 3 * 4096, 0);
	CHECK_REAL(value(s, METRIC_SYSTEM_memory_swap_out, 0), 7 * 4096, 0);
	system_memory_close(&m);
}

TEST(what_a_file_does_not_say_is_absent)
{
	struct system_memory m = {.page_bytes = 4096, .meminfo_fd = -1, .vmstat_fd = -1};

	read_memory(&m, "MemTotal: 1000 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n", "pgfault 7\n");

	const struct snapshot *s = finish_machine(1);

	CHECK_REAL(value(s, METRIC_SYSTEM_memory_total, 0), 1000 * 1024, 0);
	CHECK_REAL(value(s, METRIC_SYSTEM_memory_swap_used, 0), 0, 0);
	CHECK(!known(s, METRIC_SYSTEM_memory_used));
	CHECK(!known(s, METRIC_SYSTEM_memory_used_percent));
	CHECK(!known(s, METRIC_SYSTEM_memory_swap_used_percent));
	CHECK(!known(s, METRIC_SYSTEM_memory_swap_in));
	CHECK(!known(s, METRIC_SYSTEM_memory_dirty));
	system_memory_close(&m);
}

static void read_stalls(struct system_load *l, unsigned some_us, unsigned full_us)
{
	char content[256];

	snprintf(content, sizeof(content),
		 "some avg10=0.00 avg60=0.00 avg300=0.00 total=%u\n"
		 "full avg10=0.00 avg60=0.00 avg300=0.00 total=%u\n",
		 some_us, full_us);
	for (int i = 0; i < 3; i++)
		replace(&l->pressure_fd[i], content);
	series_begin(&machine);
	system_load_read(l, &machine, &text);
}

TEST(some_and_all_tasks_stall)
{
	struct system_load l = {.loadavg_fd = -1, .pressure_fd = {-1, -1, -1}};

	read_stalls(&l, 1000, 500);
	read_stalls(&l, 1001000, 200500);

	const struct snapshot *s = finish_machine(1);

	CHECK_REAL(value(s, METRIC_SYSTEM_pressure_cpu, 0), 50, 1e-9);
	CHECK_REAL(value(s, METRIC_SYSTEM_pressure_memory, 0), 50, 1e-9);
	CHECK_REAL(value(s, METRIC_SYSTEM_pressure_memory_full, 0), 10, 1e-9);
	CHECK_REAL(value(s, METRIC_SYSTEM_pressure_io, 0), 50, 1e-9);
	CHECK_REAL(value(s, METRIC_SYSTEM_pressure_io_full, 0), 10, 1e-9);
	system_load_close(&l);
}
