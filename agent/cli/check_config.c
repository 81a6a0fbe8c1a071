// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>

#include "cli/cli.h"
#include "cli/options.h"
#include "cli/rules.h"

static struct command command = {
	.name = "check-config",
	.help = "Checks a configuration file and the rules it names.",
	.operand = "FILE",
};

static int check(struct config *config)
{
	struct config_error error;
	AUTO_BUF struct buf bundle = {0};

	if (config_load(config, command.operand_value, &error) ||
	    options_check(config, error.text, sizeof(error.text)) ||
	    rules_bundle(config, &bundle, error.text, sizeof(error.text)))
		return options_fail(EXIT_USAGE, "%s", error.text);
	printf("%s: fine\n", command.operand_value);
	return 0;
}

int cli_check_config(int argc, char **argv)
{
	enum options_result result = options_parse(&command, argc, argv);
	struct config config;

	if (result != OPTIONS_OK)
		return result == OPTIONS_HELP ? 0 : EXIT_USAGE;
	config_init(&config);

	int status = check(&config);

	config_free(&config);
	return status;
}
