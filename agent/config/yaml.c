// SPDX-License-Identifier: Apache-2.0
#include "config/yaml.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

/* Of a longer name the end is shown, so that the reason always fits behind it. */
#define NAME_SHOWN 200

/* A text that is being read. */
struct reader {
	yaml_parser_t parser;
	const char *name;
	const char *text;
	char *error;
	size_t size;
	size_t nodes;
};

int yaml_error(char *error, size_t size, const char *name, size_t line, const char *format, ...)
{
	size_t len = strlen(name);
	const char *cut = len > NAME_SHOWN ? "..." : "";
	const char *shown = len > NAME_SHOWN ? name + len - NAME_SHOWN : name;
	int used = line ? snprintf(error, size, "%s%s:%zu: ", cut, shown, line)
			: snprintf(error, size, "%s%s: ", cut, shown);
	va_list args;

	va_start(args, format);
	if (used >= 0 && (size_t)used < size)
		vsnprintf(error + used, size - (size_t)used, format, args);
	va_end(args);
	for (char *c = error; size && *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	return -1;
}

static struct yaml_node *refuse(struct reader *r, const yaml_mark_t *mark, const char *what)
{
	yaml_error(r->error, r->size, r->name, mark->line + 1, "%s", what);
	return NULL;
}

/* The reader's errors (bad UTF-8, control characters) come with an offset instead of a line. */
static size_t line_of_offset(const char *text, size_t offset)
{
	size_t line = 1;

	for (size_t i = 0; i < offset; i++)
		line += text[i] == '\n';
	return line;
}

/* What is mostly meant where libyaml sees something else. */
static const char *hint_for(const yaml_parser_t *p)
{
	if (p->context && strstr(p->context, "block scalar"))
		return "; write a text that begins with > or | in quotes";
	if (p->context && strstr(p->context, "flow"))
		return "; write a text that begins with [ or { in quotes";
	if (p->problem && strstr(p->problem, "cannot start any token"))
		return "; indent by spaces, write a text that begins with @, % or ` in quotes";
	return "";
}

static struct yaml_node *refuse_syntax(struct reader *r)
{
	const yaml_parser_t *p = &r->parser;
	bool unreadable = p->error == YAML_READER_ERROR;
	size_t line = p->problem_mark.line + 1;

	if (unreadable)
		line = line_of_offset(r->text, p->problem_offset);
	yaml_error(r->error, r->size, r->name, line, "%s%s%s%s",
		   p->problem ? p->problem : "out of memory", p->context ? " " : "",
		   p->context ? p->context : "", unreadable ? "" : hint_for(p));
	return NULL;
}

static struct yaml_node *new_node(struct reader *r, enum yaml_kind kind, const yaml_mark_t *mark)
{
	if (++r->nodes > YAML_MAX_NODES)
		return refuse(r, mark, "more than 65536 values");

	struct yaml_node *node = calloc(1, sizeof(*node));

	if (!node)
		return refuse(r, mark, "out of memory");
	node->kind = kind;
	node->line = mark->line + 1;
	return node;
}

static const char *scalar_fault(const yaml_event_t *e)
{
	if (e->data.scalar.anchor)
		return "anchors are not supported";
	if (e->data.scalar.tag)
		return "tags are not supported; write a text that begins with ! in quotes";
	if (strlen((const char *)e->data.scalar.value) != e->data.scalar.length)
		return "a text may not hold the character NUL";
	return NULL;
}

static struct yaml_node *read_scalar(struct reader *r, const yaml_event_t *e)
{
	const char *fault = scalar_fault(e);

	if (fault)
		return refuse(r, &e->start_mark, fault);

	struct yaml_node *node = new_node(r, YAML_SCALAR, &e->start_mark);

	if (!node)
		return NULL;
	node->plain = e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	node->text = strdup((const char *)e->data.scalar.value);
	if (!node->text) {
		yaml_tree_free(node);
		return refuse(r, &e->start_mark, "out of memory");
	}
	return node;
}

/* Makes room for one child more: the arrays grow at powers of two. */
static bool grow(struct yaml_node *node)
{
	size_t count = node->count, cap = count ? count * 2 : 1;

	if (count & (count - 1))
		return true;

	void *children = realloc(node->children, cap * sizeof(void *));

	if (!children)
		return false;
	node->children = children;
	if (node->kind != YAML_MAP)
		return true;

	void *keys = realloc(node->keys, cap * sizeof(*node->keys));

	if (!keys)
		return false;
	node->keys = keys;

	void *lines = realloc(node->key_lines, cap * sizeof(*node->key_lines));

	if (!lines)
		return false;
	node->key_lines = lines;
	return true;
}

static struct yaml_node *read_node(struct reader *r, const yaml_event_t *e, size_t depth);

/* Reads the next event; false with the error set. The caller deletes the event. */
static bool next_event(struct reader *r, yaml_event_t *e)
{
	if (yaml_parser_parse(&r->parser, e))
		return true;
	refuse_syntax(r);
	return false;
}

/* Takes over key, which is NULL in a list. */
static bool add_child(struct reader *r, struct yaml_node *node, const yaml_event_t *e, char *key,
		      size_t key_line, size_t depth)
{
	struct yaml_node *child = grow(node) ? read_node(r, e, depth)
					     : refuse(r, &e->start_mark, "out of memory");

	if (!child) {
		free(key);
		return false;
	}
	if (key) {
		node->keys[node->count] = key;
		node->key_lines[node->count] = key_line;
	}
	node->children[node->count++] = child;
	return true;
}

static bool read_pair(struct reader *r, struct yaml_node *map, const yaml_event_t *key,
		      size_t depth)
{
	if (key->type != YAML_SCALAR_EVENT) {
		refuse(r, &key->start_mark, "a key must be a plain name");
		return false;
	}

	struct yaml_node *name = read_scalar(r, key);
	yaml_event_t value;

	if (!name)
		return false;

	char *text = name->text;

	name->text = NULL;
	yaml_tree_free(name);
	if (!next_event(r, &value)) {
		free(text);
		return false;
	}

	bool ok = add_child(r, map, &value, text, key->start_mark.line + 1, depth);

	yaml_event_delete(&value);
	return ok;
}

/* A key of a map, for finding two that are alike. */
struct named_line {
	const char *name;
	size_t line;
};

static int compare_names(const void *a, const void *b)
{
	const struct named_line *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order ? order : (x->line > y->line) - (x->line < y->line);
}

static bool keys_unique(struct reader *r, const struct yaml_node *map, const yaml_mark_t *mark)
{
	struct named_line *sorted = calloc(map->count + 1, sizeof(*sorted));
	bool unique = true;

	if (!sorted) {
		refuse(r, mark, "out of memory");
		return false;
	}
	for (size_t i = 0; i < map->count; i++)
		sorted[i] = (struct named_line){map->keys[i], map->key_lines[i]};
	qsort(sorted, map->count, sizeof(*sorted), compare_names);
	for (size_t i = 1; i < map->count && unique; i++) {
		unique = strcmp(sorted[i - 1].name, sorted[i].name) != 0;
		if (!unique)
			yaml_error(r->error, r->size, r->name, sorted[i].line,
				   "duplicate key \"%.80s\", first on line %zu", sorted[i].name,
				   sorted[i - 1].line);
	}
	free(sorted);
	return unique;
}

/* Fills a list or map up to its end event. */
static bool read_children(struct reader *r, struct yaml_node *node, size_t depth)
{
	yaml_event_type_t end = node->kind == YAML_MAP ? YAML_MAPPING_END_EVENT
						       : YAML_SEQUENCE_END_EVENT;
	yaml_event_t e;

	for (;;) {
		if (!next_event(r, &e))
			return false;

		bool ended = e.type == end;
		yaml_mark_t mark = e.start_mark;
		bool ok = ended ||
			  (node->kind == YAML_MAP ? read_pair(r, node, &e, depth)
						  : add_child(r, node, &e, NULL, 0, depth));

		yaml_event_delete(&e);
		if (ended)
			return node->kind != YAML_MAP || keys_unique(r, node, &mark);
		if (!ok)
			return false;
	}
}

static const char *collection_fault(const yaml_event_t *e, size_t depth)
{
	bool map = e->type == YAML_MAPPING_START_EVENT;

	if (map ? e->data.mapping_start.anchor : e->data.sequence_start.anchor)
		return "anchors are not supported";
	if (map ? e->data.mapping_start.tag : e->data.sequence_start.tag)
		return "tags are not supported";
	return depth >= YAML_MAX_DEPTH ? "nested deeper than 32 levels" : NULL;
}

/* The tree of which e is the first event. Recursion ends at YAML_MAX_DEPTH. */
static struct yaml_node *read_node(struct reader *r, const yaml_event_t *e, size_t depth)
{
	if (e->type == YAML_SCALAR_EVENT)
		return read_scalar(r, e);
	if (e->type == YAML_ALIAS_EVENT)
		return refuse(
			r, &e->start_mark,
			"aliases are not supported; write a text that begins with * in quotes");

	const char *fault = collection_fault(e, depth);

	if (fault)
		return refuse(r, &e->start_mark, fault);

	enum yaml_kind kind = e->type == YAML_MAPPING_START_EVENT ? YAML_MAP : YAML_LIST;
	struct yaml_node *node = new_node(r, kind, &e->start_mark);

	if (node && !read_children(r, node, depth + 1)) {
		yaml_tree_free(node);
		return NULL;
	}
	return node;
}

/* Skips the events of this type; false with the error set when another one comes. */
static bool expect(struct reader *r, yaml_event_type_t type, const char *otherwise)
{
	yaml_event_t e;

	if (!next_event(r, &e))
		return false;

	bool ok = e.type == type;

	if (!ok)
		refuse(r, &e.start_mark, otherwise);
	yaml_event_delete(&e);
	return ok;
}

static bool is_empty_text(const yaml_event_t *e)
{
	return e->type == YAML_SCALAR_EVENT && e->data.scalar.length == 0 &&
	       e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

/* The value between the start and the end of the document. */
static struct yaml_node *read_root(struct reader *r)
{
	yaml_event_t e;

	if (!next_event(r, &e))
		return NULL;

	struct yaml_node *root = is_empty_text(&e) ? new_node(r, YAML_MAP, &e.start_mark)
						   : read_node(r, &e, 0);

	yaml_event_delete(&e);
	if (root && (!expect(r, YAML_DOCUMENT_END_EVENT, "expected the end of the document") ||
		     !expect(r, YAML_STREAM_END_EVENT, "more than one document"))) {
		yaml_tree_free(root);
		return NULL;
	}
	return root;
}

static struct yaml_node *read_stream(struct reader *r)
{
	yaml_event_t e;

	if (!expect(r, YAML_STREAM_START_EVENT, "expected a document") || !next_event(r, &e))
		return NULL;

	bool empty = e.type == YAML_STREAM_END_EVENT;
	yaml_mark_t mark = e.start_mark;

	yaml_event_delete(&e);
	return empty ? new_node(r, YAML_MAP, &mark) : read_root(r);
}

struct yaml_node *yaml_parse(const char *name, const char *text, size_t len, char *error,
			     size_t size)
{
	struct reader r = {.name = name, .text = text, .error = error, .size = size};

	if (len > YAML_MAX_BYTES) {
		yaml_error(error, size, name, 0, "larger than 1 MiB");
		return NULL;
	}
	if (!yaml_parser_initialize(&r.parser)) {
		yaml_error(error, size, name, 0, "out of memory");
		return NULL;
	}
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, len);

	struct yaml_node *root = read_stream(&r);

	yaml_parser_delete(&r.parser);
	return root;
}
