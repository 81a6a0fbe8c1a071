// SPDX-License-Identifier: Apache-2.0
/* The configuration as YAML: the one in force, and the sample. */
#include <string.h>

#include "config/setting.h"

#define COMMENT_WIDTH 88

/* Keys of a group stand together in the table: its map begins where the group changes. */
static bool begins_group(size_t i)
{
	return *settings[i].group &&
	       (i == 0 || strcmp(settings[i - 1].group, settings[i].group) != 0);
}

static const char *indent_of(const struct setting *s)
{
	return *s->group ? "  " : "";
}

void config_print(const struct config *c, struct buf *out)
{
	for (size_t i = 0; i < settings_count; i++) {
		const struct setting *s = &settings[i];

		if (begins_group(i))
			buf_printf(out, "%s:\n", s->group);
		buf_printf(out, "%s%s:", indent_of(s), s->name);
		if (s->kind == SETTING_KEYS) {
			auth_keys_print(&c->auth, out);
			continue;
		}
		buf_add_char(out, ' ');
		if (s->kind == SETTING_NETWORKS)
			networks_print(&c->metrics, out);
		else
			setting_print(s, c, out);
		buf_add_char(out, '\n');
	}
}

/* Breaks a text into comment lines between words. */
static void print_comment(struct buf *out, const char *indent, const char *text)
{
	size_t room = COMMENT_WIDTH - strlen(indent);

	while (*text) {
		size_t len = strlen(text);

		if (len > room)
			for (len = room; text[len] != ' '; len--)
				;
		buf_printf(out, "# %s%.*s\n", indent, (int)len, text);
		text += len;
		text += *text == ' ';
	}
}

static void print_constraint(struct buf *out, const struct setting *s)
{
	char wants[160];

	if (s->kind == SETTING_TEXT && !s->choices)
		return;
	setting_wants(s, wants, sizeof(wants));
	buf_printf(out, "# %s(%s)\n", indent_of(s), wants);
}

static void print_key_example(struct buf *out)
{
	buf_add_string(out, "#   Example:\n"
			    "#   keys:\n"
			    "#     - kid: main\n"
			    "#       alg: HS256\n"
			    "#       secret_file: /etc/probecast/hmac.key\n"
			    "#     - kid: issuer\n"
			    "#       alg: ES256\n"
			    "#       public_key_file: /etc/probecast/issuer.pem\n");
}

static const char sample_head[] =
	"# SPDX-License-Identifier: Apache-2.0\n"
	"# Configuration of Probecast. All keys stand here with their defaults; to\n"
	"# change one, remove the # before it, and the # before the name of its map.\n";

void config_print_sample(struct buf *out)
{
	buf_add_string(out, sample_head);
	for (size_t i = 0; i < settings_count; i++) {
		const struct setting *s = &settings[i];

		buf_add_char(out, '\n');
		if (begins_group(i))
			buf_printf(out, "#%s:\n", s->group);
		print_comment(out, indent_of(s), s->help);
		if (s->kind == SETTING_KEYS)
			print_key_example(out);
		else
			print_constraint(out, s);
		buf_printf(out, "#%s%s: %s\n", indent_of(s), s->name, s->fallback);
	}
}
