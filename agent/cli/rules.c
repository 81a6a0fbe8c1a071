// SPDX-License-Identifier: Apache-2.0
#include "cli/rules.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alert/rule.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "link/bundle.h"

#define MAX_RULE_FILE_BYTES (1 << 20)
#define PATH_BYTES 4600

static int is_rule_file(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return entry->d_name[0] != '.' && dot && (!strcmp(dot, ".yaml") || !strcmp(dot, ".yml"));
}

static int read_file(const char *path, struct buf *text, char *error, size_t size)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = -1;

	while (fd >= 0 && text->len <= MAX_RULE_FILE_BYTES) {
		char *to = buf_reserve(text, 65536);

		got = to ? read(fd, to, 65536) : -1;
		if (got <= 0)
			break;
		text->len += (size_t)got;
	}
	if (fd < 0 || got < 0) {
		snprintf(error, size, "%s: %s", path, strerror(errno));
		return -1;
	}
	if (text->len > MAX_RULE_FILE_BYTES) {
		snprintf(error, size, "%s: larger than 1 MiB", path);
		return -1;
	}
	return 0;
}

/* Parsed here only to be checked: the server parses it for itself. */
static int add_rule_file(struct rule_set *rules, const char *directory, const char *name,
			 struct buf *bundle, char *error, size_t size)
{
	AUTO_BUF struct buf text = {0};
	char path[PATH_BYTES], entry[300];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	if (read_file(path, &text, error, size) ||
	    rule_set_parse(rules, path, text.data ? text.data : "", text.len, error, size))
		return -1;
	snprintf(entry, sizeof(entry), "rules/%s", name);
	bundle_add(bundle, entry, text.data ? text.data : "", text.len);
	return 0;
}

static int add_rules(const char *directory, struct buf *bundle, char *error, size_t size)
{
	struct dirent **entries;
	int count = scandir(directory, &entries, is_rule_file, alphasort), failed = 0;

	if (count < 0) {
		snprintf(error, size, "rules_dir: %s: %s", directory, strerror(errno));
		return -1;
	}

	struct rule_set *rules = rule_set_default();

	for (int i = 0; i < count; i++) {
		if (rules && !failed)
			failed = add_rule_file(rules, directory, entries[i]->d_name, bundle, error,
					       size);
		free(entries[i]);
	}
	free(entries);
	if (!rules)
		snprintf(error, size, "out of memory");
	rule_set_free(rules);
	return rules ? failed : -1;
}

int rules_bundle(const struct config *config, struct buf *bundle, char *error, size_t size)
{
	AUTO_BUF struct buf text = {0};

	config_print(config, &text);
	bundle_add(bundle, "probecast.yaml", text.data, text.len);
	if (config->rules_dir[0] && add_rules(config->rules_dir, bundle, error, size))
		return -1;
	if (buf_failed(&text) || buf_failed(bundle)) {
		snprintf(error, size, "out of memory");
		return -1;
	}
	return 0;
}
