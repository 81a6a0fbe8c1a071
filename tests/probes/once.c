// SPDX-License-Identifier: Apache-2.0
#include "probes/once.h"

#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness/harness.h"

/* The kernel lets go of an ended task through RCU: its final numbers come that much later. */
#define RELEASE_MS 500

#define MAX_OUTPUT (64u << 20)

void program_start(struct background *b, const char *program, const char *const arguments[])
{
	int ends[2], log[2];

	CHECK(pipe(ends) == 0 && pipe(log) == 0);
	b->pid = fork();
	CHECK(b->pid >= 0);
	if (b->pid == 0) {
		dup2(ends[1], STDOUT_FILENO);
		if (b->log_wanted)
			dup2(log[1], STDERR_FILENO);
		close(log[0]);
		close(log[1]);
		close(ends[0]);
		close(ends[1]);
		execvp(program, (char *const *)arguments);
		_exit(127);
	}
	close(ends[1]);
	close(log[1]);
	b->out = ends[0];
	b->log = log[0];
}

/* Reads to the end, or so many lines. The text is NUL-terminated and owned by the caller. */
static char *read_text(int fd, size_t lines)
{
	size_t len = 0, room = 65536;
	char *text = malloc(room);

	CHECK(text != NULL);
	while (lines) {
		ssize_t got = read(fd, text + len, room - 1 - len);

		CHECK(got >= 0 && len + (size_t)got < MAX_OUTPUT);
		if (got == 0)
			break;
		for (ssize_t i = 0; i < got && lines; i++)
			lines -= text[len + (size_t)i] == '\n';
		len += (size_t)got;
		if (room - len > room / 2)
			continue;
		room *= 2;
		text = realloc(text, room);
		CHECK(text != NULL);
	}
	text[len] = '\0';
	return text;
}

static void wait_for(struct background *b, const char *what)
{
	int status;

	close(b->out);
	close(b->log);
	CHECK(waitpid(b->pid, &status, 0) == b->pid);
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		harness_fail(__FILE__, __LINE__, "%s failed: status %#x", what, (unsigned)status);
}

char *program_finish(struct background *b, const char *what)
{
	char *text = read_text(b->out, SIZE_MAX);

	wait_for(b, what);
	return text;
}

const char *agent_program(void)
{
	const char *program = getenv("PROBECAST") ? getenv("PROBECAST") : "build/probecast";

	if (access(program, X_OK))
		SKIP("the agent is not built");
	return program;
}

/* Its log says when the window has begun; what it says before that is shown when it never does. */
static void wait_until_watching(const struct background *once)
{
	char log[8192];
	size_t len = 0;
	ssize_t got;

	while (len < sizeof(log) - 1 &&
	       (got = read(once->log, log + len, sizeof(log) - 1 - len)) > 0) {
		len += (size_t)got;
		log[len] = '\0';
		if (strstr(log, "watching"))
			return;
	}
	harness_fail(__FILE__, __LINE__, "the agent does not watch: %.*s", (int)len, log);
}

void once_start_from(struct background *once, const char *source, unsigned duration_ms)
{
	char duration[16];

	snprintf(duration, sizeof(duration), "%u", duration_ms);
	once->log_wanted = true;
	program_start(once, agent_program(),
		      (const char *const[]){"probecast", "once", "--json", "--source", source,
					    "--duration", duration, "--log-level", "info", NULL});
	wait_until_watching(once);
}

void once_start(struct background *once, unsigned duration_ms)
{
	if (geteuid() != 0)
		SKIP("needs root");
	once_start_from(once, "auto", duration_ms);
}

json_t *once_document(struct background *once)
{
	char *text = program_finish(once, "probecast once");
	json_error_t error;
	json_t *document = json_loads(text, JSON_REJECT_DUPLICATES, &error);

	if (!document)
		harness_fail(__FILE__, __LINE__, "not JSON: %s at byte %d", error.text,
			     error.position);
	free(text);
	return document;
}

json_t *once_finish(struct background *once)
{
	json_t *document = once_document(once);

	need_probe(document, "walk");
	return document;
}

const char *work_program(void)
{
	static char path[PATH_MAX];
	char self[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	CHECK(len > 0);
	self[len] = '\0';
	snprintf(path, sizeof(path), "%.4000s/../work/work", dirname(self));
	if (access(path, X_OK))
		SKIP("the program of known work is not built: %s", path);
	return path;
}

void work_start(struct background *work, const char *const arguments[])
{
	const char *all[16] = {"work"};

	for (size_t i = 0; arguments[i]; i++) {
		CHECK(i + 2 < sizeof(all) / sizeof(*all));
		all[i + 1] = arguments[i];
	}
	program_start(work, work_program(), all);
}

static json_t *parse_lines(char *text)
{
	json_t *lines = json_array();

	for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		json_array_append_new(lines, json_loads(line, 0, NULL));
	}
	free(text);
	return lines;
}

json_t *work_finish(struct background *work)
{
	return parse_lines(program_finish(work, "work"));
}

json_t *work_lines(struct background *work, size_t lines)
{
	return parse_lines(read_text(work->out, lines));
}

json_t *work_of(json_t *lines, const char *role)
{
	json_t *line;
	size_t i;

	json_array_foreach (lines, i, line)
		if (strcmp(json_string_value(json_object_get(line, "role")), role) == 0)
			return line;
	harness_fail(__FILE__, __LINE__, "the work did not report as %s", role);
}

json_t *process_row(json_t *document, json_t *work)
{
	json_int_t pid = json_integer_value(json_object_get(work, "pid"));
	json_t *row, *found = NULL;
	size_t i, count = 0;

	json_array_foreach (json_object_get(document, "processes"), i, row) {
		if (json_integer_value(json_object_get(row, "pid")) != pid)
			continue;
		found = row;
		count++;
	}
	if (count != 1)
		harness_fail(__FILE__, __LINE__, "%zu rows with pid %lld", count, (long long)pid);
	return found;
}

double number_at(json_t *object, const char *path)
{
	const char *whole = path;

	for (const char *dot; (dot = strchr(path, '.')); path = dot + 1) {
		char name[64];

		snprintf(name, sizeof(name), "%.*s", (int)(dot - path), path);
		object = json_object_get(object, name);
	}
	object = json_object_get(object, path);
	if (!json_is_number(object))
		harness_fail(__FILE__, __LINE__, "no number %s", whole);
	return json_number_value(object);
}

/* "2026-01-02T03:04:05.678Z" as milliseconds since 1970. */
static double wall_ms(json_t *document, const char *name)
{
	json_t *window = json_object_get(document, "window");
	const char *text = json_string_value(json_object_get(window, name));
	struct tm tm = {0};
	const char *rest = text ? strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) : NULL;

	CHECK(rest && rest[0] == '.' && strlen(rest) == 5 && rest[4] == 'Z');
	return (double)timegm(&tm) * 1e3 + (double)strtol(rest + 1, NULL, 10);
}

double window_seconds(json_t *document)
{
	return (wall_ms(document, "end") - wall_ms(document, "start")) / 1e3;
}

void check_inside(json_t *document, json_t *lines)
{
	double from = wall_ms(document, "start"), to = wall_ms(document, "end");
	json_t *line;
	size_t i;

	CHECK(json_array_size(lines) > 0);
	json_array_foreach (lines, i, line) {
		double began = number_at(line, "began_ms"), ended = number_at(line, "ended_ms");

		if (began < from || ended > to - RELEASE_MS)
			SKIP("this machine is too busy: work from %+.0f to %+.0f ms of a window of "
			     "%.0f ms",
			     began - from, ended - from, to - from);
	}
}

json_t *once_whole(struct background *once)
{
	json_t *document = once_finish(once);
	double lost = number_at(document, "losses.ring_dropped");

	if (lost > 0)
		SKIP("%.0f events were lost: too much else begins and ends on this machine", lost);
	return document;
}

void need_probe(json_t *document, const char *name)
{
	json_t *probes = json_object_get(json_object_get(document, "agent"), "probes");
	const char *variant = json_string_value(json_object_get(probes, name));

	CHECK(variant != NULL);
	if (strncmp(variant, "unavailable", strlen("unavailable")) == 0)
		SKIP("probe %s is %s", name, variant);
}

void check_close(json_t *row, const char *path, double expected)
{
	double actual = number_at(row, path);

	printf("%s: %.9g, truth %.9g, difference %+.3f %%\n", path, actual, expected,
	       (actual - expected) / expected * 100);
	fflush(stdout);
	harness_real(__FILE__, __LINE__, path, actual, expected, expected * 0.01);
}

void make_file(char *path, size_t size)
{
	struct stat about;
	ssize_t len = readlink("/proc/self/exe", path, size - 1);

	CHECK(len > 0);
	snprintf(path + len, size - (size_t)len, ".XXXXXX");

	int fd = mkstemp(path);

	CHECK(fd >= 0 && fstat(fd, &about) == 0);
	close(fd);
	if (major(about.st_dev) != 0)
		return;
	unlink(path);
	SKIP("%s is on no block device", path);
}
