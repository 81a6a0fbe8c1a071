// SPDX-License-Identifier: Apache-2.0
/* Flags of a subcommand: parsed from a table, which is also its help. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "config/config.h"

/* Exit status: wrong usage or wrong configuration. */
#define EXIT_USAGE 2

struct option_spec {
	const char *name;     /* without the dashes */
	const char *argument; /* what it takes, as the help shows it; NULL for a switch */
	const char *help;
	const char *config_key; /* the configuration key it sets (a switch to true); NULL for one of
				   the command's own */
	const char *value; /* parsed: the argument, "" for a switch that was given, NULL when not
			      given */
};

struct command {
	const char *name; /* "run" */
	const char *help; /* one line */
	struct option_spec *options;
	size_t option_count;
	const char *operand; /* one argument without dashes, as the help shows it; NULL when there
				is none */
	const char *operand_value;
};

enum options_result { OPTIONS_OK, OPTIONS_HELP, OPTIONS_WRONG };

/* Parses the arguments behind the command's name. Prints the help (OPTIONS_HELP) or one line on
 * stderr. */
enum options_result options_parse(struct command *command, int argc, char **argv);

/*
 * Defaults, the file named by --config, the environment, then the flags. Returns 0, or -1 with one
 * line printed.
 */
int options_configure(const struct command *command, struct config *config);

/*
 * Checks what only the agent's other rooms know: names of probes. Returns 0, or -1 with one line
 * in error (size bytes).
 */
int options_check(const struct config *config, char *error, size_t size);

/* Prints "probecast: ..." on stderr, unprintable bytes escaped. Returns status, to be returned. */
int options_fail(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * The whole number that an option of the command's own was given, up to most;
 * *ret stays when it was not given. Returns 0, or -1 with one line printed.
 */
int options_number(const struct command *command, const char *name, uint64_t most, uint64_t *ret);

/* The option of that name; it must be there. */
const struct option_spec *options_get(const struct command *command, const char *name);
