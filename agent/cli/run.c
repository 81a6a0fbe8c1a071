// SPDX-License-Identifier: Apache-2.0
/* `probecast run`: parse, check, load, start the server, give up privileges, loop. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "cli/agent.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/rules.h"
#include "cli/state.h"
#include "serve/token.h"

static struct option_spec options[] = {
	{.name = "config", .argument = "FILE", .help = "configuration file (YAML)"},
	{.name = "listen",
	 .argument = "ADDR:PORT",
	 .help = "where to serve (default: 127.0.0.1:9470)",
	 .config_key = "listen"},
	{.name = "interval",
	 .argument = "MS",
	 .help = "length of a window (default: 5000)",
	 .config_key = "interval_ms"},
	{.name = "source",
	 .argument = "SOURCE",
	 .help = "auto, bpf, procfs or replay:FILE (default: auto)",
	 .config_key = "source"},
	{.name = "replay-speed",
	 .argument = "N",
	 .help = "times faster than recorded, 0 for as fast as possible (default: 1)",
	 .config_key = "replay_speed"},
	{.name = "replay-loop",
	 .help = "begin anew at the end of the recording",
	 .config_key = "replay_loop"},
	{.name = "state-dir",
	 .argument = "DIR",
	 .help = "where the agent keeps its key",
	 .config_key = "state_dir"},
	{.name = "log-level",
	 .argument = "LEVEL",
	 .help = "error, warning, info or debug (default: info)",
	 .config_key = "log_level"},
	{.name = "log-format",
	 .argument = "FORMAT",
	 .help = "text or json (default: text)",
	 .config_key = "log_format"},
};

static struct command command = {
	.name = "run",
	.help = "The agent: collects, evaluates alerts, and serves the dashboard and the API.",
	.options = options,
	.option_count = sizeof(options) / sizeof(*options),
};

struct run {
	struct config config;
	struct agent agent;
	struct privilege_user user;
	char secret[STATE_SECRET_LENGTH]; /* of the automatic key, "" when keys are configured */
};

static int add_automatic_key(struct run *r, char *error, size_t size)
{
	struct config_key *key = &r->config.auth.keys[0];

	if (r->config.auth.key_count)
		return 0;
	if (!config_is_loopback(&r->config)) {
		snprintf(error, size,
			 "listen: %s is not a loopback address and no key is configured; "
			 "name one under auth.keys, or listen on 127.0.0.1",
			 r->config.listen_host);
		return -1;
	}
	if (state_secret(r->config.state_dir, r->secret, error, size))
		return -1;
	text_copy(key->kid, sizeof(key->kid), TOKEN_AUTO_KID);
	text_copy(key->alg, sizeof(key->alg), "HS256");
	key->material = strdup(r->secret);
	if (!key->material) {
		snprintf(error, size, "out of memory");
		return -1;
	}
	r->config.auth.key_count = 1;
	return 0;
}

/* A port that the system chose stays the agent's: a server that is started again listens there. */
static void keep_port(struct run *r)
{
	struct buf bundle = {0};
	char error[512];

	if (r->config.listen_port == r->agent.port)
		return;
	r->config.listen_port = r->agent.port;
	if (rules_bundle(&r->config, &bundle, error, sizeof(error)) == 0)
		child_greet(&r->agent.child, &bundle);
	else
		log_warning("%s", error);
	buf_free(&bundle);
}

static void print_url(const struct run *r, const char *token)
{
	const char *host = r->config.listen_host;
	bool v6 = strchr(host, ':') != NULL;

	printf("http://%s%s%s:%u/%s%s\n", v6 ? "[" : "", host, v6 ? "]" : "", r->agent.port,
	       *token ? "#token=" : "", token);
	fflush(stdout);
}

static void on_ready(void *context, const char *token)
{
	struct run *r = context;

	log_info("collecting from %s every %u ms", r->agent.feed.name, r->config.interval_ms);
	keep_port(r);
	print_url(r, token);
	memory_trim();
}

/* A bad new configuration leaves the old one in force. */
static void reload(void *context)
{
	struct run *r = context;
	struct config fresh;
	struct buf bundle = {0};
	char error[512];

	if (options_configure(&command, &fresh)) {
		log_error("the configuration was not reloaded: the old one stays in force");
		config_free(&fresh);
		return;
	}

	struct config old = r->config;

	r->config = fresh;
	r->config.interval_ms = r->agent.feed.interval_ms;
	if (r->config.listen_port == 0)
		r->config.listen_port = r->agent.port;
	if (add_automatic_key(r, error, sizeof(error)) ||
	    rules_bundle(&r->config, &bundle, error, sizeof(error))) {
		log_error("%s; the old configuration stays in force", error);
		config_free(&r->config);
		r->config = old;
		buf_free(&bundle);
		return;
	}
	config_free(&old);
	child_greet(&r->agent.child, &bundle);
	child_tell(&r->agent.child);
	log_info("configuration, keys and rules were read again");
}

/* A recording is opened before the server is told the length of windows: it has its own. */
static int open_recording(struct run *r, char *error, size_t size)
{
	const char *file = config_replay_file(&r->config);
	struct config_error wrong;
	char interval[16];

	if (!file)
		return 0;
	if (!r->agent.feed.context && feed_open(&r->agent.feed, &r->config, error, size))
		return -1;
	snprintf(interval, sizeof(interval), "%u", r->agent.feed.interval_ms);
	if (!config_set(&r->config, "interval_ms", interval, file, &wrong))
		return 0;
	snprintf(error, size, "%s", wrong.text);
	return -1;
}

/* Everything that can be wrong with what the user asked for: found before anything is started. */
static int prepare(struct run *r, char *error, size_t size)
{
	struct buf bundle = {0};

	if (privilege_server_user(r->config.server_user, &r->user, error, size))
		return EXIT_USAGE;
	if (add_automatic_key(r, error, size))
		return config_is_loopback(&r->config) ? 1 : EXIT_USAGE;
	if (open_recording(r, error, size))
		return 1;
	if (rules_bundle(&r->config, &bundle, error, size)) {
		buf_free(&bundle);
		return EXIT_USAGE;
	}

	int failed = child_init(&r->agent.child, &r->user);

	child_greet(&r->agent.child, &bundle);
	if (failed)
		snprintf(error, size, "/proc/self/exe: %s", strerror(-failed));
	return failed ? 1 : 0;
}

static int start(struct run *r, char *error, size_t size)
{
	int failed = child_start(&r->agent.child);

	if (failed) {
		snprintf(error, size, "the server process does not start: %s", strerror(-failed));
		return 1;
	}
	if (feed_open(&r->agent.feed, &r->config, error, size))
		return 1;
	failed = agent_open(&r->agent);
	if (!failed)
		failed = privilege_drop();
	if (failed)
		snprintf(error, size, "the agent cannot start: %s", strerror(-failed));
	return failed ? 1 : 0;
}

static int run(struct run *r)
{
	char error[512];
	int status = state_prepare(r->config.state_dir, error, sizeof(error)) ? 1 : 0;

	if (!status)
		status = prepare(r, error, sizeof(error));
	if (!status)
		status = start(r, error, sizeof(error));
	if (status)
		return options_fail(status, "%s", error);
	return agent_loop(&r->agent);
}

int cli_run(int argc, char **argv)
{
	static struct run r = {
		.agent = {.epoll_fd = -1,
			  .timer_fd = -1,
			  .signal_fd = -1,
			  .child = {.fd = -1, .program_fd = -1},
			  .ready = on_ready,
			  .reload = reload},
	};
	enum options_result result = options_parse(&command, argc, argv);
	int status = EXIT_USAGE;

	if (result != OPTIONS_OK)
		return result == OPTIONS_HELP ? 0 : EXIT_USAGE;
	r.agent.context = &r;
	if (!options_configure(&command, &r.config)) {
		log_setup("collector", r.config.log_level, r.config.log_json);
		status = run(&r);
	}
	agent_close(&r.agent);
	config_free(&r.config);
	return status;
}
