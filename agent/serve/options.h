// SPDX-License-Identifier: Apache-2.0
/*
 * What a reader wants, in its own words: the options of a subscription (JSON)
 * and the parameters of a request (query), into a view. Errors are one line
 * that names the option and, where one is near, the name that was meant.
 */
#pragma once

#include <jansson.h>

#include "config/config.h"
#include "serve/view.h"

#define OPTIONS_ERROR 256
#define OPTIONS_MAX_LIMIT 1000000
#define OPTIONS_MAX_INTERVAL_MS 3600000

/* Names of other things. */
struct options_names {
	const char *const *list;
	size_t count;
};

#define OPTIONS_MAX_NAMES 64

/* What one gets who says nothing: all that one may see, by CPU, each window. */
void options_init(struct view_wish *wish, const struct config *config,
		  const struct tenants *tenants);

/* One option of a subscription. False with the error written (OPTIONS_ERROR bytes). */
bool options_take(struct view_wish *wish, const char *name, const json_t *value,
		  const struct config *config, char *error);

/* All of an object (NULL: none) but those names that are in except, which ends with NULL. */
bool options_take_all(struct view_wish *wish, const json_t *object, const char *const *except,
		      const struct config *config, char *error);

/* "cpu.percent", "cpu.percent:asc" or "cpu.percent:desc" */
bool options_sort(struct encode_view *view, const char *text, char *error);

/* A text to search for; "" for none. */
bool options_search(struct encode_view *view, const char *text, char *error);

/* One metric, label, or what stands before a dot in them, is shown; the first takes the others
 * away. */
bool options_field(struct encode_view *view, const char *name, char *error);

/* The filter as an object; NULL or null takes it away. In filter.c. */
bool options_filter(struct filter *filter, const json_t *object, char *error);

/*
 * One condition as a parameter, whose name is none of those in also: a label and a glob; a label
 * with ".not" and a glob; a metric or a label that is a number with ".gt" and the like, and a
 * number. In filter.c.
 */
bool options_condition(struct filter *filter, const char *name, const char *value,
		       const struct options_names *also, char *error);

/*
 * Writes that there is no such name, and which of the process scope, or of those that could stand
 * here also (NULL: none), is near. Returns false.
 */
bool options_unknown(const char *option, const char *name, const struct options_names *also,
		     char *error);
