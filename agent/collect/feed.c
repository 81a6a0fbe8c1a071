// SPDX-License-Identifier: Apache-2.0
#include "collect/feed.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "collect/replay.h"

/* This machine: windows end on a grid, so that a late one does not delay those behind it. */
struct live {
	struct collector collector;
	uint64_t due_ns;
};

static void live_drain(void *context)
{
	struct live *live = context;

	collector_drain(&live->collector);
}

static uint64_t live_due_ns(const void *context)
{
	const struct live *live = context;

	return live->due_ns;
}

/* A tick that was missed is not made up for: the window was longer instead. */
static void set_next_due(struct live *live)
{
	uint64_t now = clock_boot_ns(), step = live->collector.interval_ms * NS_PER_MS;

	if (step && live->due_ns <= now)
		live->due_ns += ((now - live->due_ns) / step + 1) * step;
}

static bool live_next(void *context, const struct collector_agent *agent, struct builder_parts *ret)
{
	struct live *live = context;

	collector_window(&live->collector, agent);
	set_next_due(live);
	return builder_end(&live->collector.builder, ret);
}

static void live_rest(void *context)
{
	struct live *live = context;

	builder_rest(&live->collector.builder);
}

static void live_close(void *context)
{
	struct live *live = context;

	collector_close(&live->collector);
	free(live);
}

static const char *node_name(const struct config *config, char *host, size_t size)
{
	if (config->node[0])
		return config->node;
	if (gethostname(host, size))
		return "localhost";
	host[size - 1] = '\0';
	return host;
}

static int live_open(struct feed *f, const struct config *config, char *error, size_t size)
{
	struct live *live = calloc(1, sizeof(*live));
	char host[256];

	if (!live) {
		snprintf(error, size, "out of memory");
		return -ENOMEM;
	}

	struct collector_options o = {
		.source = config->source,
		.node = node_name(config, host, sizeof(host)),
		.probes = config->probes,
		.tenants = config->tenants,
		.arguments = config->arguments,
		.rows_limit = config->max_process_rows,
		.budget_percent = config->budget_milli / 1000.0,
		.interval_ms = config->interval_ms,
	};
	int failed = collector_open(&live->collector, &o, error, size);

	if (failed) {
		free(live);
		return failed;
	}
	live->due_ns = live->collector.start_boot_ns + config->interval_ms * NS_PER_MS;
	*f = (struct feed){
		.name = live->collector.source.name,
		.node = live->collector.node,
		.interval_ms = config->interval_ms,
		.event_fd = live->collector.source.event_fd,
		.context = live,
		.drain = live_drain,
		.due_ns = live_due_ns,
		.next = live_next,
		.rest = live_rest,
		.close = live_close,
	};
	return 0;
}

int feed_open(struct feed *f, const struct config *config, char *error, size_t size)
{
	const char *file = config_replay_file(config);

	return file ? replay_open(f, file, config->replay_speed, config->replay_loop, error, size)
		    : live_open(f, config, error, size);
}

void feed_close(struct feed *f)
{
	if (f->close)
		f->close(f->context);
	*f = (struct feed){0};
}
