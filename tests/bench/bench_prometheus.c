// SPDX-License-Identifier: Apache-2.0
/*
 * A scrape of PROCESSES processes, each with series of its own (METRICS metrics), and the window
 * before it added to the counters. Times are medians of CPU time.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "bench/row.h"
#include "bench/sample.h"
#include "encode/prometheus.h"

#define TURNS 201

static size_t allocations;

/* glibc's own, so that what the measured code allocates can be counted. */
extern void *__libc_malloc(size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void *__libc_calloc(size_t count, size_t size);

void *malloc(size_t size)
{
	allocations++;
	return __libc_malloc(size);
}

void *realloc(void *old, size_t size)
{
	allocations++;
	return __libc_realloc(old, size);
}

void *calloc(size_t count, size_t size)
{
	allocations++;
	return __libc_calloc(count, size);
}

static double cpu_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void report(const char *what, double value, const char *unit, double bar)
{
	bench_print(&(struct bench_row){
		.what = what, .unit = unit, .value = value, .compared = value, .bar = bar});
}

int main(int argc, char **argv)
{
	size_t count = argc > 1 ? strtoul(argv[1], NULL, 10) : 500;
	size_t metrics = argc > 2 ? strtoul(argv[2], NULL, 10) : 128, during;
	const struct prometheus_wish wish = {
		.openmetrics = true, .processes = count, .groups = 200};
	double adds[TURNS], scrapes[TURNS];
	struct builder builder = {0};
	struct tally tally = {0};
	struct buf b = {0};
	const struct snapshot *s = sample_snapshot(&builder, count, metrics);
	char what[96];

	if (!s)
		return 1;
	tally_add(&tally, s);
	encode_prometheus(&b, s, &tally, &wish, NULL);
	during = allocations;
	for (size_t turn = 0; turn < TURNS; turn++) {
		double start = cpu_ms();

		tally_add(&tally, s);
		adds[turn] = cpu_ms() - start;
		buf_reset(&b);
		start = cpu_ms();
		encode_prometheus(&b, s, &tally, &wish, NULL);
		scrapes[turn] = cpu_ms() - start;
	}
	during = allocations - during;
	snprintf(what, sizeof(what), "scrape of %zu processes, %.1f MB", count,
		 (double)b.len / 1e6);
	report(what, bench_median(scrapes, TURNS), "ms", 3);
	report("allocations for it", (double)during, "allocations", 0);
	snprintf(what, sizeof(what), "adding up a window of %zu processes", count);
	report(what, bench_median(adds, TURNS), "ms", 0.2);
	buf_free(&b);
	tally_free(&tally);
	builder_free(&builder);
	return 0;
}
