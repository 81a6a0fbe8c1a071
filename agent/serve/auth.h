// SPDX-License-Identifier: Apache-2.0
/*
 * Tokens: who someone is. libjwt checks the signature; everything that it lets
 * through is checked here, before (algorithm, key, shape) and after (claims).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "snapshot/tenants.h"

/* Clocks of issuer and node may differ by so much. */
#define AUTH_LEEWAY_SECONDS 60

/* In the order of what they may do: each may all that those before it may. */
enum role { ROLE_ADMIN, ROLE_SYSTEM_ADMINISTRATOR, ROLE_SUPER_ADMIN };

struct claims {
	char subject[256];
	enum role role;
	uint64_t expires;	/* seconds since 1970 */
	struct tenants tenants; /* limited when it has a tenants claim */
};

/* Role by name, -1 when there is none. */
int auth_role_of(const char *name);

/* Name of a role, as tokens have it. */
const char *auth_role_name(enum role role);

/*
 * Checks a token against the keys at a time in seconds since 1970. Returns true and the claims; or
 * false with a constant text in *why, for the log and never for the caller.
 */
bool auth_check(const struct config_auth *auth, const char *token, size_t len, uint64_t now,
		struct claims *ret, const char **why);
