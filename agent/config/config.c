// SPDX-License-Identifier: Apache-2.0
#include "config/config.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "config/setting.h"

/* The XDG base directory specification: relative paths are to be ignored. */
static void set_state_dir(struct config *c)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	size_t size = sizeof(c->state_dir);
	char dir[sizeof(c->state_dir)];
	int len = -1;

	if (geteuid() == 0)
		return;
	if (state && *state == '/')
		len = snprintf(dir, size, "%s/probecast", state);
	else if (home && *home == '/')
		len = snprintf(dir, size, "%s/.local/state/probecast", home);
	if (len >= 0 && (size_t)len < size && yaml_text_valid(dir))
		text_copy(c->state_dir, size, dir);
}

void config_init(struct config *c)
{
	struct config_error error;
	struct origin from = {.name = "default", .error = &error};

	memset(c, 0, sizeof(*c));
	for (size_t i = 0; i < settings_count; i++) {
		const struct setting *s = &settings[i];
		const char *text = strcmp(s->fallback, "\"\"") == 0 ? "" : s->fallback;

		if (s->kind != SETTING_KEYS && s->kind != SETTING_NETWORKS)
			setting_parse(s, c, text, &from);
	}
	set_state_dir(c);
	if (access(c->rules_dir, F_OK) < 0)
		c->rules_dir[0] = '\0';
}

void config_free(struct config *c)
{
	auth_keys_free(&c->auth);
}

/* The arrays of c are copied as they are, the keys one by one. */
static bool config_copy(struct config *to, const struct config *from)
{
	*to = *from;
	to->auth.key_count = 0;
	return auth_keys_copy(&to->auth, &from->auth);
}

static void config_replace(struct config *c, const struct config *with)
{
	config_free(c);
	*c = *with;
}

static int refuse_unknown(const char *group, const char *key, const struct origin *from)
{
	char near[80];
	const char *dot = *group ? "." : "";

	if (!setting_nearest(group, key, near, sizeof(near)))
		return origin_error(from, "unknown key \"%s%s%.80s\"", group, dot, key);
	return origin_error(from, "unknown key \"%s%s%.80s\"; did you mean \"%s\"?", group, dot,
			    key, near);
}

static bool is_group(const char *name)
{
	for (size_t i = 0; i < settings_count; i++)
		if (*settings[i].group && strcmp(settings[i].group, name) == 0)
			return true;
	return false;
}

static int apply_value(struct config *c, const struct setting *s, const struct yaml_node *value,
		       const struct origin *from)
{
	char path[80], wants[160];
	const char *hint = s->kind == SETTING_ADDRESS ? "; write [...]:PORT in quotes" : "";

	if (s->kind == SETTING_KEYS && value->kind == YAML_LIST)
		return auth_keys_parse(&c->auth, value, from);
	if (s->kind == SETTING_NETWORKS && value->kind == YAML_LIST)
		return networks_parse(&c->metrics, value, from);
	setting_path(s, path, sizeof(path));
	if (yaml_is_null(value))
		return origin_error(from, "%s has no value; write \"\" for none, or leave it out",
				    path);
	if (value->kind == YAML_SCALAR)
		return setting_parse(s, c, value->text, from);
	return origin_error(from, "%s must be %s, not %s%s", path,
			    setting_wants(s, wants, sizeof(wants)), yaml_kind_text(value), hint);
}

static int apply_map(struct config *c, const char *group, const struct yaml_node *map,
		     const struct origin *from)
{
	struct origin at = *from;
	int status = 0;

	for (size_t i = 0; i < map->count && status == 0; i++) {
		const struct yaml_node *value = map->children[i];
		const char *key = map->keys[i];
		const struct setting *s = setting_find(group, key);

		at.line = map->key_lines[i];
		if (s)
			status = apply_value(c, s, value, &at);
		else if (*group || !is_group(key))
			status = refuse_unknown(group, key, &at);
		else if (value->kind != YAML_MAP)
			status = origin_error(&at, "%s must be a map of keys, not %s", key,
					      yaml_is_null(value) ? "nothing"
								  : yaml_kind_text(value));
		else
			status = apply_map(c, key, value, &at);
	}
	return status;
}

static int apply_tree(struct config *c, const struct yaml_node *tree, const struct origin *from)
{
	struct config next;

	if (tree->kind != YAML_MAP) {
		struct origin at = {from->name, tree->line, from->error};

		return origin_error(&at, "expected keys and values, not %s", yaml_kind_text(tree));
	}
	if (!config_copy(&next, c))
		return origin_error(from, "out of memory");
	if (apply_map(&next, "", tree, from) < 0) {
		config_free(&next);
		return -1;
	}
	config_replace(c, &next);
	return 0;
}

int config_parse(struct config *c, const char *name, const char *text, size_t len,
		 struct config_error *error)
{
	struct origin from = {.name = name, .error = error};
	struct yaml_node *tree = yaml_parse(name, text, len, error->text, sizeof(error->text));

	if (!tree)
		return -1;

	int status = apply_tree(c, tree, &from);

	yaml_tree_free(tree);
	return status;
}

int config_load(struct config *c, const char *path, struct config_error *error)
{
	struct origin from = {.name = path, .error = error};
	AUTO_FREE char *text = NULL;
	size_t len = 0;
	int status = file_read(path, YAML_MAX_BYTES, &text, &len);

	if (status < 0)
		return origin_error(&from, "cannot read the configuration: %s", strerror(-status));
	return config_parse(c, path, text, len, error);
}

int config_environment(struct config *c, struct config_error *error)
{
	struct config next;

	if (!config_copy(&next, c)) {
		struct origin from = {.name = "environment", .error = error};

		return origin_error(&from, "out of memory");
	}
	for (size_t i = 0; i < settings_count; i++) {
		const struct setting *s = &settings[i];
		const char *value = s->environment ? getenv(s->environment) : NULL;
		struct origin from = {.name = s->environment, .error = error};

		if (!value || !*value)
			continue;
		if (setting_parse(s, &next, value, &from) < 0) {
			config_free(&next);
			return -1;
		}
	}
	config_replace(c, &next);
	return 0;
}

int config_set(struct config *c, const char *key, const char *value, const char *origin,
	       struct config_error *error)
{
	struct origin from = {.name = origin, .error = error};
	const struct setting *s = setting_find("", key);

	if (!s)
		return refuse_unknown("", key, &from);
	return setting_parse(s, c, value, &from);
}

const char *config_replay_file(const struct config *c)
{
	static const char prefix[] = "replay:";
	size_t len = sizeof(prefix) - 1;

	return strncmp(c->source, prefix, len) == 0 ? c->source + len : NULL;
}

bool config_is_loopback(const struct config *c)
{
	struct in_addr v4;
	struct in6_addr v6;

	if (inet_pton(AF_INET, c->listen_host, &v4) == 1)
		return ntohl(v4.s_addr) >> 24 == IN_LOOPBACKNET;
	if (inet_pton(AF_INET6, c->listen_host, &v6) == 1)
		return IN6_IS_ADDR_LOOPBACK(&v6);
	return strcasecmp(c->listen_host, "localhost") == 0;
}
