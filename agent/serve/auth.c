// SPDX-License-Identifier: Apache-2.0
#include "serve/auth.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <jwt.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "serve/token.h"

static const char *const role_names[] = {"admin", "system_administrator", "super_admin"};

static void cleanup_json(json_t **j)
{
	json_decref(*j);
}

static void cleanup_jwt(jwt_t **j)
{
	jwt_free(*j);
}

#define AUTO_JSON __attribute__((cleanup(cleanup_json)))
#define AUTO_JWT __attribute__((cleanup(cleanup_jwt)))

int auth_role_of(const char *name)
{
	for (int i = 0; i < (int)(sizeof(role_names) / sizeof(*role_names)); i++)
		if (strcmp(role_names[i], name) == 0)
			return i;
	return -1;
}

const char *auth_role_name(enum role role)
{
	return role_names[role];
}

static int digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '-' ? 62 : c == '_' ? 63 : -1;
}

/* Strict base64url (RFC 4648 5, without padding): no other bytes, no stray bits at the end. */
static ssize_t decode(const char *text, size_t len, char *to)
{
	unsigned bits = 0, held = 0;
	size_t out = 0;

	if (len % 4 == 1)
		return -1;
	for (size_t i = 0; i < len; i++) {
		int value = digit(text[i]);

		if (value < 0)
			return -1;
		bits = bits << 6 | (unsigned)value;
		held += 6;
		if (held >= 8) {
			held -= 8;
			to[out++] = (char)(bits >> held & 0xff);
		}
	}
	if (bits & ((1u << held) - 1))
		return -1;
	return (ssize_t)out;
}

/* The part as a JSON object; NULL when it is none, or has a key twice. */
static json_t *parse_part(const char *text, size_t len)
{
	char bytes[TOKEN_MAX_BYTES];
	ssize_t size = decode(text, len, bytes);
	json_t *json = size < 0 ? NULL
				: json_loadb(bytes, (size_t)size, JSON_REJECT_DUPLICATES, NULL);

	if (json && !json_is_object(json)) {
		json_decref(json);
		return NULL;
	}
	return json;
}

static const char *string_of(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

/* Members that change what a token means, or ask for a key from elsewhere. */
static bool has_forbidden_member(const json_t *header)
{
	static const char *const forbidden[] = {"crit", "jku", "jwk", "x5u",
						"x5c",	"b64", "zip", "enc"};

	for (size_t i = 0; i < sizeof(forbidden) / sizeof(*forbidden); i++)
		if (json_object_get(header, forbidden[i]))
			return true;
	return false;
}

/* By kid among our own keys; a token without one is taken only where there is a single key. */
static const struct config_key *find_key(const struct config_auth *auth, const json_t *header)
{
	const json_t *kid = json_object_get(header, "kid");

	if (!kid)
		return auth->key_count == 1 ? &auth->keys[0] : NULL;
	for (size_t i = 0; i < auth->key_count; i++)
		if (json_is_string(kid) && auth->keys[i].kid[0] &&
		    strcmp(auth->keys[i].kid, json_string_value(kid)) == 0)
			return &auth->keys[i];
	return NULL;
}

static const struct config_key *check_header(const struct config_auth *auth, const char *token,
					     size_t len, const char **why)
{
	AUTO_JSON json_t *header = parse_part(token, len);
	const char *alg = string_of(header, "alg"), *type = string_of(header, "typ");

	if (!header || !alg) {
		*why = "header is not a JSON object with an alg";
		return NULL;
	}
	if (has_forbidden_member(header)) {
		*why = "header has a member that is not allowed";
		return NULL;
	}
	if (json_object_get(header, "typ") && (!type || strcasecmp(type, "JWT") != 0)) {
		*why = "typ is not JWT";
		return NULL;
	}

	const struct config_key *key = find_key(auth, header);

	if (!key)
		*why = "no key of that kid";
	else if (strcmp(key->alg, alg) != 0)
		*why = "alg is not the key's";
	else if (!key->material || !key->material[0])
		*why = "the key is empty";
	return *why ? NULL : key;
}

/* jwt_decode() accepts anything when the key is empty, and other algorithms with the same key: both
 * are excluded above and here. */
static bool signature_is_right(const struct config_key *key, const char *token)
{
	AUTO_JWT jwt_t *jwt = NULL;

	if (jwt_decode(&jwt, token, (const unsigned char *)key->material,
		       (int)strlen(key->material)))
		return false;
	return jwt_get_alg(jwt) == jwt_str_alg(key->alg) && jwt_get_alg(jwt) != JWT_ALG_NONE;
}

/* A whole number of seconds; -1 when the claim is missing, -2 when it is anything else. */
static json_int_t seconds(const json_t *claims, const char *name)
{
	const json_t *value = json_object_get(claims, name);

	if (!value)
		return -1;
	return json_is_integer(value) && json_integer_value(value) >= 0 ? json_integer_value(value)
									: -2;
}

static const char *check_times(const json_t *claims, uint64_t now, struct claims *ret)
{
	json_int_t expires = seconds(claims, "exp"), begins = seconds(claims, "nbf");
	json_int_t issued = seconds(claims, "iat");

	if (expires <= 0)
		return "exp is missing or not a whole number";
	if ((uint64_t)expires + AUTH_LEEWAY_SECONDS <= now)
		return "expired";
	if (begins == -2 || (begins > 0 && (uint64_t)begins > now + AUTH_LEEWAY_SECONDS))
		return "not valid yet";
	if (issued == -2 || (issued > 0 && (uint64_t)issued > now + AUTH_LEEWAY_SECONDS))
		return "issued in the future";
	ret->expires = (uint64_t)expires;
	return NULL;
}

static bool audience_has(const json_t *audience, const char *name)
{
	size_t i;
	json_t *one;

	if (json_is_string(audience))
		return strcmp(json_string_value(audience), name) == 0;
	json_array_foreach (audience, i, one) {
		if (json_is_string(one) && strcmp(json_string_value(one), name) == 0)
			return true;
	}
	return false;
}

static const char *check_parties(const struct config_auth *auth, const struct config_key *key,
				 const json_t *claims)
{
	const char *issuer = strcmp(key->kid, TOKEN_AUTO_KID) == 0 ? TOKEN_ISSUER : auth->issuer;
	const char *told = string_of(claims, "iss");

	if (issuer[0] && (!told || strcmp(told, issuer) != 0))
		return "another issuer";
	if (auth->audience[0] && !audience_has(json_object_get(claims, "aud"), auth->audience))
		return "another audience";
	return NULL;
}

/* An empty list is a limit too: to nothing. */
static const char *check_tenants(const json_t *list, struct tenants *ret)
{
	size_t i;
	json_t *name;

	if (list && !json_is_array(list))
		return "tenants is not a list";
	ret->limited = list != NULL;
	json_array_foreach (list, i, name) {
		if (!json_is_string(name) ||
		    strlen(json_string_value(name)) != json_string_length(name) ||
		    !tenants_add(ret, json_string_value(name)))
			return "tenants has a name that is none, or too many of them";
	}
	return NULL;
}

static const char *check_subject(const json_t *claims, struct claims *ret)
{
	const char *subject = string_of(claims, "sub"), *role = string_of(claims, "role");
	const json_t *tenants = json_object_get(claims, "tenants");
	int known = role ? auth_role_of(role) : -1;

	if (!subject || !*subject || !text_copy(ret->subject, sizeof(ret->subject), subject))
		return "sub is missing, empty or too long";
	if (known < 0)
		return "no such role";
	ret->role = (enum role)known;
	return check_tenants(tenants, &ret->tenants);
}

/* Three parts that are not empty. */
static bool split(const char *token, size_t len, const char **claims, const char **signature)
{
	const char *first = memchr(token, '.', len);
	const char *second = first ? memchr(first + 1, '.', len - (size_t)(first + 1 - token))
				   : NULL;

	if (!second || memchr(second + 1, '.', len - (size_t)(second + 1 - token)))
		return false;
	*claims = first + 1;
	*signature = second + 1;
	return first > token && second > first + 1 && second + 1 < token + len;
}

static const char *check(const struct config_auth *auth, const char *token, size_t len,
			 uint64_t now, struct claims *ret)
{
	const char *claims_part, *signature, *why = NULL;
	char scratch[TOKEN_MAX_BYTES];

	if (len == 0 || len > TOKEN_MAX_BYTES || strlen(token) != len)
		return "empty, too long, or with a NUL";
	if (!split(token, len, &claims_part, &signature))
		return "not three parts";
	if (decode(signature, len - (size_t)(signature - token), scratch) <= 0)
		return "signature is not base64url";

	const struct config_key *key =
		check_header(auth, token, (size_t)(claims_part - 1 - token), &why);

	if (!key)
		return why;
	if (!signature_is_right(key, token))
		return "wrong signature";

	AUTO_JSON json_t *claims = parse_part(claims_part, (size_t)(signature - 1 - claims_part));

	if (!claims)
		return "claims are not a JSON object, or have a key twice";
	why = check_times(claims, now, ret);
	if (!why)
		why = check_parties(auth, key, claims);
	return why ? why : check_subject(claims, ret);
}

bool auth_check(const struct config_auth *auth, const char *token, size_t len, uint64_t now,
		struct claims *ret, const char **why)
{
	struct claims claims = {0};

	*why = check(auth, token, len, now, &claims);
	if (*why)
		return false;
	*ret = claims;
	return true;
}
