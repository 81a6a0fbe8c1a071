// SPDX-License-Identifier: Apache-2.0
#include "serve/token.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include <jansson.h>
#include <jwt.h>

#include "serve/auth.h"

static int fill(jwt_t *jwt, const struct token_claims *claims, time_t now)
{
	char id[65];

	if (token_random_secret(id))
		return -1;
	id[32] = '\0';
	if (jwt_add_grant(jwt, "iss", TOKEN_ISSUER) || jwt_add_grant(jwt, "sub", claims->subject) ||
	    jwt_add_grant(jwt, "role", claims->role) || jwt_add_grant(jwt, "jti", id) ||
	    jwt_add_grant_int(jwt, "iat", now) ||
	    jwt_add_grant_int(jwt, "exp", now + (long)claims->ttl_seconds) ||
	    jwt_add_header(jwt, "kid", TOKEN_AUTO_KID))
		return -1;
	if (!claims->tenant)
		return 0;

	json_t *tenants = json_pack("{s:[s]}", "tenants", claims->tenant);
	char *text = tenants ? json_dumps(tenants, JSON_COMPACT) : NULL;
	int failed = text ? jwt_add_grants_json(jwt, text) : -1;

	free(text);
	json_decref(tenants);
	return failed;
}

char *token_mint(const struct token_claims *claims, const char *secret, char *error, size_t size)
{
	jwt_t *jwt = NULL;
	char *token = NULL;

	if (auth_role_of(claims->role) < 0) {
		snprintf(error, size,
			 "no role %s: there are admin, system_administrator and super_admin",
			 claims->role);
		return NULL;
	}
	if (!claims->subject[0]) {
		snprintf(error, size, "the subject is empty");
		return NULL;
	}
	if (jwt_new(&jwt) == 0 && fill(jwt, claims, time(NULL)) == 0 &&
	    jwt_set_alg(jwt, JWT_ALG_HS256, (const unsigned char *)secret, (int)strlen(secret)) ==
		    0)
		token = jwt_encode_str(jwt);
	jwt_free(jwt);
	if (!token)
		snprintf(error, size,
			 "the token cannot be made; are subject and tenant valid UTF-8?");
	return token;
}

int token_random_secret(char out[65])
{
	static const char hex[] = "0123456789abcdef";
	unsigned char bytes[32];

	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		return -EIO;
	for (size_t i = 0; i < sizeof(bytes); i++) {
		out[2 * i] = hex[bytes[i] >> 4];
		out[2 * i + 1] = hex[bytes[i] & 15];
	}
	out[64] = '\0';
	return 0;
}
