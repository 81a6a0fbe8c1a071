// SPDX-License-Identifier: Apache-2.0
#include "collect/tenancy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static int parse_one(struct tenancy *t, char *word, char *error, size_t size)
{
	char *equals = strchr(word, '=');

	if (t->count == TENANCY_MAX) {
		snprintf(error, size, "tenants: more than %d", TENANCY_MAX);
		return -1;
	}
	if (!equals || equals == word || equals[1] != '/') {
		snprintf(error, size,
			 "tenants: \"%.80s\" is not NAME=/PATH with a glob of cgroup paths, as in "
			 "shop=/shop.slice*",
			 word);
		return -1;
	}
	*equals = '\0';
	t->names[t->count] = word;
	t->globs[t->count++] = equals + 1;
	return 0;
}

int tenancy_parse(struct tenancy *t, const char *text, char *error, size_t size)
{
	char *rest = NULL;
	int failed = 0;

	*t = (struct tenancy){.text = strdup(text)};
	for (char *word = t->text ? strtok_r(t->text, " ", &rest) : NULL; word && !failed;
	     word = strtok_r(NULL, " ", &rest))
		failed = parse_one(t, word, error, size);
	if (failed)
		tenancy_free(t);
	return failed;
}

const char *tenancy_find(const struct tenancy *t, const char *path)
{
	for (size_t i = 0; i < t->count; i++)
		if (text_glob(t->globs[i], path))
			return t->names[i];
	return NULL;
}

void tenancy_free(struct tenancy *t)
{
	free(t->text);
	*t = (struct tenancy){0};
}
