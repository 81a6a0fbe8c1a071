// SPDX-License-Identifier: Apache-2.0
/* The finished tree: look-up and release, and texts on their way back to YAML. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "config/yaml.h"

void yaml_tree_free(struct yaml_node *node)
{
	if (!node)
		return;
	for (size_t i = 0; i < node->count; i++) {
		if (node->keys)
			free(node->keys[i]);
		yaml_tree_free(node->children[i]);
	}
	free(node->keys);
	free(node->key_lines);
	free(node->children);
	free(node->text);
	free(node);
}

const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key)
{
	if (map->kind != YAML_MAP)
		return NULL;
	for (size_t i = 0; i < map->count; i++)
		if (strcmp(map->keys[i], key) == 0)
			return map->children[i];
	return NULL;
}

bool yaml_is_null(const struct yaml_node *node)
{
	static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};

	if (node->kind != YAML_SCALAR || !node->plain)
		return false;
	for (size_t i = 0; i < sizeof(nulls) / sizeof(*nulls); i++)
		if (strcmp(node->text, nulls[i]) == 0)
			return true;
	return false;
}

const char *yaml_kind_text(const struct yaml_node *node)
{
	static const char *const texts[] = {
		[YAML_SCALAR] = "a value",
		[YAML_LIST] = "a list",
		[YAML_MAP] = "a map",
	};

	return texts[node->kind];
}

/* Bytes that a character takes, by its first byte; 0 when none begins so. */
static size_t sequence_length(unsigned char first)
{
	if (first < 0x80)
		return 1;
	if (first < 0xc2)
		return 0;
	if (first < 0xe0)
		return 2;
	if (first < 0xf0)
		return 3;
	return first < 0xf5 ? 4 : 0;
}

/* Decodes one character of UTF-8 (RFC 3629). Returns its length, 0 when it is invalid. */
static size_t decode(const char *text, uint32_t *ret)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t length = sequence_length((unsigned char)*text);
	uint32_t value = (unsigned char)*text;

	if (length > 1)
		value &= 0xffu >> (length + 1);
	for (size_t i = 1; i < length; i++) {
		unsigned char c = (unsigned char)text[i];

		if ((c & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (c & 0x3f);
	}
	if (length == 0 || value < least[length] || value > 0x10ffff ||
	    (value >= 0xd800 && value <= 0xdfff))
		return 0;
	*ret = value;
	return length;
}

bool yaml_text_valid(const char *text)
{
	uint32_t value;

	while (*text) {
		size_t length = decode(text, &value);

		if (length == 0)
			return false;
		text += length;
	}
	return true;
}

static const char *escape_format(uint32_t value)
{
	if (value < 0x100)
		return "\\x%02x";
	return value > 0xffff ? "\\U%08x" : "\\u%04x";
}

void yaml_quote(struct buf *out, const char *text)
{
	uint32_t value = 0;

	buf_add_char(out, '"');
	while (*text) {
		size_t length = decode(text, &value);

		if (length == 0) {
			length = 1;
			value = 0xfffd;
		}
		if (value == '"' || value == '\\')
			buf_printf(out, "\\%c", (int)value);
		else if (value >= 0x20 && value < 0x7f)
			buf_add_char(out, (char)value);
		else
			buf_printf(out, escape_format(value), value);
		text += length;
	}
	buf_add_char(out, '"');
}
