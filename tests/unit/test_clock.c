// SPDX-License-Identifier: Apache-2.0
/*
 * Windows while somebody sets the wall clock, and while the machine sleeps: all
 * arithmetic follows the boot clock. The C library's clock is replaced by one that
 * can be moved, for this program only.
 */
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "collect/collector.h"
#include "harness/harness.h"

#define HOUR_MS 3600000LL
#define MINUTE_NS (60 * NS_PER_SECOND)

/* How far the clocks were moved. */
static int64_t wall_moved_ms;
static uint64_t slept_ns;

/* In the place of the C library's. */
int clock_gettime(clockid_t id, struct timespec *t)
{
	int failed = (int)syscall(SYS_clock_gettime, id, t);
	int64_t ns = (int64_t)t->tv_sec * (int64_t)NS_PER_SECOND + t->tv_nsec;

	if (id == CLOCK_REALTIME)
		ns += wall_moved_ms * (int64_t)NS_PER_MS + (int64_t)slept_ns;
	if (id == CLOCK_BOOTTIME)
		ns += (int64_t)slept_ns;
	t->tv_sec = (time_t)(ns / (int64_t)NS_PER_SECOND);
	t->tv_nsec = (long)(ns % (int64_t)NS_PER_SECOND);
	return failed;
}

static struct collector collector;

static void open_collector(void)
{
	char error[512] = "";

	struct collector_options o = {
		.source = "procfs", .node = "here", .probes = "", .interval_ms = 1000};

	if (collector_open(&collector, &o, error, sizeof(error)))
		harness_fail(__FILE__, __LINE__, "%s", error);
}

static const struct snapshot *next_window(void)
{
	collector_window(&collector, &(struct collector_agent){0});
	return builder_finish(&collector.builder);
}

static void burn(double seconds)
{
	uint64_t end = clock_cpu_ns() + (uint64_t)(seconds * 1e9);

	while (clock_cpu_ns() < end)
		;
}

/* No metric of any row may be negative, but for those that are signed; none may be beyond belief.
 */
static void check_sane(const struct snapshot *s)
{
	for (int scope = 0; scope < SCOPES; scope++) {
		const struct scope_info *info = &catalogue_scopes[scope];

		for (size_t i = 0; i < snapshot_rows(s, (enum scope)scope); i++) {
			const struct snapshot_row *row = snapshot_row(s, (enum scope)scope, i);

			for (size_t m = 0; m < scope_metrics((enum scope)scope); m++) {
				enum metric id = (enum metric)((size_t)info->first_metric + m);
				double value = snapshot_number(s, row, id, 0);

				if (catalogue_metrics[id].kind != KIND_SIGNED && !(value >= 0))
					harness_fail(__FILE__, __LINE__, "%s is %g",
						     catalogue_metrics[id].path, value);
				if (!(value < 1e18))
					harness_fail(__FILE__, __LINE__, "%s is %g",
						     catalogue_metrics[id].path, value);
			}
		}
	}
}

static double own_cpu(const struct snapshot *s, enum metric metric)
{
	for (size_t i = 0; i < snapshot_rows(s, SCOPE_PROCESS); i++) {
		const struct snapshot_row *row = snapshot_row(s, SCOPE_PROCESS, i);
		uint64_t pid = 0;

		snapshot_label(row, SCOPE_PROCESS, LABEL_PROCESS_pid, &pid);
		if (pid == (uint64_t)getpid())
			return snapshot_number(s, row, metric, -1);
	}
	return -1;
}

static double length_ms(const struct snapshot *s)
{
	return (double)(s->end_boot_ns - s->start_boot_ns) / (double)NS_PER_MS;
}

/* The window's times are those of one clock, as far apart as it was long. */
static void check_times(const struct snapshot *s)
{
	CHECK_REAL((double)(s->end_wall_ms - s->start_wall_ms), length_ms(s), 101);
}

static void check_moved(int64_t by_ms)
{
	open_collector();
	burn(0.1);
	check_times(next_window());
	wall_moved_ms += by_ms;
	burn(0.2);

	const struct snapshot *s = next_window();

	check_sane(s);
	check_times(s);
	CHECK(length_ms(s) < 15000);
	CHECK_REAL((double)s->end_wall_ms, (double)clock_wall_ms(), 15000);
	CHECK_REAL(own_cpu(s, METRIC_PROCESS_cpu_seconds), 0.2, 0.1);
	CHECK_REAL(own_cpu(s, METRIC_PROCESS_cpu_percent), 200e2 / length_ms(s),
		   100e2 / length_ms(s));
	burn(0.02);
	s = next_window();
	check_sane(s);
	check_times(s);
	collector_close(&collector);
}

TEST(a_wall_clock_that_is_set_forward_changes_no_number)
{
	check_moved(HOUR_MS);
}

TEST(a_wall_clock_that_is_set_back_changes_no_number)
{
	check_moved(-24 * HOUR_MS);
}

TEST(a_machine_that_slept_has_a_long_window)
{
	open_collector();
	burn(0.2);
	slept_ns += 10 * MINUTE_NS;

	const struct snapshot *s = next_window();

	check_sane(s);
	check_times(s);
	CHECK_REAL(length_ms(s), 600000, 15000);
	CHECK_REAL(own_cpu(s, METRIC_PROCESS_cpu_seconds), 0.2, 0.1);
	CHECK_REAL(own_cpu(s, METRIC_PROCESS_cpu_percent), 0.033, 0.02);
	burn(0.2);
	s = next_window();
	check_sane(s);
	check_times(s);
	CHECK(length_ms(s) < 15000);
	CHECK_REAL(own_cpu(s, METRIC_PROCESS_cpu_seconds), 0.2, 0.1);
	collector_close(&collector);
}
