// SPDX-License-Identifier: Apache-2.0
/*
 * The snapshot document of PROCESSES processes with METRICS metrics each: our
 * writer against jansson building and dumping the same rows, in turns
 * in one process. Times are medians of CPU time.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/row.h"
#include "bench/sample.h"
#include "encode/encode.h"

#define TURNS 15
#define ROUNDS_PER_TURN 13

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

/* The object that holds the metric, made on the way; *path is left at the metric's own name. */
static json_t *parent_of(json_t *row, const char **path)
{
	const char *dot;

	while ((dot = strchr(*path, '.'))) {
		char name[64];

		snprintf(name, sizeof(name), "%.*s", (int)(dot - *path), *path);

		json_t *inner = json_object_get(row, name);

		if (!inner) {
			inner = json_object();
			json_object_set_new(row, name, inner);
		}
		row = inner;
		*path = dot + 1;
	}
	return row;
}

static json_t *reference_row(const struct snapshot *s, const struct snapshot_row *row)
{
	json_t *object = json_object();

	for (int l = LABEL_FIRST_PROCESS; l < LABEL_END_PROCESS; l++) {
		uint64_t value;

		if (!snapshot_label(row, SCOPE_PROCESS, (enum label)l, &value))
			continue;
		if (catalogue_labels[l].type == LABEL_STRING)
			json_object_set_new(object, catalogue_labels[l].name,
					    json_string(snapshot_string(s, value)));
		else if (catalogue_labels[l].type == LABEL_FLAG)
			json_object_set_new(object, catalogue_labels[l].name, json_boolean(value));
		else
			json_object_set_new(object, catalogue_labels[l].name,
					    json_integer((json_int_t)value));
	}
	for (int m = METRIC_FIRST_PROCESS; m < METRIC_END_PROCESS; m++) {
		const char *name = catalogue_metrics[m].path;
		json_t *parent = parent_of(object, &name);
		union snapshot_value value;

		if (!snapshot_value(s, row, (enum metric)m, &value))
			continue;
		json_object_set_new(parent, name,
				    catalogue_metrics[m].real
					    ? json_real(value.real)
					    : json_integer((json_int_t)value.integer));
	}
	return object;
}

static double reference(const struct snapshot *s)
{
	double start = cpu_ms();
	json_t *root = json_object(), *rows = json_array();

	for (size_t i = 0; i < snapshot_rows(s, SCOPE_PROCESS); i++)
		json_array_append_new(rows, reference_row(s, snapshot_row(s, SCOPE_PROCESS, i)));
	json_object_set_new(root, "processes", rows);

	char *text = json_dumps(root, JSON_COMPACT | JSON_REAL_PRECISION(9));

	free(text);
	json_decref(root);
	return cpu_ms() - start;
}

static double ours(struct buf *b, const struct snapshot *s)
{
	const struct encode_view view = {.sort = METRIC_PROCESS_cpu_percent};
	double start = cpu_ms();

	buf_reset(b);
	encode_snapshot(b, s, &view, NULL);
	return cpu_ms() - start;
}

static void report(const struct snapshot *s, size_t bytes, double mine, double theirs,
		   size_t during)
{
	size_t rows = snapshot_rows(s, SCOPE_PROCESS);
	char what[96], detail[64];
	struct bench_row row = {
		.what = what,
		.detail = detail,
		.unit = "ms",
		.value = mine,
		.anchor = "jansson",
		.anchor_value = theirs,
		.compared = mine / theirs,
		.bar = 0.04,
	};

	snprintf(what, sizeof(what), "JSON of %zu processes, %.0f KB", rows, (double)bytes / 1e3);
	snprintf(detail, sizeof(detail), "%zu allocations", during);
	bench_print(&row);
	if (rows != 500)
		return;
	row = (struct bench_row){what, NULL, "ms", .value = mine, .compared = mine, .bar = 0.2};
	snprintf(what, sizeof(what), "time of these %zu processes", rows);
	bench_print(&row);
	row.unit = "allocations";
	row.value = row.compared = (double)during;
	row.bar = 0;
	snprintf(what, sizeof(what), "allocations for these %zu processes", rows);
	bench_print(&row);
}

int main(int argc, char **argv)
{
	size_t count = argc > 1 ? strtoul(argv[1], NULL, 10) : 500;
	size_t metrics = argc > 2 ? strtoul(argv[2], NULL, 10) : 22, during = 0;
	double mine[TURNS * ROUNDS_PER_TURN], theirs[TURNS];
	struct builder builder = {0};
	struct buf b = {0};
	const struct snapshot *s = sample_snapshot(&builder, count, metrics);

	if (!s)
		return 1;
	ours(&b, s);
	for (size_t turn = 0; turn < TURNS; turn++) {
		size_t before = allocations;

		for (size_t i = 0; i < ROUNDS_PER_TURN; i++)
			mine[turn * ROUNDS_PER_TURN + i] = ours(&b, s);
		during += allocations - before;
		theirs[turn] = reference(s);
	}
	report(s, b.len, bench_median(mine, TURNS * ROUNDS_PER_TURN), bench_median(theirs, TURNS),
	       during);
	buf_free(&b);
	builder_free(&builder);
	return 0;
}
