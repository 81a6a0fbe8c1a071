// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/state.h"
#include "serve/token.h"

#define DEFAULT_TTL_SECONDS 3600
#define MAX_TTL_SECONDS (366ULL * 24 * 3600)

static struct option_spec options[] = {
	{.name = "sub", .argument = "NAME", .help = "whom it is for (default: admin)"},
	{.name = "role",
	 .argument = "ROLE",
	 .help = "admin, system_administrator or super_admin (default: admin)"},
	{.name = "ttl", .argument = "SECONDS", .help = "how long it is valid (default: 3600)"},
	{.name = "tenant", .argument = "NAME", .help = "the only tenant it may see"},
	{.name = "state-dir",
	 .argument = "DIR",
	 .help = "where the agent keeps its key",
	 .config_key = "state_dir"},
	{.name = "config", .argument = "FILE", .help = "configuration file"},
};

static struct command command = {
	.name = "token",
	.help = "Mint a token with the agent's own HMAC key, alone on a line.",
	.options = options,
	.option_count = sizeof(options) / sizeof(*options),
};

static const char *value_or(const char *name, const char *fallback)
{
	const char *value = options_get(&command, name)->value;

	return value ? value : fallback;
}

static int mint(const char *state_dir, const struct token_claims *claims)
{
	char secret[STATE_SECRET_LENGTH], error[512];

	if (state_read_secret(state_dir, secret, error, sizeof(error)))
		return options_fail(1, "%s", error);

	AUTO_FREE char *token = token_mint(claims, secret, error, sizeof(error));

	if (!token)
		return options_fail(EXIT_USAGE, "token: %s", error);
	puts(token);
	return fflush(stdout) ? options_fail(1, "token: cannot write to standard output") : 0;
}

int cli_token(int argc, char **argv)
{
	enum options_result result = options_parse(&command, argc, argv);
	struct token_claims claims = {.ttl_seconds = DEFAULT_TTL_SECONDS};
	const char *ttl = NULL;
	struct config config;

	if (result != OPTIONS_OK)
		return result == OPTIONS_HELP ? 0 : EXIT_USAGE;
	if (!text_copy(claims.subject, sizeof(claims.subject), value_or("sub", "admin")) ||
	    !text_copy(claims.role, sizeof(claims.role), value_or("role", "admin")))
		return options_fail(EXIT_USAGE, "token: --sub or --role is too long");
	claims.tenant = options_get(&command, "tenant")->value;
	ttl = options_get(&command, "ttl")->value;
	if (ttl && (!text_u64(ttl, &claims.ttl_seconds) || claims.ttl_seconds == 0 ||
		    claims.ttl_seconds > MAX_TTL_SECONDS))
		return options_fail(EXIT_USAGE,
				    "token: --ttl must be from 1 to %llu seconds, not %s",
				    MAX_TTL_SECONDS, ttl);
	if (options_configure(&command, &config)) {
		config_free(&config);
		return EXIT_USAGE;
	}

	int status = mint(config.state_dir, &claims);

	config_free(&config);
	return status;
}
