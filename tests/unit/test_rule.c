// SPDX-License-Identifier: Apache-2.0
/* Alert rules: what a file may say, what is refused, and how sets are joined. */
#include "alert/rule.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/setting.h"
#include "harness/harness.h"

static struct rule_set set;
static char error[512];

static int parse(const char *text)
{
	error[0] = '\0';
	return rule_set_parse(&set, "r.yaml", text, strlen(text), error, sizeof(error));
}

static void accept(const char *text)
{
	if (parse(text) < 0)
		harness_fail(__FILE__, __LINE__, "refused: %s\n%s", error, text);
}

static const struct rule *find(const struct rule_set *rules, const char *name)
{
	for (size_t i = 0; i < rules->count; i++)
		if (strcmp(rules->rules[i].name, name) == 0)
			return &rules->rules[i];
	return NULL;
}

TEST(a_full_rule_is_read)
{
	accept("name: busy\n"
	       "severity: critical\n"
	       "scope: process\n"
	       "metric: cpu.percent\n"
	       "op: \">=\"\n"
	       "value: 90.5\n"
	       "clear: 7e1\n"
	       "for: 15s\n"
	       "match:\n"
	       "  comm: nginx*\n"
	       "  user: \"?oot\"\n"
	       "message: \"{comm} uses {value} {{really}}\"\n"
	       "runbook: https://example.com/busy\n");
	CHECK_UINT(set.count, 1);

	const struct rule *rule = &set.rules[0];

	CHECK_STRING(rule->name, "busy");
	CHECK_INT(rule->severity, SEVERITY_CRITICAL);
	CHECK_INT(rule->scope, SCOPE_PROCESS);
	CHECK_INT(rule->metric, METRIC_PROCESS_cpu_percent);
	CHECK_INT(rule->op, OP_GREATER_EQUAL);
	CHECK_REAL(rule->value, 90.5, 0);
	CHECK_REAL(rule->clear, 70, 0);
	CHECK_UINT(rule->for_ns, 15000000000ULL);
	CHECK_UINT(rule->match_count, 2);
	CHECK_INT(rule->matches[0].label, LABEL_PROCESS_comm);
	CHECK_STRING(rule->matches[0].glob, "nginx*");
	CHECK_INT(rule->matches[1].label, LABEL_PROCESS_user);
	CHECK_STRING(rule->matches[1].glob, "?oot");
	CHECK_STRING(rule->message, "{comm} uses {value} {{really}}");
	CHECK_STRING(rule->runbook, "https://example.com/busy");
}

TEST(what_is_left_out_has_a_default)
{
	accept("{name: n, scope: system, metric: load.one, op: lt, value: -3}");
	CHECK_INT(set.rules[0].severity, SEVERITY_MEDIUM);
	CHECK_REAL(set.rules[0].clear, -3, 0);
	CHECK_UINT(set.rules[0].for_ns, 0);
	CHECK_UINT(set.rules[0].match_count, 0);
	CHECK_STRING(set.rules[0].message, "{metric} is {value}, threshold {threshold}");
	CHECK(set.rules[0].runbook == NULL);
}

/* A rule of one line, with the given keys put behind or in place of its own. */
static const char *rule_with(const char *name, const char *extra)
{
	static char text[1024];

	snprintf(text, sizeof(text),
		 "{name: %s, scope: system, metric: memory.available_bytes, %s}", name, extra);
	return text;
}

TEST(operators_have_symbols_and_names)
{
	static const struct {
		const char *text;
		enum rule_op op;
		const char *symbol;
	} ops[] = {
		{"'>'", OP_GREATER, ">"},
		{"gt", OP_GREATER, ">"},
		{"'>='", OP_GREATER_EQUAL, ">="},
		{"ge", OP_GREATER_EQUAL, ">="},
		{"gte", OP_GREATER_EQUAL, ">="},
		{"<", OP_LESS, "<"},
		{"lt", OP_LESS, "<"},
		{"<=", OP_LESS_EQUAL, "<="},
		{"le", OP_LESS_EQUAL, "<="},
		{"lte", OP_LESS_EQUAL, "<="},
		{"==", OP_EQUAL, "=="},
		{"eq", OP_EQUAL, "=="},
		{"'!='", OP_NOT_EQUAL, "!="},
		{"ne", OP_NOT_EQUAL, "!="},
	};

	for (size_t i = 0; i < sizeof(ops) / sizeof(*ops); i++) {
		char extra[64];

		snprintf(extra, sizeof(extra), "op: %s, value: 1", ops[i].text);
		accept(rule_with("n", extra));
		CHECK_INT(set.rules[0].op, ops[i].op);
		CHECK_STRING(rule_op_text(set.rules[0].op), ops[i].symbol);
	}
}

TEST(operators_compare)
{
	CHECK(rule_holds(OP_GREATER, 2, 1) && !rule_holds(OP_GREATER, 1, 1));
	CHECK(rule_holds(OP_GREATER_EQUAL, 1, 1) && !rule_holds(OP_GREATER_EQUAL, 0, 1));
	CHECK(rule_holds(OP_LESS, 0, 1) && !rule_holds(OP_LESS, 1, 1));
	CHECK(rule_holds(OP_LESS_EQUAL, 1, 1) && !rule_holds(OP_LESS_EQUAL, 2, 1));
	CHECK(rule_holds(OP_EQUAL, 1, 1) && !rule_holds(OP_EQUAL, 2, 1));
	CHECK(rule_holds(OP_NOT_EQUAL, 2, 1) && !rule_holds(OP_NOT_EQUAL, 1, 1));
}

TEST(numbers_and_times_have_suffixes)
{
	static const struct {
		const char *extra;
		double value;
		uint64_t for_ns;
	} cases[] = {
		{"op: gt, value: 1", 1, 0},
		{"op: gt, value: 1K, for: 0", 1024, 0},
		{"op: gt, value: 1.5M, for: 500ms", 1572864, 500000000ULL},
		{"op: gt, value: 2G, for: 2m", 2147483648.0, 120000000000ULL},
		{"op: gt, value: 1T, for: 1h", 1099511627776.0, 3600000000000ULL},
		{"op: gt, value: '+1e3', for: 7d", 1000, 604800000000000ULL},
		{"op: gt, value: .5, for: 0s", .5, 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		accept(rule_with("n", cases[i].extra));
		CHECK_REAL(set.rules[0].value, cases[i].value, 0);
		CHECK_UINT(set.rules[0].for_ns, cases[i].for_ns);
	}
}

#define OK "name: n\nscope: process\nmetric: cpu.percent\nop: gt\nvalue: 1\n"

static const struct {
	const char *text;
	const char *expected;
} refused[] = {
	{"scope: system\n", "r.yaml:1: this rule has no name"},
	{"name: n\nmetric: cpu.percent\n", "r.yaml:1: this rule has no scope"},
	{"name: n\nscope: process\nop: gt\nvalue: 1\n", "r.yaml:1: this rule has no metric"},
	{"- {name: a, scope: system, metric: load.one, op: lt, value: 1}\n- name: b\n  scope: "
	 "process\n"
	 "  metric: cpu.percent\n  value: 1\n",
	 "r.yaml:2: this rule has no op"},
	{"name: n\nscope: process\nmetric: cpu.percent\nop: gt\n",
	 "r.yaml:1: this rule has no value"},
	{OK "serverity: low\n",
	 "r.yaml:6: unknown key \"serverity\" in a rule; did you mean \"severity\"?"},
	{OK "something: low\n", "r.yaml:6: unknown key \"something\" in a rule"},
	{OK "severity: hihg\n", "r.yaml:6: severity must be low, medium, high or critical, not "
				"\"hihg\"; did you mean \"high\"?"},
	{OK "severity: [low]\n", "r.yaml:6: severity must be a text or number, not a list"},
	{OK "severity:\n", "r.yaml:6: severity must be a text or number, not nothing"},
	{OK "for: 15\n",
	 "r.yaml:6: for must be a time of at most 7d, as in 500ms, 15s, 2m, 1h; not \"15\""},
	{OK "for: s\n", "r.yaml:6: for must be a time"},
	{OK "for: -5s\n", "r.yaml:6: for must be a time"},
	{OK "for: 1.5s\n", "r.yaml:6: for must be a time"},
	{OK "for: 5 s\n", "r.yaml:6: for must be a time"},
	{OK "for: 8d\n", "r.yaml:6: for must be a time"},
	{OK "for: 99999999999999999999999999999s\n", "r.yaml:6: for must be a time"},
	{OK "for: 18446744073709551615h\n", "r.yaml:6: for must be a time"},
	{OK "clear: 2\n", "r.yaml:6: clear must not be above value, for the operator is >"},
	{OK "clear: x\n", "r.yaml:6: clear must be a number, not \"x\""},
	{OK "match: {com: x}\n", "r.yaml:6: unknown label \"com\"; did you mean \"comm\"?"},
	{OK "match: {something: x}\n", "r.yaml:6: unknown label \"something\""},
	{OK "match: nginx\n", "r.yaml:6: match must be a map, not a value"},
	{OK "match:\n  comm: [a]\n", "r.yaml:7: match.comm must be a text"},
	{OK "match:\n  comm:\n", "r.yaml:7: match.comm must be a text"},
	{OK "message: \"{com} is busy\"\n",
	 "r.yaml:6: unknown placeholder {com}; did you mean {comm}?"},
	{OK "message: \"{something}\"\n", "r.yaml:6: unknown placeholder {something}; a message of "
					  "scope process knows its labels, {rule}"},
	{OK "message: \"{comm\"\n", "r.yaml:6: a brace without its partner in the message"},
	{OK "message: \"comm}\"\n", "r.yaml:6: a brace without its partner"},
	{OK "message: \"{a{comm}\"\n", "r.yaml:6: a brace without its partner"},
	{OK "message: \"{}\"\n", "r.yaml:6: unknown placeholder {}"},
	{OK "message: ''\n", "r.yaml:6: message must be a text of 1 to 512 bytes"},
	{OK "message: \"a\\nb\"\n", "r.yaml:6: message may not hold control characters"},
	{OK "runbook: \"javascript:alert(1)\"\n",
	 "r.yaml:6: runbook must begin with https:// or http://, not \"javascript:alert(1)\""},
	{OK "runbook: \"https://x\\ny\"\n", "r.yaml:6: runbook may not hold control characters"},
	{OK "enabled: perhaps\n", "r.yaml:6: enabled must be true or false, not \"perhaps\""},
	{"name: ''\n", "r.yaml:1: name must be a text of 1 to 100 bytes"},
	{"name: \"a\\tb\"\n", "r.yaml:1: name may not hold control characters"},
	{"name: n\nscope: proces\n",
	 "r.yaml:2: unknown scope \"proces\"; did you mean \"process\"?"},
	{"name: n\nscope: probe\n", "r.yaml:2: no metrics in the scope \"probe\""},
	{"name: n\nscope: something\n", "r.yaml:2: unknown scope \"something\""},
	{"name: n\nscope: process\nmetric: cpu.percnt\n",
	 "r.yaml:3: unknown metric \"cpu.percnt\" of scope process; did you mean \"cpu.percent\"?"},
	{"name: n\nscope: system\nmetric: network.rx_bytes\n",
	 "r.yaml:3: unknown metric \"network.rx_bytes\" of scope system"},
	{"name: n\nscope: process\nmetric: cpu.percent\nop: above\nvalue: 1\n",
	 "r.yaml:4: op must be one of"},
	{"name: n\nscope: process\nmetric: cpu.percent\nop: >\nvalue: 1\n",
	 "r.yaml:4: op must be one of"},
	{"name: n\nscope: process\nmetric: cpu.percent\nop: gt\nvalue: 1K\n",
	 "r.yaml:5: value must be a number, not \"1K\""},
	{"name: n\nscope: process\nmetric: cpu.percent\nop: gt\nvalue: nan\n",
	 "r.yaml:5: value must be"},
	{"name: n\nscope: process\nmetric: cpu.percent\nop: gt\nvalue: inf\n",
	 "r.yaml:5: value must be"},
	{"name: n\nscope: process\nmetric: cpu.percent\nop: gt\nvalue: 1e999\n",
	 "r.yaml:5: value must be"},
	{"name: n\nscope: process\nmetric: cpu.percent\nop: gt\nvalue: 0x10\n",
	 "r.yaml:5: value must be"},
	{"name: n\nscope: process\nmetric: cpu.percent\nop: gt\nvalue: 90%\n",
	 "r.yaml:5: value must be"},
	{"name: n\nscope: process\nmetric: cpu.percent\nop: gt\nvalue: ''\n",
	 "r.yaml:5: value must be"},
	{"name: n\nscope: process\nmetric: cpu.percent\nop: gt\nvalue: 1-2\n",
	 "r.yaml:5: value must be"},
	{"name: n\nscope: process\nmetric: memory.rss_bytes\nop: gt\nvalue: 1KB\n",
	 "r.yaml:5: value must be a number, with K, M, G or T (of 1024) if you like, not \"1KB\""},
	{"name: n\nscope: process\nmetric: cpu.percent\nop: lt\nvalue: 5\nclear: 4\n",
	 "r.yaml:6: clear must not be below value, for the operator is <"},
	{"name: n\nscope: process\nmetric: cpu.percent\nop: eq\nvalue: 5\nclear: 5\n",
	 "r.yaml:6: clear has no meaning with the operator =="},
	{"name: n\nscope: system\nmetric: load.one\nop: gt\nvalue: 5\nmatch: {comm: x}\n",
	 "r.yaml:6: the scope system has no labels to match"},
	{"- text\n", "r.yaml:1: a rule must be a map of keys and values, not a value"},
	{"text\n", "r.yaml:1: a rule must be a map of keys and values, not a value"},
	{"rules: {}\n", "r.yaml:1: rules must be a list, not a map"},
	{"rules: []\nname: n\n", "r.yaml:2: unknown key \"name\" beside rules"},
	{"name: n\nrules: []\n", "r.yaml:1: unknown key \"name\" beside rules"},
	{"- {name: n, scope: system, metric: load.one, op: lt, value: 1}\n"
	 "- {name: n, scope: system, metric: load.five, op: lt, value: 1}\n",
	 "r.yaml:2: duplicate rule \"n\", first on line 1"},
	{"name: nothing-like-it\nenabled: false\n",
	 "r.yaml:1: there is no rule \"nothing-like-it\" to switch off"},
	{OK "name: m\n", "r.yaml:6: duplicate key \"name\", first on line 1"},
};

TEST(bad_rules_are_refused_and_change_nothing)
{
	accept("{name: kept, scope: system, metric: load.one, op: lt, value: 1}");
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		if (parse(refused[i].text) == 0)
			harness_fail(__FILE__, __LINE__, "accepted: %s", refused[i].text);
		if (strncmp(error, refused[i].expected, strlen(refused[i].expected)) != 0)
			harness_fail(__FILE__, __LINE__, "\"%s\" gives \"%s\", not \"%s\"",
				     refused[i].text, error, refused[i].expected);
		CHECK_UINT(set.count, 1);
		CHECK_STRING(set.rules[0].name, "kept");
	}
}

TEST(a_file_is_a_rule_a_list_or_rules)
{
	accept("");
	accept("[]");
	accept("rules: []\n");
	CHECK_UINT(set.count, 0);
	accept("rules:\n"
	       "  - {name: a, scope: system, metric: load.one, op: lt, value: 1}\n"
	       "  - {name: b, scope: core, metric: percent, op: gt, value: 1, match: {core: "
	       "'0'}}\n");
	accept("[{name: c, scope: disk, metric: reads, op: gt, value: 1, match: {name: 'sd*'}}]");
	accept("{name: d, scope: agent, metric: cpu_percent, op: gt, value: 1}");
	CHECK_UINT(set.count, 4);
	CHECK_STRING(set.rules[3].name, "d");
}

TEST(a_rule_of_the_same_name_takes_the_place)
{
	accept("[{name: a, scope: system, metric: load.one, op: lt, value: 1},"
	       " {name: b, scope: system, metric: load.one, op: lt, value: 2}]");
	accept("{name: a, scope: system, metric: load.five, op: gt, value: 3}");
	CHECK_UINT(set.count, 2);
	CHECK_INT(set.rules[0].metric, METRIC_SYSTEM_load_five);
	CHECK_REAL(set.rules[1].value, 2, 0);
}

TEST(a_rule_can_be_switched_off)
{
	accept("[{name: a, scope: system, metric: load.one, op: lt, value: 1},"
	       " {name: b, scope: system, metric: load.one, op: lt, value: 2}]");
	accept("{name: a, enabled: false}");
	CHECK_UINT(set.count, 1);
	CHECK_STRING(set.rules[0].name, "b");
	accept("{name: c, enabled: false, scope: system, metric: load.one, op: lt, value: 1}");
	CHECK_UINT(set.count, 1);
	accept("{name: b, enabled: false, scope: system, metric: load.one, op: lt, value: 1}");
	CHECK_UINT(set.count, 0);
	accept("{name: d, enabled: true, scope: system, metric: load.one, op: lt, value: 1}");
	CHECK_UINT(set.count, 1);
}

TEST(the_number_of_rules_is_limited)
{
	struct buf text = {0};

	for (int i = 0; i < RULES_MAX; i++)
		buf_printf(&text,
			   "- {name: r%d, scope: system, metric: load.one, op: lt, value: 1}\n", i);
	CHECK_INT(rule_set_parse(&set, "r.yaml", text.data, text.len, error, sizeof(error)), 0);
	CHECK_UINT(set.count, RULES_MAX);
	CHECK_INT(parse("{name: x, scope: system, metric: load.one, op: lt, value: 1}"), -1);
	CHECK_STRING(error, "r.yaml: more than 1000 rules in all");
	buf_add_string(&text, "- {name: x, scope: system, metric: load.one, op: lt, value: 1}\n");
	CHECK_INT(rule_set_parse(&set, "r.yaml", text.data, text.len, error, sizeof(error)), -1);
	CHECK_STRING(error, "r.yaml:1001: more than 1000 rules");
	CHECK_UINT(set.count, RULES_MAX);
}

static void read_manual(char **ret_text)
{
	size_t len;

	if (file_read("docs/ALERTS.md", YAML_MAX_BYTES, ret_text, &len) < 0)
		harness_fail(__FILE__, __LINE__,
			     "cannot read docs/ALERTS.md: run this in the top directory");
}

TEST(built_in_rules_stand_in_the_manual)
{
	struct rule_set *rules = rule_set_default();
	char *manual, row[512];

	read_manual(&manual);
	CHECK(rules != NULL);
	CHECK(find(rules, "process-cpu-high") != NULL);
	for (size_t i = 0; i < rules->count; i++) {
		const struct rule *rule = &rules->rules[i];

		CHECK(rule->message && rule->clear >= 0);
		snprintf(row, sizeof(row), "| `%s` | %s | `%s` `%s` |", rule->name,
			 severity_name(rule->severity), catalogue_scopes[rule->scope].name,
			 catalogue_metrics[rule->metric].path);
		if (!strstr(manual, row))
			harness_fail(__FILE__, __LINE__, "docs/ALERTS.md lacks this row:\n%s", row);
	}
	rule_set_free(rules);
	rule_set_free(NULL);
}

TEST(the_examples_of_the_manual_are_rules)
{
	struct rule_set *rules = rule_set_default();
	unsigned examples = 0;
	char *at;

	read_manual(&at);
	while ((at = strstr(at, "```yaml\n"))) {
		char *text = at + strlen("```yaml\n"), *end = strstr(text, "```");

		CHECK(end != NULL);
		if (rule_set_parse(rules, "docs/ALERTS.md", text, (size_t)(end - text), error,
				   sizeof(error)) < 0)
			harness_fail(__FILE__, __LINE__, "%s in:\n%.*s", error, (int)(end - text),
				     text);
		examples++;
		at = end + 3;
	}
	CHECK(examples >= 3);
}

TEST(mutated_rules_never_crash)
{
	static const char seed_text[] = OK
		"clear: 0.5\nfor: 10s\nmatch: {comm: 'a*'}\nmessage: '{comm} {pid}'\n";
	uint64_t state = 88172645463325252ULL;

	for (int round = 0; round < 20000; round++) {
		char text[sizeof(seed_text)];

		memcpy(text, seed_text, sizeof(text));
		for (int change = 0; change < 3; change++) {
			state ^= state << 13;
			state ^= state >> 7;
			state ^= state << 17;
			text[state % (sizeof(text) - 1)] = (char)(state >> 32 & 0x7f);
		}

		struct rule_set *rules = calloc(1, sizeof(*rules));

		error[0] = '\0';
		CHECK((rule_set_parse(rules, "r.yaml", text, sizeof(text) - 1, error,
				      sizeof(error)) < 0) == (error[0] != '\0'));
		rule_set_free(rules);
	}
}
