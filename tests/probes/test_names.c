// SPDX-License-Identifier: Apache-2.0
/* Programs with hostile names and paths: text in JSON, harmless on a terminal, never wrong. */
#include <ctype.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/harness.h"
#include "probes/once.h"

#define WINDOW_MS 4000
#define TIMEOUT_S 40
#define REPLACEMENT "\xef\xbf\xbd"

static struct background once;

/* A file name, and what of it JSON may tell: what is not UTF-8 is replaced. */
static const struct {
	const char *name, *shown;
} hostile[] = {
	{"\"}]}\n", "\"}]}\n"},
	{"\\u0000\\", "\\u0000\\"},
	{"<!--<script>", "<!--<script>"},
	{"\x1b]0;x\x07", "\x1b]0;x\x07"},
	{"\x01\x02\x1f\x7f", "\x01\x02\x1f\x7f"},
	{"\xc2\x9b"
	 "31m",
	 "\xc2\x9b"
	 "31m"},
	{"\xe2\x80\xae"
	 "txt.exe",
	 "\xe2\x80\xae"
	 "txt.exe"},
	{"\xe2\x80\xa8\xe2\x80\xa9", "\xe2\x80\xa8\xe2\x80\xa9"},
	{"\xff\xfe\x80", REPLACEMENT REPLACEMENT REPLACEMENT},
	{"\xed\xa0\x80", REPLACEMENT REPLACEMENT REPLACEMENT},
	{"\xc0\xaf\xf4\x90", REPLACEMENT REPLACEMENT REPLACEMENT REPLACEMENT},
	{" ) R 1 (", " ) R 1 ("},
};

#define HOSTILE (sizeof(hostile) / sizeof(*hostile))

static struct background works[HOSTILE];

/* A folder beside the program of known work, on the same file system. */
static void make_folder(char *path, size_t size)
{
	char resolved[PATH_MAX];

	CHECK(realpath(work_program(), resolved) != NULL);
	CHECK((size_t)snprintf(path, size, "%s.XXXXXX", resolved) < size);
	CHECK(mkdtemp(path) != NULL);
}

/* Every other one goes on living: the walk tells its path, of the others only exec does. */
static void start_all(const char *folder)
{
	for (size_t i = 0; i < HOSTILE; i++) {
		char path[PATH_MAX];
		const char *const arguments[] = {"work", "linger", i % 2 ? "0" : "9000",
						 "cpu",	 "0.03",   NULL};

		snprintf(path, sizeof(path), "%s/%s", folder, hostile[i].name);
		CHECK(link(work_program(), path) == 0);
		program_start(&works[i], path, arguments);
	}
}

static void remove_all(const char *folder)
{
	for (size_t i = 0; i < HOSTILE; i++) {
		char path[PATH_MAX];

		snprintf(path, sizeof(path), "%s/%s", folder, hostile[i].name);
		unlink(path);
	}
	rmdir(folder);
}

static const char *after_last_slash(json_t *text)
{
	const char *string = json_string_value(text), *slash = string ? strrchr(string, '/') : NULL;

	return slash ? slash + 1 : string;
}

TEST_TIMEOUT(names_and_paths_are_text_in_json, TIMEOUT_S)
{
	json_t *lines[HOSTILE];
	char folder[PATH_MAX];

	make_folder(folder, sizeof(folder));
	once_start(&once, WINDOW_MS);
	start_all(folder);
	for (size_t i = 0; i < HOSTILE; i++)
		lines[i] = work_lines(&works[i], 1);

	json_t *document = once_finish(&once);

	remove_all(folder);
	for (size_t i = 0; i < HOSTILE; i++) {
		json_t *row = process_row(document, work_of(lines[i], "cpu"));

		check_inside(document, lines[i]);
		CHECK_STRING(json_string_value(json_object_get(row, "comm")), hostile[i].shown);
		CHECK_STRING(after_last_slash(json_object_get(row, "exe")), hostile[i].shown);
	}
}

static void start_once(const char *format)
{
	if (geteuid() != 0)
		SKIP("needs root");
	program_start(
		&once, agent_program(),
		(const char *const[]){"probecast", "once", "--duration", "2000", format, NULL});
}

static void write_text(char *path, const char *text)
{
	int fd = mkstemp(path);

	CHECK(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) && close(fd) == 0);
}

/* False when there is no such program. */
static bool parse_by(const char *program, const char *option, const char *code, const char *path)
{
	struct background parser;
	char *said;

	program_start(
		&parser, "sh",
		(const char *const[]){"sh", "-c",
				      "command -v \"$0\" >/dev/null || { echo none; exit 0; };"
				      "exec \"$0\" \"$1\" \"$2\" \"$3\"",
				      program, option, code, path, NULL});
	said = program_finish(&parser, program);
	return strcmp(said, "none\n") != 0;
}

TEST_TIMEOUT(strict_parsers_take_the_document, TIMEOUT_S)
{
	char folder[PATH_MAX], path[] = "/tmp/probecast-names-XXXXXX";

	make_folder(folder, sizeof(folder));
	start_once("--json");
	start_all(folder);

	char *text = program_finish(&once, "probecast once");

	remove_all(folder);
	CHECK(strstr(text, "script") != NULL);
	write_text(path, text);

	bool python = parse_by("python3", "-c",
			       "import json,sys\n"
			       "def no(x): raise ValueError(x)\n"
			       "b=open(sys.argv[1],'rb').read().decode('utf-8','strict')\n"
			       "json.loads(b,parse_constant=no)",
			       path);
	bool node = parse_by("node", "-e",
			     "const b=require('fs').readFileSync(process.argv[1]);"
			     "JSON.parse(new TextDecoder('utf-8',{fatal:true}).decode(b))",
			     path);

	unlink(path);
	if (!python && !node)
		SKIP("neither python3 nor node is installed");
}

TEST_TIMEOUT(the_table_has_nothing_that_a_terminal_obeys, TIMEOUT_S)
{
	char folder[PATH_MAX];

	make_folder(folder, sizeof(folder));
	start_once(NULL);
	start_all(folder);

	char *text = program_finish(&once, "probecast once");

	remove_all(folder);
	CHECK(strstr(text, "script") != NULL);
	for (const char *c = text; *c; c++)
		if (*c != '\n' && !isprint((unsigned char)*c))
			harness_fail(__FILE__, __LINE__, "byte %#x at %td", (unsigned char)*c,
				     c - text);
}

/* Folders in folders: a path that no record has room for. */
static void make_deep(char *path, size_t size, size_t wanted)
{
	size_t len;

	make_folder(path, size);
	while ((len = strlen(path)) < wanted) {
		snprintf(path + len, size - len, "/%0100d", 7);
		CHECK(mkdir(path, 0700) == 0);
	}
	snprintf(path + len, size - len, "/program");
	CHECK(link(work_program(), path) == 0);
}

static void remove_deep(char *path)
{
	unlink(path);
	while (strrchr(path, '/')) {
		*strrchr(path, '/') = '\0';
		if (rmdir(path))
			break;
	}
}

static void check_long_path(const char *linger)
{
	char path[PATH_MAX], whole[PATH_MAX];
	const char *const arguments[] = {"work", "linger", linger, "cpu", "0.05", NULL};

	once_start(&once, WINDOW_MS);
	make_deep(path, sizeof(path), 600);
	strncpy(whole, path, sizeof(whole));
	program_start(&works[0], path, arguments);

	json_t *lines = work_lines(&works[0], 1), *document = once_finish(&once);
	json_t *row = process_row(document, work_of(lines, "cpu"));
	const char *exe = json_string_value(json_object_get(row, "exe"));

	remove_deep(path);
	check_inside(document, lines);
	CHECK_STRING(json_string_value(json_object_get(row, "comm")), "program");
	printf("exe: %s\n", exe ? exe : "(absent)");
	fflush(stdout);
	CHECK(!exe || (strlen(exe) >= 200 && strncmp(exe, whole, strlen(exe)) == 0));
}

TEST_TIMEOUT(a_long_path_is_cut_or_absent, TIMEOUT_S)
{
	check_long_path("9000");
}

TEST_TIMEOUT(a_long_path_of_a_short_process_is_cut_or_absent, TIMEOUT_S)
{
	check_long_path("0");
}
