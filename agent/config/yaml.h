// SPDX-License-Identifier: Apache-2.0
/* A YAML text as a tree that remembers lines. Configuration and rules are read through it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

#define YAML_MAX_BYTES (1u << 20)
#define YAML_MAX_DEPTH 32
#define YAML_MAX_NODES 65536

enum yaml_kind { YAML_SCALAR, YAML_LIST, YAML_MAP };

struct yaml_node {
	enum yaml_kind kind;
	size_t line; /* from 1 */
	bool plain;  /* scalar: written without quotes */
	char *text;  /* scalar: its value, owned; valid UTF-8 */
	char **keys; /* map: one name per child */
	size_t *key_lines;
	struct yaml_node **children; /* list and map */
	size_t count;
};

/*
 * Parses one document. Returns the tree, or NULL with a text "NAME:LINE: what" in
 * error (size bytes). Refused: duplicate keys, aliases and anchors, tags, keys that
 * are no scalars, NUL in a text, more than one document, nesting over 32, more than
 * 65536 values, texts over 1 MiB. An empty document is an empty map.
 */
struct yaml_node *yaml_parse(const char *name, const char *text, size_t len, char *error,
			     size_t size);

/* Frees the tree; NULL is fine. (A yaml_free here would take the place of libyaml's own.) */
void yaml_tree_free(struct yaml_node *node);

/* The child of a map by its key, NULL when there is none. */
const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key);

/* True for a value that says nothing: left out, ~ or null, without quotes. */
bool yaml_is_null(const struct yaml_node *node);

/* "a list", "a map", "a value": for errors. */
const char *yaml_kind_text(const struct yaml_node *node);

/*
 * Writes "NAME:LINE: what" to error, one line whatever the texts hold; line 0 is left out, and
 * of a long name the end is shown. Returns -1, for the caller to return.
 */
int yaml_error(char *error, size_t size, const char *name, size_t line, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

/* True when the text is valid UTF-8: only such text can be written as YAML. */
bool yaml_text_valid(const char *text);

/* Appends valid UTF-8 as a double-quoted scalar of ASCII only, which reads back the same. */
void yaml_quote(struct buf *out, const char *text);
