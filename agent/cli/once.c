// SPDX-License-Identifier: Apache-2.0
/* `probecast once`: one window, then a table or the snapshot document. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/table.h"
#include "collect/collector.h"
#include "encode/encode.h"

#define MAX_DURATION_MS 3600000

static struct option_spec options[] = {
	{.name = "json", .help = "print the snapshot document"},
	{.name = "duration", .argument = "MS", .help = "length of the window (default: 5000)"},
	{.name = "sort", .argument = "METRIC", .help = "largest first (default: cpu.percent)"},
	{.name = "limit", .argument = "N", .help = "processes at the most, 0 for all (default: 0)"},
	{.name = "source",
	 .argument = "SOURCE",
	 .help = "auto, bpf or procfs (default: auto)",
	 .config_key = "source"},
	{.name = "config", .argument = "FILE", .help = "configuration file"},
	{.name = "log-level",
	 .argument = "LEVEL",
	 .help = "error, warning, info or debug",
	 .config_key = "log_level"},
};

static struct command command = {
	.name = "once",
	.help = "Watches for one window and prints what every process did.",
	.options = options,
	.option_count = sizeof(options) / sizeof(*options),
};

static int number_option(const char *name, uint64_t most, uint64_t *ret)
{
	const char *text = options_get(&command, name)->value;
	uint64_t value;

	if (!text)
		return 0;
	if (!text_u64(text, &value) || value > most)
		return options_fail(-1, "once: --%s must be a number up to %llu, not %s", name,
				    (unsigned long long)most, text);
	*ret = value;
	return 0;
}

static int sort_option(struct encode_view *view)
{
	const char *name = options_get(&command, "sort")->value;
	int metric = name ? catalogue_find_metric(SCOPE_PROCESS, name) : (int)view->sort;

	if (metric < 0) {
		const char *nearest = catalogue_nearest_metric(SCOPE_PROCESS, name);

		return options_fail(-1, "once: --sort: no metric %s%s%s%s", name,
				    nearest ? " (did you mean " : "", nearest ? nearest : "",
				    nearest ? "?)" : "");
	}
	view->sort = (enum metric)metric;
	return 0;
}

static void wait_ms(uint64_t ms)
{
	struct timespec left = {(time_t)(ms / 1000), (long)(ms % 1000 * NS_PER_MS)};

	while (nanosleep(&left, &left))
		;
}

/* The ring is drained on the way: a window may be longer than it holds. */
static void watch(struct collector *c, uint64_t duration_ms)
{
	uint64_t end = clock_boot_ns() + duration_ms * NS_PER_MS, now;

	while ((now = clock_boot_ns()) < end) {
		uint64_t left = (end - now + NS_PER_MS - 1) / NS_PER_MS;

		wait_ms(left < 100 ? left : 100);
		collector_drain(c);
	}
}

static int print(const struct snapshot *s, const struct encode_view *view)
{
	AUTO_BUF struct buf out = {0};

	if (options_get(&command, "json")->value) {
		encode_snapshot(&out, s, view, NULL);
		buf_add_char(&out, '\n');
	} else {
		table_print(&out, s, view, table_width());
	}
	if (buf_failed(&out))
		return options_fail(1, "once: out of memory");
	if (fwrite(out.data, 1, out.len, stdout) != out.len || fflush(stdout))
		return options_fail(1, "once: cannot write to standard output");
	return 0;
}

static int once(const struct config *config, const struct encode_view *view, uint64_t duration_ms)
{
	static struct collector c;
	char host[256] = "localhost", error[512];

	if (gethostname(host, sizeof(host) - 1))
		text_copy(host, sizeof(host), "localhost");
	if (collector_open(&c, config->source, config->node[0] ? config->node : host,
			   (uint32_t)duration_ms, error, sizeof(error)))
		return options_fail(1, "%s", error);
	watch(&c, duration_ms);

	collector_window(&c, &(struct collector_agent){0});

	const struct snapshot *s = builder_finish(&c.builder);
	int status = s ? print(s, view) : options_fail(1, "once: out of memory");

	collector_close(&c);
	return status;
}

int cli_once(int argc, char **argv)
{
	struct encode_view view = {.sort = METRIC_PROCESS_cpu_percent};
	enum options_result result = options_parse(&command, argc, argv);
	uint64_t duration_ms = 5000, limit = 0;
	struct config config;
	int status = EXIT_USAGE;

	if (result != OPTIONS_OK)
		return result == OPTIONS_HELP ? 0 : EXIT_USAGE;
	if (number_option("duration", MAX_DURATION_MS, &duration_ms) ||
	    number_option("limit", UINT32_MAX, &limit) || sort_option(&view))
		return EXIT_USAGE;
	view.limit = limit;
	if (!options_configure(&command, &config)) {
		if (!options_get(&command, "log-level")->value)
			config.log_level = LOG_WARNING;
		log_setup("once", config.log_level, config.log_json);
		status = once(&config, &view, duration_ms);
	}
	config_free(&config);
	return status;
}
