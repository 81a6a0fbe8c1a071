// SPDX-License-Identifier: Apache-2.0
#include "bench/sample.h"

#include <stdio.h>

static uint64_t state = 88172645463325252ULL;

/* xorshift64, G. Marsaglia, Journal of Statistical Software 8 (14), 2003. */
static uint64_t next_random(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static void add_labels(struct builder *b, struct builder_row *row, size_t i)
{
	char comm[16], exe[64], container[65];

	snprintf(comm, sizeof(comm), "worker-%zu", i % 100);
	snprintf(exe, sizeof(exe), "/usr/lib/service-%zu/bin/worker", i % 20);
	snprintf(container, sizeof(container), "%016llx%016llx%016llx%016llx",
		 (unsigned long long)next_random(), (unsigned long long)next_random(),
		 (unsigned long long)next_random(), (unsigned long long)next_random());
	builder_label(row, SCOPE_PROCESS, LABEL_PROCESS_pid, 1000 + i);
	builder_label(row, SCOPE_PROCESS, LABEL_PROCESS_start_time,
		      next_random() % 1000000000000000);
	builder_label(row, SCOPE_PROCESS, LABEL_PROCESS_ppid, 1);
	builder_label_string(b, row, SCOPE_PROCESS, LABEL_PROCESS_comm, comm);
	builder_label_string(b, row, SCOPE_PROCESS, LABEL_PROCESS_exe, exe);
	builder_label(row, SCOPE_PROCESS, LABEL_PROCESS_uid, 1000);
	builder_label_string(b, row, SCOPE_PROCESS, LABEL_PROCESS_user, "service");
	builder_label(row, SCOPE_PROCESS, LABEL_PROCESS_exited, i % 50 == 0);
	if (i % 4 == 0)
		builder_label_string(b, row, SCOPE_PROCESS, LABEL_PROCESS_container, container);
}

/* One number in three is 0: most processes do no network or disk I/O in a window. */
static union snapshot_value random_value(enum metric metric)
{
	union snapshot_value value = {0};

	if (next_random() % 3 == 0)
		return value;
	if (catalogue_metrics[metric].real)
		value.real = (double)(next_random() % 5000000000ULL) / 5e7 / 3;
	else
		value.integer = next_random() >> (next_random() % 24 + 30);
	return value;
}

static void add_values(struct builder_row *row, size_t metrics)
{
	for (size_t i = 0; i < metrics && i < scope_metrics(SCOPE_PROCESS); i++) {
		enum metric metric = (enum metric)(METRIC_FIRST_PROCESS + i);

		builder_value(row, metric, random_value(metric));
	}
}

const struct snapshot *sample_snapshot(struct builder *b, size_t count, size_t metrics)
{
	builder_begin(b);
	b->head.seq = 1;
	b->head.interval_ms = 5000;
	b->head.node = builder_string(b, "sample");
	b->head.source = builder_string(b, "bpf");
	for (size_t i = 0; i < count; i++) {
		struct builder_row row = {0};

		add_labels(b, &row, i);
		add_values(&row, metrics);
		builder_add(b, SCOPE_PROCESS, &row);
	}
	return builder_finish(b);
}
