// SPDX-License-Identifier: Apache-2.0
/* The shipped configuration and its manual say what the table of keys says. */
#include <stdio.h>
#include <string.h>

#include "config/config.h"
#include "config/setting.h"
#include "harness/harness.h"

static void read_project_file(const char *path, char **ret_text)
{
	size_t len;

	if (file_read(path, YAML_MAX_BYTES, ret_text, &len) < 0)
		harness_fail(__FILE__, __LINE__, "cannot read %s: run this in the top directory",
			     path);
}

TEST(the_shipped_file_is_the_table)
{
	struct buf out = {0};
	char *shipped;

	read_project_file("deploy/probecast.yaml", &shipped);
	config_print_sample(&out);
	buf_add_char(&out, '\0');
	CHECK_STRING(shipped, out.data);
}

/* Takes the # off each key, as a user would. */
static void uncomment(char *text)
{
	char *to = text;

	for (char *line = text; *line;) {
		size_t len = strcspn(line, "\n") + 1;
		size_t indent = strncmp(line, "#  ", 3) == 0 ? 3 : 1;
		bool key = line[0] == '#' && line[indent] >= 'a' && line[indent] <= 'z';

		memmove(to, line + key, len - key);
		to += len - key;
		line += len;
	}
	*to = '\0';
}

TEST(the_shipped_file_without_its_comment_marks_gives_the_defaults)
{
	struct config c, before;
	struct config_error error;
	char *text;

	read_project_file("deploy/probecast.yaml", &text);
	config_init(&c);
	config_init(&before);
	uncomment(text);
	CHECK(strstr(text, "\nlimits:\n") && strstr(text, "\n  query_token: false\n"));
	if (config_parse(&c, "uncommented", text, strlen(text), &error) < 0)
		harness_fail(__FILE__, __LINE__, "%s", error.text);
	CHECK_STRING(c.rules_dir, "/etc/probecast/rules.d");
	CHECK_STRING(c.state_dir, "/var/lib/probecast");

	/* These two follow the machine. */
	memset(c.rules_dir, 0, sizeof(c.rules_dir));
	memset(before.rules_dir, 0, sizeof(before.rules_dir));
	memset(c.state_dir, 0, sizeof(c.state_dir));
	memset(before.state_dir, 0, sizeof(before.state_dir));
	CHECK(memcmp(&c, &before, sizeof(c)) == 0);
}

TEST(the_manual_has_every_key)
{
	char *manual;

	read_project_file("docs/CONFIGURATION.md", &manual);
	for (size_t i = 0; i < settings_count; i++) {
		const struct setting *s = &settings[i];
		char path[80], wants[160], row[1024];

		snprintf(row, sizeof(row), "| `%s` | %s | `%s` | %s%s%s | %s |\n",
			 setting_path(s, path, sizeof(path)),
			 setting_wants(s, wants, sizeof(wants)), s->fallback,
			 s->environment ? "`" : "", s->environment ? s->environment : "",
			 s->environment ? "`" : "", s->help);
		if (!strstr(manual, row))
			harness_fail(__FILE__, __LINE__,
				     "docs/CONFIGURATION.md lacks this row:\n%s", row);
	}
}
