// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/options.h"
#include "link/link.h"
#include "serve/serve.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
} commands[] = {
	{"run", cli_run, "the agent: collect, evaluate, serve (the default)"},
	{"once", cli_once, "one window, then exit: a table, or JSON"},
	{"record", cli_record, "windows into a file, to be replayed"},
	{"doctor", cli_doctor, "which probes attach here, and what to grant where one does not"},
	{"token", cli_token, "mint a token with the agent's own key"},
	{"check-config", cli_check_config, "check a configuration file"},
};

#define COMMANDS (sizeof(commands) / sizeof(*commands))

static int print_help(void)
{
	printf("Usage: probecast [COMMAND] [OPTIONS]\n"
	       "What every process on this machine does to CPU, network and disk, live.\n\n");
	for (size_t i = 0; i < COMMANDS; i++)
		printf("  %-14s %s\n", commands[i].name, commands[i].help);
	printf("\n  --help         this text; also behind each command\n"
	       "  --version      the version\n");
	return 0;
}

/* Started by the collector, on a descriptor that only it can have made. */
static int run_server(void)
{
	return serve_run(LINK_SERVER_FD);
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "run";

	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0)
		return print_help();
	if (strcmp(name, "--version") == 0) {
		printf("probecast %s\n", PROBECAST_VERSION);
		return 0;
	}
	if (strcmp(name, "server") == 0 && argc == 2)
		return run_server();
	if (name[0] == '-')
		return cli_run(argc - 1, argv + 1);
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(commands[i].name, name) == 0)
			return commands[i].run(argc > 2 ? argc - 2 : 0, argv + 2);
	return options_fail(EXIT_USAGE, "unknown command %s; see probecast --help", name);
}
