// SPDX-License-Identifier: Apache-2.0
/* `probecast once`: one window, then a table or the snapshot document. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/table.h"
#include "collect/feed.h"
#include "encode/encode.h"

#define MAX_DURATION_MS 3600000

static struct option_spec options[] = {
	{.name = "json", .help = "print the snapshot document"},
	{.name = "duration", .argument = "MS", .help = "length of the window (default: 5000)"},
	{.name = "sort", .argument = "METRIC", .help = "largest first (default: cpu.percent)"},
	{.name = "match",
	 .argument = "LABEL=GLOB[,...]",
	 .help = "only processes such as comm=nginx*,user=www-data"},
	{.name = "limit", .argument = "N", .help = "processes at the most, 0 for all (default: 0)"},
	{.name = "source",
	 .argument = "SOURCE",
	 .help = "auto, bpf, procfs or replay:FILE (default: auto)",
	 .config_key = "source"},
	{.name = "at",
	 .argument = "TIME",
	 .help = "the window of a recording: 2026-01-31T23:59:00Z"},
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

/* The nearest label of a process; NULL when none is near. */
static const char *nearest_label(const char *name)
{
	const char *names[BUILDER_MAX_LABELS];
	size_t count = 0;

	for (int l = LABEL_FIRST_PROCESS; l < LABEL_END_PROCESS && count < BUILDER_MAX_LABELS; l++)
		names[count++] = catalogue_labels[l].name;
	return text_nearest(name, names, count);
}

/* One LABEL=GLOB: a number is compared as one. */
static int match_term(struct encode_view *view, char *term)
{
	char *glob = strchr(term, '=');
	uint64_t number;

	if (!glob)
		return options_fail(-1, "once: --match: %s is not LABEL=GLOB", term);
	*glob++ = '\0';

	int label = catalogue_find_label(SCOPE_PROCESS, term);
	const char *globs[] = {glob}, *nearest = label < 0 ? nearest_label(term) : NULL;
	bool fits;

	if (label < 0)
		return options_fail(-1, "once: --match: no label %s%s%s%s", term,
				    nearest ? " (did you mean " : "", nearest ? nearest : "",
				    nearest ? "?)" : "");
	if (catalogue_labels[label].type == LABEL_STRING) {
		fits = filter_add_globs(&view->filter, (enum label)label, false, globs, 1);
	} else {
		if (strcmp(glob, "true") == 0 || strcmp(glob, "false") == 0)
			number = *glob == 't';
		else if (!text_u64(glob, &number))
			return options_fail(-1, "once: --match: %s must be a number, not %s", term,
					    glob);
		fits = filter_add_label(&view->filter, (enum label)label, FILTER_EQUAL,
					(double)number);
	}
	return fits ? 0 : options_fail(-1, "once: --match: too much to match");
}

/* All of the terms, which stand between commas, must hold. */
static int match_option(struct encode_view *view)
{
	const char *value = options_get(&command, "match")->value;
	char terms[FILTER_MAX_BYTES], *rest = NULL;
	int failed = 0;

	if (!text_copy(terms, sizeof(terms), value ? value : ""))
		return options_fail(-1, "once: --match: longer than %d bytes", FILTER_MAX_BYTES);
	for (char *term = strtok_r(terms, ",", &rest); term && !failed;
	     term = strtok_r(NULL, ",", &rest))
		failed = match_term(view, term);
	return failed;
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

/* The ring is drained when it asks for it, and now and then: a window may be longer than it holds.
 */
static void wait_for_window(const struct feed *f)
{
	uint64_t due = f->due_ns(f->context), now;

	log_info("watching: the window has begun");
	while ((now = clock_boot_ns()) < due) {
		uint64_t left = (due - now + NS_PER_MS - 1) / NS_PER_MS;
		struct pollfd ring = {.fd = f->event_fd, .events = POLLIN};

		poll(&ring, 1, left < 100 ? (int)left : 100);
		f->drain(f->context);
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

/* Goes to --at when it was given. Returns an exit status, 0 to go on. */
static int seek(const struct feed *f)
{
	const char *at = options_get(&command, "at")->value;
	char error[512];
	int64_t wall_ms;

	if (!at)
		return 0;
	if (!clock_parse(at, &wall_ms))
		return options_fail(EXIT_USAGE,
				    "once: --at must be a time such as 2026-01-31T23:59:00Z, not "
				    "%s",
				    at);
	return f->seek(f->context, wall_ms, error, sizeof(error)) ? options_fail(1, "%s", error)
								  : 0;
}

static int print_next(const struct feed *f, const struct encode_view *view)
{
	AUTO_BUF struct buf block = {0};
	struct builder_parts parts;
	bool made = f->next(f->context, &(struct collector_agent){0}, &parts);
	const struct snapshot *s = made ? builder_join(&parts, &block) : NULL;

	return s ? print(s, view) : options_fail(1, "once: out of memory");
}

static int once(const struct config *config, const struct encode_view *view)
{
	struct feed feed;
	char error[512];

	if (options_get(&command, "at")->value && !config_replay_file(config))
		return options_fail(EXIT_USAGE, "once: --at needs --source replay:FILE");
	if (feed_open(&feed, config, error, sizeof(error)))
		return options_fail(1, "%s", error);

	int status = seek(&feed);

	if (!status) {
		wait_for_window(&feed);
		status = print_next(&feed, view);
	}
	feed_close(&feed);
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
	if (options_number(&command, "duration", MAX_DURATION_MS, &duration_ms) ||
	    options_number(&command, "limit", UINT32_MAX, &limit) || sort_option(&view) ||
	    match_option(&view))
		return EXIT_USAGE;
	view.limit = limit;
	if (!options_configure(&command, &config)) {
		if (!options_get(&command, "log-level")->value)
			config.log_level = LOG_WARNING;
		log_setup("once", config.log_level, config.log_json);
		config.interval_ms = (uint32_t)duration_ms;
		status = once(&config, &view);
	}
	config_free(&config);
	return status;
}
