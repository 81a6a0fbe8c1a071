// SPDX-License-Identifier: Apache-2.0
/* `probecast doctor`: attaches everything for a moment, and tells what became of it. */
#include "cli/doctor.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "collect/sampled.h"
#include "collect/variant.h"

/* Long enough for every rate to have a window. */
#define WINDOW_MS 50

static struct option_spec options[] = {
	{.name = "json", .help = "print the report as JSON"},
	{.name = "source",
	 .argument = "SOURCE",
	 .help = "auto, bpf or procfs (default: auto)",
	 .config_key = "source"},
	{.name = "config", .argument = "FILE", .help = "configuration file"},
	{.name = "log-level",
	 .argument = "LEVEL",
	 .help = "error, warning, info or debug (default: error)",
	 .config_key = "log_level"},
};

static struct command command = {
	.name = "doctor",
	.help = "Tells which probes attach here, how, and what to grant where one does not.\n"
		"Exit status: 0 when all of them do, 1 when the agent would do without some.",
	.options = options,
	.option_count = sizeof(options) / sizeof(*options),
};

/* What the configuration does not want is not missed. */
static bool is_missing(const struct collector *c, int p)
{
	const struct probe_state *state = &c->states[p];

	if (p == PROVIDER_SOCKETS && sampled_is_on(c))
		return strcmp(state->wanted, VARIANT_SAMPLED) != 0;
	return !state->attached && strcmp(state->wanted, VARIANT_OFF) != 0;
}

static bool is_complete(const struct facts *f, const struct collector *c)
{
	for (int p = 0; p < PROVIDERS; p++)
		if (f->bpf >> p & 1 && is_missing(c, p))
			return false;
	return true;
}

static int print(const struct report *r)
{
	AUTO_BUF struct buf out = {0};

	if (options_get(&command, "json")->value)
		doctor_json(r, &out);
	else
		doctor_text(r, &out);
	if (buf_failed(&out))
		return options_fail(1, "doctor: out of memory");
	if (fwrite(out.data, 1, out.len, stdout) != out.len || fflush(stdout))
		return options_fail(1, "doctor: cannot write to standard output");
	return r->complete ? 0 : 1;
}

static int examine(const struct config *config)
{
	static struct collector c;
	struct report r = {.collector = &c};
	struct collector_options o = {.source = config->source,
				      .node = "",
				      .probes = config->probes,
				      .arguments = config->arguments,
				      .interval_ms = WINDOW_MS};
	char error[512];

	if (config_replay_file(config))
		return options_fail(EXIT_USAGE, "doctor: a recording attaches nothing; leave "
						"--source out");
	facts_read(&r.facts);
	if (collector_open(&c, &o, error, sizeof(error)))
		return options_fail(1, "doctor: %s", error);
	nanosleep(&(struct timespec){.tv_nsec = WINDOW_MS * 1000000L}, NULL);
	collector_window(&c, &(struct collector_agent){0});
	r.snapshot = builder_finish(&c.builder);
	r.complete = is_complete(&r.facts, &c);

	int status = r.snapshot ? print(&r) : options_fail(1, "doctor: out of memory");

	collector_close(&c);
	return status;
}

int cli_doctor(int argc, char **argv)
{
	enum options_result result = options_parse(&command, argc, argv);
	struct config config;
	int status = EXIT_USAGE;

	if (result != OPTIONS_OK)
		return result == OPTIONS_HELP ? 0 : EXIT_USAGE;
	if (!options_configure(&command, &config)) {
		if (!options_get(&command, "log-level")->value)
			config.log_level = LOG_ERROR;
		log_setup("doctor", config.log_level, config.log_json);
		status = examine(&config);
	}
	config_free(&config);
	return status;
}
