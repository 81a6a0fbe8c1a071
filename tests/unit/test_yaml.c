// SPDX-License-Identifier: Apache-2.0
/* YAML texts as trees: what is read, what is refused, and with which line. */
#include "config/yaml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/harness.h"

static char error[512];

static struct yaml_node *parse_bytes(const char *text, size_t len)
{
	error[0] = '\0';
	return yaml_parse("t.yaml", text, len, error, sizeof(error));
}

static struct yaml_node *parse(const char *text)
{
	struct yaml_node *tree = parse_bytes(text, strlen(text));

	if (!tree)
		harness_fail(__FILE__, __LINE__, "refused: %s", error);
	return tree;
}

TEST(a_map_keeps_order_text_and_lines)
{
	struct yaml_node *tree = parse("# a comment\n"
				       "one: 1\n"
				       "\n"
				       "two:\n"
				       "  - a\n"
				       "  - 'b: c'\n"
				       "three: {x: \"y\"}\n");

	CHECK_INT(tree->kind, YAML_MAP);
	CHECK_UINT(tree->count, 3);
	CHECK_STRING(tree->keys[0], "one");
	CHECK_UINT(tree->key_lines[0], 2);
	CHECK_STRING(yaml_get(tree, "one")->text, "1");
	CHECK(yaml_get(tree, "one")->plain);
	CHECK_UINT(tree->key_lines[1], 4);

	const struct yaml_node *two = yaml_get(tree, "two");

	CHECK_INT(two->kind, YAML_LIST);
	CHECK_UINT(two->line, 5);
	CHECK_UINT(two->count, 2);
	CHECK_STRING(two->children[1]->text, "b: c");
	CHECK(!two->children[1]->plain);
	CHECK_UINT(two->children[1]->line, 6);
	CHECK_STRING(yaml_get(yaml_get(tree, "three"), "x")->text, "y");
	CHECK_UINT(tree->key_lines[2], 7);
	CHECK(yaml_get(tree, "four") == NULL);
	CHECK(yaml_get(two, "a") == NULL);
	yaml_tree_free(tree);
	yaml_tree_free(NULL);
}

TEST(json_is_yaml_too)
{
	struct yaml_node *tree = parse("{\"a\": [1, {\"b\": \"\\u00e9\\n\"}], \"c\": true}");

	CHECK_STRING(yaml_get(yaml_get(tree, "a")->children[1], "b")->text, "\xc3\xa9\n");
	CHECK_STRING(yaml_get(tree, "c")->text, "true");
	yaml_tree_free(tree);
}

TEST(an_empty_text_is_an_empty_map)
{
	static const char *const empties[] = {
		"",	  "\n", "# only a comment\n", "---\n", "--- # x\n...\n", "\xef\xbb\xbf",
		"  \n\n", "{}"};

	for (size_t i = 0; i < sizeof(empties) / sizeof(*empties); i++) {
		struct yaml_node *tree = parse(empties[i]);

		CHECK_INT(tree->kind, YAML_MAP);
		CHECK_UINT(tree->count, 0);
		yaml_tree_free(tree);
	}
}

TEST(a_mark_at_the_beginning_is_no_text)
{
	struct yaml_node *tree = parse("\xef\xbb\xbflisten: x\n");

	CHECK_STRING(yaml_get(tree, "listen")->text, "x");
	yaml_tree_free(tree);
}

TEST(only_unquoted_texts_are_null)
{
	struct yaml_node *tree = parse("[~, null, NULL, '', \"null\", nil, [], {a: }]");

	CHECK(yaml_is_null(tree->children[0]));
	CHECK(yaml_is_null(tree->children[1]));
	CHECK(yaml_is_null(tree->children[2]));
	for (size_t i = 3; i < 8; i++)
		CHECK(!yaml_is_null(tree->children[i]));
	CHECK(yaml_is_null(yaml_get(tree->children[7], "a")));
	CHECK_STRING(yaml_kind_text(tree->children[6]), "a list");
	CHECK_STRING(yaml_kind_text(tree->children[7]), "a map");
	CHECK_STRING(yaml_kind_text(tree->children[5]), "a value");
	yaml_tree_free(tree);
}

static const struct {
	const char *text;
	const char *expected; /* how the error begins */
} refused[] = {
	{"a: 1\na: 2\n", "t.yaml:2: duplicate key \"a\", first on line 1"},
	{"{b: 1, a: 2, c: 3, b: 4}", "t.yaml:1: duplicate key \"b\", first on line 1"},
	{"x:\n  a: 1\n  b: 2\n  a: 3\n", "t.yaml:4: duplicate key \"a\", first on line 2"},
	{"a: 1\n'a': 2\n", "t.yaml:2: duplicate key"},
	{"a: &x 1\n", "t.yaml:1: anchors are not supported"},
	{"a:\n  &x [1]\n", "t.yaml:2: anchors are not supported"},
	{"a: &x {b: 1}\n", "t.yaml:1: anchors are not supported"},
	{"&x a: 1\n", "t.yaml:1: anchors are not supported"},
	{"a: 1\nb: *x\n", "t.yaml:2: aliases are not supported"},
	{"*x : 1\n", "t.yaml:1: a key must be a plain name"},
	{"a: !!str 1\n", "t.yaml:1: tags are not supported"},
	{"a: !x [1]\n", "t.yaml:1: tags are not supported"},
	{"a: !!map {}\n", "t.yaml:1: tags are not supported"},
	{"op: !=\n", "t.yaml:1: tags are not supported; write a text that begins with ! in quotes"},
	{"op: >=\n", "t.yaml:1: did not find expected comment or line break"},
	{"[a, b]: 1\n", "t.yaml:1: a key must be a plain name"},
	{"? {a: 1}\n: 2\n", "t.yaml:1: a key must be a plain name"},
	{"a: 1\n---\nb: 2\n", "t.yaml:2: more than one document"},
	{"a: 1\n...\nb: 2\n", "t.yaml:3: did not find expected <document start>"},
	{"a: \"b\\0c\"\n", "t.yaml:1: a text may not hold the character NUL"},
	{"\"\\0\": 1\n", "t.yaml:1: a text may not hold the character NUL"},
	{"a: 1\nb: \x01\n", "t.yaml:2: control characters are not allowed"},
	{"a: 1\nb: \x7f\n", "t.yaml:2: control characters are not allowed"},
	{"a: 1\n\nb: \xff\n", "t.yaml:3: invalid leading UTF-8 octet"},
	{"a: \xc3(\n", "t.yaml:1: invalid trailing UTF-8 octet"},
	{"a: \xc0\xaf\n", "t.yaml:1: invalid length of a UTF-8 sequence"},
	{"a: \xed\xa0\x80\n", "t.yaml:1: invalid Unicode character"},
	{"a: \xf5\x80\x80\x80\n", "t.yaml:1: invalid Unicode character"},
	{"a: x\xe2\x82", "t.yaml:1: incomplete UTF-8 octet sequence"},
	{"\xff\xfe"
	 "a\0",
	 "t.yaml:1: invalid leading UTF-8 octet"},
	{"a: \"\\ud800\"\n", "t.yaml:1: found invalid Unicode character escape code"},
	{"a: \"\\x4\"\n", "t.yaml:1: did not find expected hexdecimal number"},
	{"a: \"\\q\"\n", "t.yaml:1: found unknown escape character"},
	{"a: 'x\n", "t.yaml:2: found unexpected end of stream"},
	{"a: \"x\n", "t.yaml:2: found unexpected end of stream"},
	{"a: [1, 2\n", "t.yaml:2: did not find expected ',' or ']'"},
	{"a: {b: 1\n", "t.yaml:2: did not find expected ',' or '}'"},
	{"a: 1]\nb: ]\n", "t.yaml:2: did not find expected node content"},
	{"a: b: c\n", "t.yaml:1: mapping values are not allowed in this context"},
	{"a: 1\n b: 2\n", "t.yaml:2: mapping values are not allowed in this context"},
	{"a:\n\tb: 1\n", "t.yaml:2: found character that cannot start any token"},
	{"a: @x\n", "t.yaml:1: found character that cannot start any token"},
	{"a: `x`\n", "t.yaml:1: found character that cannot start any token"},
	{"a: %x\n", "t.yaml:1: found character that cannot start any token"},
	{"a\nb: 1\n", "t.yaml:2: mapping values are not allowed in this context"},
	{"a: 1\nb\nc: 2\n", "t.yaml:3: could not find expected ':'"},
	{"a: 1\nb\n", "t.yaml:3: could not find expected ':'"},
	{"- a\nb: 1\n", "t.yaml:2: did not find expected '-' indicator"},
	{"a: 1\n- b\n", "t.yaml:2: did not find expected key"},
	{"%YAML 2.0\n---\na: 1\n", "t.yaml:1: found incompatible YAML document"},
	{"%FOO\n", "t.yaml:1: found unknown directive name"},
	{"%TAG\n---\n", "t.yaml:1: did not find expected '!'"},
	{"}\n", "t.yaml:1: did not find expected node content"},
};

TEST(bad_texts_are_refused_with_their_line)
{
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		struct yaml_node *tree = parse_bytes(refused[i].text, strlen(refused[i].text));

		if (tree)
			harness_fail(__FILE__, __LINE__, "accepted: %s", refused[i].text);
		if (strncmp(error, refused[i].expected, strlen(refused[i].expected)) != 0)
			harness_fail(__FILE__, __LINE__, "\"%s\" gives \"%s\", not \"%s\"",
				     refused[i].text, error, refused[i].expected);
		CHECK(strchr(error, '\n') == NULL);
	}
}

TEST(a_block_scalar_by_mistake_gets_a_hint)
{
	CHECK(!parse_bytes("op: >=\n", 7));
	CHECK(strstr(error, "write a text that begins with > or | in quotes") != NULL);
}

TEST(a_raw_nul_is_refused)
{
	static const char text[] = "a: b\0c\n";

	CHECK(!parse_bytes(text, sizeof(text) - 1));
	CHECK_STRING(error, "t.yaml:1: control characters are not allowed");
}

static void nested(char *text, size_t levels)
{
	memset(text, '[', levels);
	memset(text + levels, ']', levels);
	text[2 * levels] = '\0';
}

TEST(nesting_ends_at_32)
{
	char text[4096];

	nested(text, YAML_MAX_DEPTH);
	yaml_tree_free(parse(text));
	nested(text, YAML_MAX_DEPTH + 1);
	CHECK(!parse_bytes(text, strlen(text)));
	CHECK_STRING(error, "t.yaml:1: nested deeper than 32 levels");
	nested(text, 2000);
	CHECK(!parse_bytes(text, strlen(text)));
}

static char *repeat(const char *piece, size_t count, size_t *ret_len)
{
	size_t len = strlen(piece);
	char *text = malloc(len * count + 1);

	for (size_t i = 0; i < count; i++)
		memcpy(text + i * len, piece, len);
	text[len * count] = '\0';
	*ret_len = len * count;
	return text;
}

TEST(size_and_number_of_values_are_limited)
{
	size_t len;
	char *text = repeat("# 9bytes\n", YAML_MAX_BYTES / 9 + 1, &len);

	CHECK(!parse_bytes(text, YAML_MAX_BYTES + 1));
	CHECK_STRING(error, "t.yaml: larger than 1 MiB");
	yaml_tree_free(parse_bytes(text, YAML_MAX_BYTES));
	CHECK_STRING(error, "");
	free(text);
	text = repeat("- \n", YAML_MAX_NODES - 1, &len);
	yaml_tree_free(parse(text));
	free(text);
	text = repeat("- \n", YAML_MAX_NODES, &len);
	CHECK(!parse_bytes(text, len));
	CHECK_STRING(error, "t.yaml:65536: more than 65536 values");
	free(text);
}

TEST(many_keys_are_compared_in_good_time)
{
	struct buf text = {0};

	for (int i = 0; i < 30000; i++)
		buf_printf(&text, "key%d: %d\n", i, i);

	struct yaml_node *tree = parse_bytes(text.data, text.len);

	CHECK(tree != NULL);
	CHECK_UINT(tree->count, 30000);
	yaml_tree_free(tree);
	buf_add_string(&text, "key7: again\n");
	CHECK(!parse_bytes(text.data, text.len));
	CHECK_STRING(error, "t.yaml:30001: duplicate key \"key7\", first on line 8");
	buf_free(&text);
}

TEST(an_error_is_one_line_and_keeps_its_reason)
{
	char name[3000], small[8];

	CHECK(!parse_bytes("\"a\\nb\": 1\n\"a\\nb\": 2\n", 20));
	CHECK_STRING(error, "t.yaml:2: duplicate key \"a?b\", first on line 1");
	memset(name, 'd', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	CHECK(!yaml_parse(name, "a: *b\n", 6, error, sizeof(error)));
	CHECK(strncmp(error, "...ddd", 6) == 0);
	CHECK(strstr(error, "ddd:1: aliases are not supported") != NULL);
	CHECK(!yaml_parse("long-name", "a: *b\n", 6, small, sizeof(small)));
	CHECK_STRING(small, "long-na");
}

static void check_round_trip(const char *text)
{
	struct buf out = {0};

	yaml_quote(&out, text);
	for (size_t i = 0; i < out.len; i++)
		CHECK(out.data[i] >= 0x20 && out.data[i] < 0x7f);

	struct yaml_node *tree = parse_bytes(out.data, out.len);

	if (!tree)
		harness_fail(__FILE__, __LINE__, "%.*s refused: %s", (int)out.len, out.data, error);
	CHECK_INT(tree->kind, YAML_SCALAR);
	CHECK_STRING(tree->text, text);
	yaml_tree_free(tree);
	buf_free(&out);
}

TEST(quoted_texts_read_back_the_same)
{
	static const char *const texts[] = {
		"",
		"~",
		"null",
		"true",
		"a: b",
		"- x",
		"# no comment",
		"\"",
		"\\",
		"\\n",
		"'",
		"{[",
		"*a",
		"&a",
		"!x",
		"%",
		"@",
		"`",
		" lead",
		"trail ",
		"a\nb\r\n",
		"\t",
		"\x01\x1f",
		"\x7f",
		"\xc2\x80",
		"\xc2\x85",
		"\xc3\xa9",
		"\xe2\x80\xa8",
		"\xe2\x80\xa9",
		"\xef\xbb\xbf",
		"\xef\xbf\xbf",
		"\xf0\x9f\x98\x80",
		"\xf4\x8f\xbf\xbf",
		"---",
		"...",
		"</script>",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		CHECK(yaml_text_valid(texts[i]));
		check_round_trip(texts[i]);
	}
}

/* Every character of Unicode, in pieces. */
TEST(every_character_reads_back_the_same)
{
	for (uint32_t base = 1; base < 0x110000; base += 0x2b7) {
		char text[5] = {0};

		if (base >= 0xd800 && base <= 0xdfff)
			continue;
		if (base < 0x80) {
			text[0] = (char)base;
		} else if (base < 0x800) {
			text[0] = (char)(0xc0 | base >> 6);
			text[1] = (char)(0x80 | (base & 0x3f));
		} else if (base < 0x10000) {
			text[0] = (char)(0xe0 | base >> 12);
			text[1] = (char)(0x80 | (base >> 6 & 0x3f));
			text[2] = (char)(0x80 | (base & 0x3f));
		} else {
			text[0] = (char)(0xf0 | base >> 18);
			text[1] = (char)(0x80 | (base >> 12 & 0x3f));
			text[2] = (char)(0x80 | (base >> 6 & 0x3f));
			text[3] = (char)(0x80 | (base & 0x3f));
		}
		CHECK(yaml_text_valid(text));
		check_round_trip(text);
	}
}

TEST(invalid_utf8_is_told)
{
	static const char *const texts[] = {
		"\x80",
		"\xff",
		"\xc3",
		"\xc3(",
		"\xc0\xaf",
		"\xc1\x81",
		"\xe0\x80\x80",
		"\xe2\x82",
		"\xed\xa0\x80",
		"\xf0\x80\x80\x80",
		"\xf4\x90\x80\x80",
		"\xf5\x80\x80\x80",
		"ok\xfe",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct buf out = {0};

		CHECK(!yaml_text_valid(texts[i]));
		yaml_quote(&out, texts[i]);
		yaml_tree_free(parse_bytes(out.data, out.len));
		CHECK_STRING(error, "");
		buf_free(&out);
	}
}

/* Deterministic noise: whatever comes, a tree or an error, and nothing lost. */
TEST(mutated_texts_never_crash)
{
	static const char seed_text[] = "listen: \"[::1]:1\"\nlimits: {a: [1, 'x'], b: |\n  t\n}\n"
					"auth:\n  keys:\n    - kid: a\n      alg: HS256\n";
	uint64_t state = 88172645463325252ULL;

	for (int round = 0; round < 20000; round++) {
		char text[sizeof(seed_text)];

		memcpy(text, seed_text, sizeof(text));
		for (int change = 0; change < 4; change++) {
			state ^= state << 13;
			state ^= state >> 7;
			state ^= state << 17;
			text[state % (sizeof(text) - 1)] = (char)(state >> 32);
		}

		struct yaml_node *tree = parse_bytes(text, sizeof(text) - 1);

		CHECK((tree != NULL) == (error[0] == '\0'));
		yaml_tree_free(tree);
	}
}
