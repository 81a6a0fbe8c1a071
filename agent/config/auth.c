// SPDX-License-Identifier: Apache-2.0
/* The list auth.keys. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "config/setting.h"

/* Enough for RSA of 16384 bits in PEM; 64 such keys still print to less than YAML_MAX_BYTES. */
#define MATERIAL_MAX 3072

static const char *const algorithms[] = {
	"HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "ES256", "ES384", "ES512",
};
static const size_t algorithm_count = sizeof(algorithms) / sizeof(*algorithms);

/* What a key's map may hold; the last four say where its material is. */
static const char *const fields[] = {
	"kid", "alg", "secret", "secret_file", "public_key", "public_key_file",
};
static const size_t field_count = sizeof(fields) / sizeof(*fields);
#define FIRST_MATERIAL 2

static struct origin at_line(const struct origin *from, size_t line)
{
	return (struct origin){from->name, line, from->error};
}

static int check_fields(const struct yaml_node *map, const struct origin *from)
{
	for (size_t i = 0; i < map->count; i++) {
		struct origin at = at_line(from, map->key_lines[i]);
		const char *near = text_nearest(map->keys[i], fields, field_count);

		if (!near)
			return origin_error(
				&at,
				"unknown key \"%.80s\" in auth.keys; it may hold kid, alg, "
				"secret, secret_file, public_key, public_key_file",
				map->keys[i]);
		if (strcmp(near, map->keys[i]) != 0)
			return origin_error(
				&at, "unknown key \"%.80s\" in auth.keys; did you mean \"%s\"?",
				map->keys[i], near);
		if (map->children[i]->kind != YAML_SCALAR || yaml_is_null(map->children[i]))
			return origin_error(&at, "%s must be a text", near);
	}
	return 0;
}

static int parse_kid(struct config_key *key, const struct yaml_node *kid, const struct origin *from)
{
	if (!kid)
		return 0;

	struct origin at = at_line(from, kid->line);

	if (!*kid->text || strlen(kid->text) >= sizeof(key->kid))
		return origin_error(&at, "kid must be a text of 1 to %zu bytes",
				    sizeof(key->kid) - 1);
	text_copy(key->kid, sizeof(key->kid), kid->text);
	return 0;
}

static int parse_alg(struct config_key *key, const struct yaml_node *alg, const struct origin *from)
{
	if (!alg)
		return origin_error(from, "a key needs its alg: HS, RS or ES with 256, 384 or 512");

	struct origin at = at_line(from, alg->line);

	for (size_t i = 0; i < algorithm_count; i++)
		if (strcmp(algorithms[i], alg->text) == 0)
			text_copy(key->alg, sizeof(key->alg), alg->text);
	if (!*key->alg)
		return origin_error(&at,
				    "alg must be HS, RS or ES with 256, 384 or 512, not \"%.80s\"",
				    alg->text);
	return 0;
}

/* Finds the one field that holds or names the material. */
static int find_material(const struct yaml_node *map, const struct origin *from, size_t *ret_field)
{
	size_t found = 0;

	for (size_t i = FIRST_MATERIAL; i < field_count; i++) {
		if (!yaml_get(map, fields[i]))
			continue;
		found++;
		*ret_field = i;
	}
	if (found != 1)
		return origin_error(from, "a key needs one of secret, secret_file, public_key, "
					  "public_key_file");
	return 0;
}

/* A secret's file mostly ends in a line feed that is not meant. */
static void trim_line_end(char *text, size_t len)
{
	if (len && text[len - 1] == '\n')
		text[--len] = '\0';
	if (len && text[len - 1] == '\r')
		text[len - 1] = '\0';
}

static int read_material(struct config_key *key, const char *path, const struct origin *from)
{
	AUTO_FREE char *text = NULL;
	size_t len = 0;

	if (*path != '/')
		return origin_error(from, "the path of a key file must begin with /, not \"%.80s\"",
				    path);

	int status = file_read(path, MATERIAL_MAX, &text, &len);

	if (status < 0)
		return origin_error(from, "cannot read the key file %.200s: %s", path,
				    strerror(-status));
	if (strlen(text) != len || !yaml_text_valid(text))
		return origin_error(
			from,
			"the key file %.200s holds bytes that are no text; make a secret "
			"with: openssl rand -hex 32",
			path);
	trim_line_end(text, len);
	key->material = text;
	text = NULL;
	return 0;
}

static int parse_material(struct config_key *key, const struct yaml_node *map,
			  const struct origin *from)
{
	size_t field = 0;

	if (find_material(map, from, &field) < 0)
		return -1;

	const struct yaml_node *value = yaml_get(map, fields[field]);
	struct origin at = at_line(from, value->line);
	bool secret = strncmp(fields[field], "secret", 6) == 0;
	bool file = strstr(fields[field], "_file") != NULL;

	if (secret != key_is_secret(key->alg))
		return origin_error(&at, "%s needs a %s, not %s", key->alg,
				    secret ? "public key" : "secret", fields[field]);
	if (file && read_material(key, value->text, &at) < 0)
		return -1;
	if (!file && strlen(value->text) > MATERIAL_MAX)
		return origin_error(&at, "%s is longer than %d bytes", fields[field], MATERIAL_MAX);
	if (!file && !(key->material = strdup(value->text)))
		return origin_error(&at, "out of memory");

	const char *fault = key_fault(key->alg, key->material);

	return fault ? origin_error(&at, "%s", fault) : 0;
}

/* Keys are told apart by kid, and a secret belongs to one algorithm only. */
static int check_unique(const struct config_auth *auth, const struct config_key *key,
			const struct origin *from)
{
	for (size_t i = 0; i < auth->key_count; i++) {
		const struct config_key *other = &auth->keys[i];

		if (strcmp(other->kid, key->kid) == 0)
			return *key->kid ? origin_error(from, "two keys have the kid \"%s\"",
							key->kid)
					 : origin_error(from, "only one key may be without a kid");
		if (strcmp(other->alg, key->alg) != 0 &&
		    strcmp(other->material, key->material) == 0 && key_is_secret(key->alg))
			return origin_error(from, "%s and %s may not share a secret", other->alg,
					    key->alg);
	}
	return 0;
}

static int parse_key(struct config_auth *auth, const struct yaml_node *map,
		     const struct origin *from)
{
	struct config_key key = {.material = NULL};
	struct origin at = at_line(from, map->line);

	if (map->kind != YAML_MAP)
		return origin_error(&at, "a key must be a map of kid, alg and its material, not %s",
				    yaml_kind_text(map));
	if (auth->key_count == CONFIG_MAX_KEYS)
		return origin_error(&at, "more than %d keys", CONFIG_MAX_KEYS);
	if (check_fields(map, from) < 0 || parse_kid(&key, yaml_get(map, "kid"), from) < 0 ||
	    parse_alg(&key, yaml_get(map, "alg"), &at) < 0 || parse_material(&key, map, &at) < 0 ||
	    check_unique(auth, &key, &at) < 0) {
		free(key.material);
		return -1;
	}
	auth->keys[auth->key_count++] = key;
	return 0;
}

int auth_keys_parse(struct config_auth *auth, const struct yaml_node *list,
		    const struct origin *from)
{
	struct config_auth next = {.key_count = 0};

	for (size_t i = 0; i < list->count; i++) {
		if (parse_key(&next, list->children[i], from) < 0) {
			auth_keys_free(&next);
			return -1;
		}
	}
	auth_keys_free(auth);
	memcpy(auth->keys, next.keys, sizeof(next.keys));
	auth->key_count = next.key_count;
	return 0;
}

void auth_keys_print(const struct config_auth *auth, struct buf *out)
{
	if (auth->key_count == 0)
		buf_add_string(out, " []");
	buf_add_char(out, '\n');
	for (size_t i = 0; i < auth->key_count; i++) {
		const struct config_key *key = &auth->keys[i];

		buf_printf(out, "    - alg: %s\n", key->alg);
		if (*key->kid) {
			buf_add_string(out, "      kid: ");
			yaml_quote(out, key->kid);
			buf_add_char(out, '\n');
		}
		buf_add_string(out,
			       key_is_secret(key->alg) ? "      secret: " : "      public_key: ");
		yaml_quote(out, key->material);
		buf_add_char(out, '\n');
	}
}

void auth_keys_free(struct config_auth *auth)
{
	for (size_t i = 0; i < auth->key_count; i++)
		free(auth->keys[i].material);
	memset(auth->keys, 0, sizeof(auth->keys));
	auth->key_count = 0;
}

bool auth_keys_copy(struct config_auth *to, const struct config_auth *from)
{
	memset(to->keys, 0, sizeof(to->keys));
	to->key_count = 0;
	for (size_t i = 0; i < from->key_count; i++) {
		struct config_key *key = &to->keys[i];

		*key = from->keys[i];
		key->material = strdup(from->keys[i].material);
		if (!key->material) {
			auth_keys_free(to);
			return false;
		}
		to->key_count++;
	}
	return true;
}
