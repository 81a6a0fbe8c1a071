// SPDX-License-Identifier: Apache-2.0
/* Configuration: defaults, files, environment, flags, and the way back to YAML. */
#include "config/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "config/setting.h"
#include "harness/harness.h"

static struct config c;
static struct config_error error;

static int parse(const char *text)
{
	error.text[0] = '\0';
	return config_parse(&c, "c.yaml", text, strlen(text), &error);
}

static void accept(const char *text)
{
	if (parse(text) < 0)
		harness_fail(__FILE__, __LINE__, "refused: %s", error.text);
}

static bool configs_equal(const struct config *a, const struct config *b)
{
	struct config x = *a, y = *b;

	if (a->auth.key_count != b->auth.key_count)
		return false;
	for (size_t i = 0; i < a->auth.key_count; i++) {
		if (strcmp(a->auth.keys[i].material, b->auth.keys[i].material) != 0)
			return false;
		x.auth.keys[i].material = y.auth.keys[i].material = NULL;
	}
	return memcmp(&x, &y, sizeof(x)) == 0;
}

TEST(defaults_are_those_of_the_table)
{
	unsetenv("XDG_STATE_HOME");
	config_init(&c);
	CHECK_STRING(c.listen_host, "127.0.0.1");
	CHECK_UINT(c.listen_port, 9470);
	CHECK_UINT(c.interval_ms, 5000);
	CHECK_STRING(c.source, "auto");
	CHECK_UINT(c.replay_speed, 1);
	CHECK(!c.replay_loop);
	CHECK(config_replay_file(&c) == NULL);
	CHECK_STRING(c.server_user, "");
	CHECK_STRING(c.node, "");
	CHECK_INT(c.log_level, LOG_INFO);
	CHECK(!c.log_json);
	CHECK(c.websocket);
	CHECK_UINT(c.max_connections, 10000);
	CHECK_UINT(c.max_payload_bytes, 1048576);
	CHECK_UINT(c.ping_interval_ms, 30000);
	CHECK_UINT(c.connection_timeout_ms, 300000);
	CHECK_UINT(c.process_limit, 500);
	CHECK_UINT(c.auth.key_count, 0);
	CHECK(!c.auth.query_token);
	CHECK(config_is_loopback(&c));
	CHECK_STRING(c.rules_dir,
		     access("/etc/probecast/rules.d", F_OK) == 0 ? "/etc/probecast/rules.d" : "");
}

/* As nobody: the state directory of root is the other case. */
static void become_unprivileged(void)
{
	if (geteuid() == 0)
		CHECK_INT(setresuid(65534, 65534, 65534), 0);
}

TEST(state_directory_follows_user_and_environment)
{
	if (geteuid() == 0) {
		config_init(&c);
		CHECK_STRING(c.state_dir, "/var/lib/probecast");
	}
	become_unprivileged();
	setenv("HOME", "/h", 1);
	setenv("XDG_STATE_HOME", "/state", 1);
	config_init(&c);
	CHECK_STRING(c.state_dir, "/state/probecast");
	setenv("XDG_STATE_HOME", "relative", 1);
	config_init(&c);
	CHECK_STRING(c.state_dir, "/h/.local/state/probecast");
	unsetenv("XDG_STATE_HOME");
	config_init(&c);
	CHECK_STRING(c.state_dir, "/h/.local/state/probecast");
	unsetenv("HOME");
	config_init(&c);
	CHECK_STRING(c.state_dir, "/var/lib/probecast");
}

TEST(a_state_directory_that_cannot_be_is_passed_over)
{
	static char huge[CONFIG_PATH_MAX + 10];

	become_unprivileged();
	memset(huge, 'x', sizeof(huge) - 1);
	huge[0] = '/';
	setenv("XDG_STATE_HOME", huge, 1);
	config_init(&c);
	CHECK_STRING(c.state_dir, "/var/lib/probecast");
}

TEST(a_file_sets_what_it_names)
{
	config_init(&c);
	accept("listen: \"[::]:80\"\n"
	       "interval_ms: 1000\n"
	       "source: procfs\n"
	       "state_dir: /s\n"
	       "rules_dir: ''\n"
	       "server_user: nobody\n"
	       "node_name: n1\n"
	       "log_level: debug\n"
	       "log_format: json\n"
	       "websocket_enabled: off\n"
	       "process_limit: 7\n"
	       "limits:\n"
	       "  max_connections: 5\n"
	       "  max_payload_bytes: 2048\n"
	       "  ping_interval_ms: 200\n"
	       "  connection_timeout_ms: 300\n"
	       "auth:\n"
	       "  issuer: i\n"
	       "  audience: a\n"
	       "  query_token: true\n");
	CHECK_STRING(c.listen_host, "::");
	CHECK_UINT(c.listen_port, 80);
	CHECK_UINT(c.interval_ms, 1000);
	CHECK_STRING(c.source, "procfs");
	CHECK_STRING(c.state_dir, "/s");
	CHECK_STRING(c.rules_dir, "");
	CHECK_STRING(c.server_user, "nobody");
	CHECK_STRING(c.node, "n1");
	CHECK_INT(c.log_level, LOG_DEBUG);
	CHECK(c.log_json);
	CHECK(!c.websocket);
	CHECK_UINT(c.process_limit, 7);
	CHECK_UINT(c.max_connections, 5);
	CHECK_UINT(c.max_payload_bytes, 2048);
	CHECK_UINT(c.ping_interval_ms, 200);
	CHECK_UINT(c.connection_timeout_ms, 300);
	CHECK_STRING(c.auth.issuer, "i");
	CHECK_STRING(c.auth.audience, "a");
	CHECK(c.auth.query_token);
	accept("");
	CHECK_UINT(c.interval_ms, 1000);
}

static const struct {
	const char *text;
	const char *expected; /* the error, or how it begins */
} refused[] = {
	{"intervall_ms: 5\n",
	 "c.yaml:1: unknown key \"intervall_ms\"; did you mean \"interval_ms\"?"},
	{"source: auto\n\nlisten_on: x\n",
	 "c.yaml:3: unknown key \"listen_on\"; did you mean \"listen\"?"},
	{"max_connections: 5\n",
	 "c.yaml:1: unknown key \"max_connections\"; did you mean \"limits.max_connections\"?"},
	{"limits:\n  max_conections: 5\n", "c.yaml:2: unknown key \"limits.max_conections\"; did "
					   "you mean \"limits.max_connections\"?"},
	{"limits:\n  listen: x\n",
	 "c.yaml:2: unknown key \"limits.listen\"; did you mean \"listen\"?"},
	{"limit: {}\n", "c.yaml:1: unknown key \"limit\"; did you mean \"limits\"?"},
	{"colour: red\n", "c.yaml:1: unknown key \"colour\""},
	{"\"a\\nb\\u001b[31m\": 1\n", "c.yaml:1: unknown key \"a?b?[31m\""},
	{"interval_ms: 99\n",
	 "c.yaml:1: interval_ms must be a whole number from 100 to 3600000, not \"99\""},
	{"interval_ms: 3600001\n", "c.yaml:1: interval_ms must be"},
	{"interval_ms: 5s\n", "c.yaml:1: interval_ms must be"},
	{"interval_ms: -5\n", "c.yaml:1: interval_ms must be"},
	{"interval_ms: 5e3\n", "c.yaml:1: interval_ms must be"},
	{"interval_ms: 0x500\n", "c.yaml:1: interval_ms must be"},
	{"interval_ms: 99999999999999999999999\n", "c.yaml:1: interval_ms must be"},
	{"interval_ms: ' 5000'\n", "c.yaml:1: interval_ms must be"},
	{"interval_ms: ''\n", "c.yaml:1: interval_ms must be"},
	{"interval_ms: [5000]\n",
	 "c.yaml:1: interval_ms must be a whole number from 100 to 3600000, not a list"},
	{"interval_ms: {a: 1}\n",
	 "c.yaml:1: interval_ms must be a whole number from 100 to 3600000, not a map"},
	{"interval_ms:\n", "c.yaml:1: interval_ms has no value"},
	{"node_name: ~\n", "c.yaml:1: node_name has no value"},
	{"node_name: null\n", "c.yaml:1: node_name has no value"},
	{"source: ebpf\n", "c.yaml:1: source must be one of auto, bpf, procfs, replay:FILE, not "
			   "\"ebpf\"; did you mean \"bpf\"?"},
	{"source: 'replay:'\n", "c.yaml:1: source must be one of"},
	{"source: replay\n", "c.yaml:1: source must be one of"},
	{"replay_speed: 1001\n", "c.yaml:1: replay_speed must be a whole number from 0 to 1000"},
	{"log_level: warn\n",
	 "c.yaml:1: log_level must be one of error, warning, info, debug, not \"warn\"; "
	 "did you mean \"warning\"?"},
	{"log_level: verbosely\n",
	 "c.yaml:1: log_level must be one of error, warning, info, debug, not"},
	{"log_format: xml\n", "c.yaml:1: log_format must be one of text, json"},
	{"websocket_enabled: maybe\n",
	 "c.yaml:1: websocket_enabled must be true or false, not \"maybe\""},
	{"websocket_enabled: 2\n", "c.yaml:1: websocket_enabled must be"},
	{"state_dir: ''\n", "c.yaml:1: state_dir must be a text of 1 to 4095 bytes"},
	{"listen: 9470\n",
	 "c.yaml:1: listen must be ADDRESS:PORT or \"[IPV6]:PORT\", not \"9470\""},
	{"listen: ':9470'\n", "c.yaml:1: listen must be"},
	{"listen: '127.0.0.1:'\n", "c.yaml:1: listen must be"},
	{"listen: 127.0.0.1:65536\n", "c.yaml:1: listen must be"},
	{"listen: 127.0.0.1:-1\n", "c.yaml:1: listen must be"},
	{"listen: 127.0.0.1:80x\n", "c.yaml:1: listen must be"},
	{"listen: 256.0.0.1:80\n", "c.yaml:1: listen must be"},
	{"listen: 1.2.3:80\n", "c.yaml:1: listen must be"},
	{"listen: ::1:80\n", "c.yaml:1: listen must be"},
	{"listen: '[::1]'\n", "c.yaml:1: listen must be"},
	{"listen: '[]:80'\n", "c.yaml:1: listen must be"},
	{"listen: '[localhost]:80'\n", "c.yaml:1: listen must be"},
	{"listen: '[::1:80'\n", "c.yaml:1: listen must be"},
	{"listen: '::1]:80'\n", "c.yaml:1: listen must be"},
	{"listen: 'a b:80'\n", "c.yaml:1: listen must be"},
	{"listen: 'http://x:80'\n", "c.yaml:1: listen must be"},
	{"listen: [::1]:9470\n",
	 "c.yaml:1: did not find expected node content while parsing a flow node; "
	 "write a text that begins with [ or { in quotes"},
	{"listen: [a, b]\n",
	 "c.yaml:1: listen must be ADDRESS:PORT or \"[IPV6]:PORT\", not a list; write "
	 "[...]:PORT in quotes"},
	{"limits: 5\n", "c.yaml:1: limits must be a map of keys, not a value"},
	{"limits:\n", "c.yaml:1: limits must be a map of keys, not nothing"},
	{"limits: [a]\n", "c.yaml:1: limits must be a map of keys, not a list"},
	{"limits:\n  ping_interval_ms: 99\n",
	 "c.yaml:2: limits.ping_interval_ms must be a whole number from 100 to 3600000"},
	{"budget: {cpu_percent: 100.001}\n",
	 "c.yaml:1: budget.cpu_percent must be a number from 0 to 100 with at most three decimals"},
	{"budget: {cpu_percent: 0.0001}\n", "c.yaml:1: budget.cpu_percent must be"},
	{"budget: {cpu_percent: .5}\n", "c.yaml:1: budget.cpu_percent must be"},
	{"auth:\n  query_token: perhaps\n", "c.yaml:2: auth.query_token must be true or false"},
	{"auth:\n  keys: none\n", "c.yaml:2: auth.keys must be a list of keys, not \"none\""},
	{"auth:\n  keys: {kid: a}\n", "c.yaml:2: auth.keys must be a list of keys, not a map"},
	{"- listen\n", "c.yaml:1: expected keys and values, not a list"},
	{"just text\n", "c.yaml:1: expected keys and values, not a value"},
	{"interval_ms: 200\ninterval_ms: 300\n", "c.yaml:2: duplicate key"},
	{"interval_ms: 200\nnode_name: a\xff\n", "c.yaml:2: invalid leading UTF-8 octet"},
};

TEST(a_refused_file_changes_nothing)
{
	struct config before;

	config_init(&c);
	config_init(&before);
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		const char *text = refused[i].text;

		CHECK_INT(parse(text), -1);
		if (strncmp(error.text, refused[i].expected, strlen(refused[i].expected)) != 0)
			harness_fail(__FILE__, __LINE__, "\"%s\" gives \"%s\", not \"%s\"", text,
				     error.text, refused[i].expected);
		CHECK(strchr(error.text, '\n') == NULL);
		CHECK(configs_equal(&c, &before));
	}
	CHECK_INT(parse("interval_ms: 200\nsource: procfs\nlog_level: x\n"), -1);
	CHECK(configs_equal(&c, &before));
}

TEST(a_number_may_have_decimals)
{
	config_init(&c);
	CHECK_UINT(c.budget_milli, 1000);
	accept("budget: {cpu_percent: 0.05}\n");
	CHECK_UINT(c.budget_milli, 50);
	accept("budget: {cpu_percent: 100.0}\n");
	CHECK_UINT(c.budget_milli, 100000);
}

TEST(texts_have_their_length)
{
	char text[600];

	config_init(&c);
	snprintf(text, sizeof(text), "node_name: %0255d\n", 0);
	accept(text);
	CHECK_UINT(strlen(c.node), 255);
	snprintf(text, sizeof(text), "node_name: %0256d\n", 0);
	CHECK_INT(parse(text), -1);
	CHECK(strstr(error.text, "node_name must be a text of at most 255 bytes") != NULL);
	snprintf(text, sizeof(text), "listen: a%0254d:1\n", 0);
	accept(text);
	snprintf(text, sizeof(text), "listen: a%0255d:1\n", 0);
	CHECK_INT(parse(text), -1);
}

TEST(loopback_is_recognised)
{
	static const struct {
		const char *listen;
		bool loopback;
	} cases[] = {
		{"127.0.0.1:1", true},
		{"127.9.8.7:1", true},
		{"[::1]:1", true},
		{"localhost:1", true},
		{"LocalHost:1", true},
		{"0.0.0.0:1", false},
		{"[::]:1", false},
		{"128.0.0.1:1", false},
		{"10.0.0.1:1", false},
		{"localhost.evil.com:1", false},
		{"127.evil.com:1", false},
		{"[fe80::1]:1", false},
		{"[::ffff:10.0.0.1]:1", false},
		{"example.org:0", false},
	};

	config_init(&c);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		CHECK_INT(config_set(&c, "listen", cases[i].listen, "--listen", &error), 0);
		if (config_is_loopback(&c) != cases[i].loopback)
			harness_fail(__FILE__, __LINE__, "%s", cases[i].listen);
	}
}

TEST(a_recording_is_a_source)
{
	config_init(&c);
	accept("source: replay:/r/a b.rec\nreplay_speed: 0\nreplay_loop: true\n");
	CHECK_STRING(config_replay_file(&c), "/r/a b.rec");
	CHECK_UINT(c.replay_speed, 0);
	CHECK(c.replay_loop);
}

TEST(flags_set_top_level_keys)
{
	config_init(&c);
	CHECK_INT(config_set(&c, "interval_ms", "1000", "--interval", &error), 0);
	CHECK_UINT(c.interval_ms, 1000);
	CHECK_INT(config_set(&c, "interval_ms", "1", "--interval", &error), -1);
	CHECK_STRING(error.text, "--interval: interval_ms must be a whole number from 100 to "
				 "3600000, not \"1\"");
	CHECK_UINT(c.interval_ms, 1000);
	CHECK_INT(config_set(&c, "intervalms", "1", "--x", &error), -1);
	CHECK_STRING(error.text, "--x: unknown key \"intervalms\"; did you mean \"interval_ms\"?");
	CHECK_INT(config_set(&c, "state_dir", "a\xff", "--state-dir", &error), -1);
	CHECK_STRING(error.text, "--state-dir: state_dir is not valid UTF-8");
	CHECK_INT(config_set(&c, "auth", "x", "--auth", &error), -1);
}

TEST(environment_overrides)
{
	config_init(&c);
	setenv("ADMIN_METRICS_INTERVAL", "1500", 1);
	setenv("MAX_ADMIN_CONNECTIONS", "77", 1);
	setenv("WEBSOCKET_ENABLED", "FALSE", 1);
	setenv("WEBSOCKET_MAX_PAYLOAD", "4096", 1);
	setenv("WEBSOCKET_PING_INTERVAL", "1000", 1);
	setenv("WEBSOCKET_CONNECTION_TIMEOUT", "2000", 1);
	setenv("NODE_NAME", "from-environment", 1);
	CHECK_INT(config_environment(&c, &error), 0);
	CHECK_UINT(c.interval_ms, 1500);
	CHECK_UINT(c.max_connections, 77);
	CHECK(!c.websocket);
	CHECK_UINT(c.max_payload_bytes, 4096);
	CHECK_UINT(c.ping_interval_ms, 1000);
	CHECK_UINT(c.connection_timeout_ms, 2000);
	CHECK_STRING(c.node, "from-environment");
}

TEST(an_empty_variable_is_none_and_a_bad_one_changes_nothing)
{
	config_init(&c);
	setenv("ADMIN_METRICS_INTERVAL", "", 1);
	CHECK_INT(config_environment(&c, &error), 0);
	CHECK_UINT(c.interval_ms, 5000);
	setenv("ADMIN_METRICS_INTERVAL", "1500", 1);
	setenv("WEBSOCKET_MAX_PAYLOAD", "1 MB", 1);
	CHECK_INT(config_environment(&c, &error), -1);
	CHECK_STRING(error.text,
		     "WEBSOCKET_MAX_PAYLOAD: limits.max_payload_bytes must be a whole number from "
		     "1024 to 16777216, not \"1 MB\"");
	CHECK_UINT(c.interval_ms, 5000);
}

TEST(files_that_cannot_be_read_are_told)
{
	int fd = memfd_create("configuration", 0);
	char path[64];

	config_init(&c);
	CHECK(fd >= 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	CHECK_INT(write(fd, "interval_ms: 250\n", 17), 17);
	CHECK_INT(config_load(&c, path, &error), 0);
	CHECK_UINT(c.interval_ms, 250);
	CHECK_INT(ftruncate(fd, YAML_MAX_BYTES + 1), 0);
	CHECK_INT(config_load(&c, path, &error), -1);
	CHECK(strstr(error.text, "cannot read the configuration: File too large") != NULL);
	CHECK_INT(config_load(&c, "/nonexistent/c.yaml", &error), -1);
	CHECK_STRING(error.text,
		     "/nonexistent/c.yaml: cannot read the configuration: No such file or "
		     "directory");
	CHECK_INT(config_load(&c, "/", &error), -1);
	CHECK_STRING(error.text, "/: cannot read the configuration: Is a directory");
	CHECK_UINT(c.interval_ms, 250);
}

static uint64_t random_state = 0x2545f4914f6cdd1dULL;

static uint64_t next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static const char *const hostile[] = {
	"",
	"~",
	"null",
	"x: y",
	"- a",
	"\"",
	"'",
	"\\",
	"a\nb",
	"#",
	"a #b",
	"{}",
	"[",
	"*a",
	"&a",
	"!t",
	"%",
	" x ",
	"\x01",
	"\x1b[m",
	"\xc3\xa9",
	"\xe2\x80\xa8",
	"\xf0\x9f\x98\x80",
	"\xef\xbb\xbf",
	"yes",
	"0x1f",
	"...",
};

static void set_random(const struct setting *s)
{
	struct origin from = {.name = "random", .error = &error};
	char number[32];
	const char *text = hostile[next_random() % (sizeof(hostile) / sizeof(*hostile))];

	if (s->kind == SETTING_NUMBER) {
		snprintf(number, sizeof(number), "%llu",
			 (unsigned long long)(s->least + next_random() % (s->most - s->least + 1)));
		text = number;
	} else if (s->kind == SETTING_MILLI) {
		text = next_random() % 2 ? "0.05" : "12";
	} else if (s->kind == SETTING_SWITCH) {
		text = next_random() % 2 ? "true" : "false";
	} else if (s->choices) {
		text = s->choices[next_random() % 2];
	} else if (s->kind == SETTING_ADDRESS) {
		text = next_random() % 2 ? "[2001:db8::1]:0" : "host-1.example:65535";
	} else if (s->least && !*text) {
		text = "x";
	}
	if (s->kind < SETTING_KEYS && setting_parse(s, &c, text, &from) < 0)
		harness_fail(__FILE__, __LINE__, "%s", error.text);
}

TEST(what_is_printed_reads_back_the_same)
{
	static const char keys[] =
		"auth: {keys: [{alg: HS256, secret: '01234567890123456789\"\\#:é {}0123'},"
		"{kid: \"b\\n\\e'\", alg: HS512, secret: \"\\U0001f600 ----------- \\x01 "
		"-------------"
		"\"}]}";

	for (int round = 0; round < 500; round++) {
		struct buf out = {0};
		struct config back;

		config_init(&c);
		if (round % 2)
			accept(keys);
		for (size_t i = 0; i < settings_count; i++)
			set_random(&settings[i]);
		config_print(&c, &out);
		config_init(&back);
		if (config_parse(&back, "printed", out.data, out.len, &error) < 0)
			harness_fail(__FILE__, __LINE__, "%s in:\n%.*s", error.text, (int)out.len,
				     out.data);
		CHECK(configs_equal(&c, &back));
		config_free(&c);
		config_free(&back);
		buf_free(&out);
	}
}
