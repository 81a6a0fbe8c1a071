// SPDX-License-Identifier: Apache-2.0
/* A machine with two processes, and connections of theirs made by hand. */
#pragma once

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#include "collect/connections.h"
#include "harness/harness.h"

#define SECOND 1000000000ULL
#define START 2000

static struct identity identity;
static struct window window;
static struct connections connections;
static struct builder builder;

static inline void process(uint32_t pid)
{
	struct task_record r = {
		.head = {.kind = RECORD_TASK, .tid = pid, .pid = pid, .ppid = 1},
		.comm = "client",
	};

	r.head.thread_start_ns = r.head.process_start_ns = START;
	window_task(&window, &r);
}

/* A machine with two processes, 7 and 8, and one walk over it. */
static inline void setup(void)
{
	identity_init(&identity);
	window_init(&window, &identity, ~0ULL);
	connections_init(&connections, &window);
	process(7);
	process(8);
}

static inline struct connection_record connection(uint32_t kind, uint32_t pid, uint64_t cookie,
						  int state)
{
	struct connection_record r = {
		.head = {.kind = kind, .tid = pid, .pid = pid, .process_start_ns = pid ? START : 0},
		.cookie = cookie,
		.family = AF_INET,
		.state = (uint16_t)state,
		.local = {127, 0, 0, 1},
		.remote = {10, 0, 0, 1},
		.local_port = 40000,
		.remote_port = 5432,
		.opened = 1,
	};

	return r;
}

static inline void walk(const struct connection_record *records, size_t count)
{
	connections_walk_begin(&connections);
	for (size_t i = 0; i < count; i++)
		connections_take(&connections, &records[i]);
	connections_walk_end(&connections, true);
}

/* One that found only the process 8 awake. */
static inline void walk_awake(const struct connection_record *records, size_t count)
{
	struct files_record files = {
		.head = {.kind = RECORD_FILES, .tid = 8, .pid = 8, .process_start_ns = START},
		.files = 3,
	};

	connections_walk_begin(&connections);
	for (size_t i = 0; i < count; i++)
		connections_take(&connections, &records[i]);
	window_files(&window, &files);
	connections_walk_end(&connections, false);
}

static inline const struct snapshot *close_window(void)
{
	builder_begin(&builder);
	window_emit(&window, &builder, SECOND);
	connections_emit(&connections, &builder, SECOND);
	connections_next(&connections);
	window_next(&window);
	return builder_finish(&builder);
}

static inline double metric(const struct snapshot *s, uint32_t pid, enum metric m)
{
	for (size_t i = 0; i < snapshot_rows(s, SCOPE_PROCESS); i++) {
		const struct snapshot_row *row = snapshot_row(s, SCOPE_PROCESS, i);
		uint64_t value = 0;

		snapshot_label(row, SCOPE_PROCESS, LABEL_PROCESS_pid, &value);
		if (value == pid)
			return snapshot_number(s, row, m, -1);
	}
	CHECK(!"the process has a row");
	return 0;
}

static inline double pool_metric(const struct snapshot *s, enum metric m)
{
	CHECK_UINT(snapshot_rows(s, SCOPE_POOL), 1);
	return snapshot_number(s, snapshot_row(s, SCOPE_POOL, 0), m, -1);
}
