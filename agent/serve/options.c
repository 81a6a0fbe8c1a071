// SPDX-License-Identifier: Apache-2.0
#include "serve/options.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

void options_init(struct view_wish *wish, const struct config *config,
		  const struct tenants *tenants)
{
	memset(wish, 0, sizeof(*wish));
	wish->what.sort = METRIC_PROCESS_cpu_percent;
	wish->what.limit = config->process_limit;
	wish->every = 1;
	memcpy(&wish->what.tenants, tenants, sizeof(*tenants));
}

bool options_unknown(const char *option, const char *name, const struct options_names *also,
		     char *error)
{
	const struct scope_info *scope = &catalogue_scopes[SCOPE_PROCESS];
	const char *names[LABELS + METRICS + OPTIONS_MAX_NAMES];
	size_t count = 0;

	for (size_t i = 0; also && i < also->count && i < OPTIONS_MAX_NAMES; i++)
		names[count++] = also->list[i];
	for (int l = (int)scope->first_label; l < (int)scope->end_label; l++)
		names[count++] = catalogue_labels[l].name;
	for (int m = (int)scope->first_metric; m < (int)scope->end_metric; m++)
		names[count++] = catalogue_metrics[m].path;

	const char *near = text_nearest(name, names, count);

	snprintf(error, OPTIONS_ERROR, "%s: no metric or label \"%.60s\" of a process%s%s%s",
		 option, name, near ? "; did you mean \"" : "; see /api/v1/metrics",
		 near ? near : "", near ? "\"?" : "");
	return false;
}

static bool fail(char *error, const char *text)
{
	text_copy(error, OPTIONS_ERROR, text);
	return false;
}

bool options_sort(struct encode_view *view, const char *text, char *error)
{
	char path[64];
	const char *colon = strchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : strlen(text);
	int metric;

	if (colon && strcmp(colon, ":asc") != 0 && strcmp(colon, ":desc") != 0)
		return fail(error, "sort: the direction is :asc or :desc");
	if (len >= sizeof(path))
		return fail(error, "sort: a metric of the process scope is wanted");
	memcpy(path, text, len);
	path[len] = '\0';
	metric = catalogue_find_metric(SCOPE_PROCESS, path);
	if (metric < 0) {
		const char *near = catalogue_nearest_metric(SCOPE_PROCESS, path);

		snprintf(error, OPTIONS_ERROR, "sort: no metric \"%s\" of a process%s%s%s", path,
			 near ? "; did you mean \"" : "; see /api/v1/metrics", near ? near : "",
			 near ? "\"?" : "");
		return false;
	}
	view->sort = (enum metric)metric;
	view->ascending = colon && strcmp(colon, ":asc") == 0;
	return true;
}

bool options_search(struct encode_view *view, const char *text, char *error)
{
	memset(view->filter.text, 0, sizeof(view->filter.text));
	if (text_copy(view->filter.text, sizeof(view->filter.text), text))
		return true;
	return fail(error, "q: at most 63 bytes");
}

/* True when the path is the name, or begins with it and a dot. */
static bool is_under(const char *path, const char *name, size_t len)
{
	return strncmp(path, name, len) == 0 && (path[len] == '\0' || path[len] == '.');
}

static bool add_to_mask(struct encode_mask *mask, enum scope scope, const char *name)
{
	const struct scope_info *info = &catalogue_scopes[scope];
	size_t len = strlen(name);
	bool found = false;

	for (size_t i = 0; i < scope_labels(scope); i++) {
		if (strcmp(catalogue_labels[(size_t)info->first_label + i].name, name) != 0)
			continue;
		mask->labels |= 1ULL << i;
		found = true;
	}
	for (size_t i = 0; i < scope_metrics(scope) && len; i++) {
		if (!is_under(catalogue_metrics[(size_t)info->first_metric + i].path, name, len))
			continue;
		mask->metrics[i / 64] |= 1ULL << i % 64;
		found = true;
	}
	return found;
}

bool options_field(struct encode_view *view, const char *name, char *error)
{
	bool of_process = add_to_mask(&view->process_mask, SCOPE_PROCESS, name);
	bool of_group = add_to_mask(&view->group_mask, SCOPE_GROUP, name);

	if (!of_process && !of_group)
		return options_unknown("fields", name, NULL, error);
	view->masked = true;
	return true;
}

static void clear_fields(struct encode_view *view)
{
	view->masked = false;
	memset(&view->process_mask, 0, sizeof(view->process_mask));
	memset(&view->group_mask, 0, sizeof(view->group_mask));
}

static bool take_fields(struct view_wish *wish, const json_t *value, const struct config *config,
			char *error)
{
	size_t i;
	json_t *one;

	(void)config;
	clear_fields(&wish->what);
	if (json_is_null(value))
		return true;
	if (!json_is_array(value) || !json_array_size(value) || json_array_size(value) > METRICS)
		return fail(error, "fields must be a list of metrics, labels, or what stands "
				   "before a dot in them, such as [\"comm\", \"cpu\"]");
	json_array_foreach (value, i, one) {
		if (!json_is_string(one))
			return fail(error, "fields must be a list of texts");
		if (!options_field(&wish->what, json_string_value(one), error))
			return false;
	}
	return true;
}

static bool take_sort(struct view_wish *wish, const json_t *value, const struct config *config,
		      char *error)
{
	(void)config;
	if (!json_is_string(value))
		return fail(error, "sort must be a metric of the process scope");
	return options_sort(&wish->what, json_string_value(value), error);
}

static bool take_limit(struct view_wish *wish, const json_t *value, const struct config *config,
		       char *error)
{
	(void)config;
	if (!json_is_integer(value) || json_integer_value(value) < 0 ||
	    json_integer_value(value) > OPTIONS_MAX_LIMIT)
		return fail(error, "limit must be a whole number from 0 (all) to 1000000");
	wish->what.limit = (uint32_t)json_integer_value(value);
	return true;
}

static bool take_interval(struct view_wish *wish, const json_t *value, const struct config *config,
			  char *error)
{
	uint32_t window = config->interval_ms;
	json_int_t ms = json_is_integer(value) ? json_integer_value(value) : 0;

	if (window && ms >= window && ms <= OPTIONS_MAX_INTERVAL_MS && ms % window == 0) {
		wish->every = (uint32_t)ms / window;
		return true;
	}
	snprintf(error, OPTIONS_ERROR, "interval_ms must be a multiple of the window, %u, up to %u",
		 window, OPTIONS_MAX_INTERVAL_MS);
	return false;
}

static bool take_delta(struct view_wish *wish, const json_t *value, const struct config *config,
		       char *error)
{
	(void)config;
	if (!json_is_boolean(value))
		return fail(error, "delta must be true or false");
	wish->delta = json_is_true(value);
	return true;
}

static bool take_filter(struct view_wish *wish, const json_t *value, const struct config *config,
			char *error)
{
	struct filter fresh = {0};

	(void)config;
	memcpy(fresh.text, wish->what.filter.text, sizeof(fresh.text));
	if (!options_filter(&fresh, value, error))
		return false;
	memcpy(&wish->what.filter, &fresh, sizeof(fresh));
	return true;
}

static bool take_search(struct view_wish *wish, const json_t *value, const struct config *config,
			char *error)
{
	(void)config;
	if (!json_is_string(value) || strlen(json_string_value(value)) != json_string_length(value))
		return fail(error, "q must be a text to search for");
	return options_search(&wish->what, json_string_value(value), error);
}

static const struct {
	const char *name;
	bool (*take)(struct view_wish *wish, const json_t *value, const struct config *config,
		     char *error);
} options[] = {
	{"interval_ms", take_interval}, {"sort", take_sort},	 {"limit", take_limit},
	{"fields", take_fields},	{"filter", take_filter}, {"q", take_search},
	{"delta", take_delta},
};

#define OPTIONS (sizeof(options) / sizeof(*options))

bool options_take(struct view_wish *wish, const char *name, const json_t *value,
		  const struct config *config, char *error)
{
	const char *names[OPTIONS];

	for (size_t i = 0; i < OPTIONS; i++) {
		names[i] = options[i].name;
		if (strcmp(options[i].name, name) == 0)
			return options[i].take(wish, value, config, error);
	}

	const char *near = text_nearest(name, names, OPTIONS);

	snprintf(error, OPTIONS_ERROR, "no option \"%.60s\"%s%s%s", name,
		 near ? "; did you mean \""
		      : "; there are interval_ms, sort, limit, fields, "
			"filter, q and delta",
		 near ? near : "", near ? "\"?" : "");
	return false;
}

static bool is_in(const char *name, const char *const *list)
{
	for (; list && *list; list++)
		if (strcmp(*list, name) == 0)
			return true;
	return false;
}

bool options_take_all(struct view_wish *wish, const json_t *object, const char *const *except,
		      const struct config *config, char *error)
{
	const char *name;
	json_t *value;

	if (object && !json_is_object(object))
		return fail(error, "options must be an object");
	json_object_foreach ((json_t *)object, name, value) {
		if (!is_in(name, except) && !options_take(wish, name, value, config, error))
			return false;
	}
	return true;
}
