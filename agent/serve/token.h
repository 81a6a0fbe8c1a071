// SPDX-License-Identifier: Apache-2.0
/* Making tokens and the automatic key. Also used by `probecast token` and the collector. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define TOKEN_MAX_BYTES 8192
#define TOKEN_KEY_FILE "hmac.key"
#define TOKEN_AUTO_KID "auto"
#define TOKEN_ISSUER "probecast"

/* What a token says. */
struct token_claims {
	char subject[256];
	char role[32]; /* admin, system_administrator, super_admin */
	uint64_t ttl_seconds;
	const char *tenant; /* NULL for no limit */
};

/*
 * Signs a token with an HS256 secret. Returns it (free() it), or NULL with the
 * reason in error (size bytes).
 */
char *token_mint(const struct token_claims *claims, const char *secret, char *error, size_t size);

/* A new random secret as 64 hex digits and a NUL. Returns 0 or a negative errno. */
int token_random_secret(char out[65]);
