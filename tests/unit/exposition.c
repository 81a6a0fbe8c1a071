// SPDX-License-Identifier: Apache-2.0
#include "unit/exposition.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "config/yaml.h"
#include "harness/harness.h"

#define SERIES_MAX 1024
#define NAME_MAX_BYTES 128

struct sample {
	char series[SERIES_MAX]; /* label values unescaped */
	size_t name_len;
	double value;
};

static struct sample *samples;
static size_t sample_count, sample_room;
static char (*families)[NAME_MAX_BYTES];
static size_t family_count, family_room;
static bool is_openmetrics;

/* The family that the lines are about. */
static struct {
	char name[NAME_MAX_BYTES], type[16];
	bool has_help, has_type, has_unit, has_samples;
} family;

_Noreturn static void wrong(const char *line, const char *why)
{
	harness_fail(__FILE__, __LINE__, "%s: %.*s", why, (int)strcspn(line, "\n"), line);
}

static size_t name_length(const char *at)
{
	size_t len = strspn(at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");

	return *at >= '0' && *at <= '9' ? 0 : len;
}

static bool ends_with(const char *name, const char *end)
{
	size_t len = strlen(name), tail = strlen(end);

	return len > tail && strcmp(name + len - tail, end) == 0;
}

static void *larger(void *list, size_t *room, size_t size)
{
	*room = *room ? 2 * *room : 64;
	list = realloc(list, *room * size);
	CHECK(list != NULL);
	return list;
}

static void begin_family(const char *line, const char *name)
{
	for (size_t i = 0; i < family_count; i++)
		if (strcmp(families[i], name) == 0)
			wrong(line, "a family that was there before");
	if (family_count == family_room)
		families = larger(families, &family_room, sizeof(*families));
	text_copy(families[family_count++], NAME_MAX_BYTES, name);
	memset(&family, 0, sizeof(family));
	text_copy(family.name, sizeof(family.name), name);
}

static void read_type(const char *line, const char *type, size_t len)
{
	static const char *const types[] = {"counter", "gauge", "info", "histogram"};

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (len == strlen(types[i]) && strncmp(type, types[i], len) == 0)
			text_copy(family.type, sizeof(family.type), types[i]);
	if (!*family.type || (!is_openmetrics && strcmp(family.type, "info") == 0))
		wrong(line, "no such type");

	bool total = ends_with(family.name, "_total");
	bool counter = strcmp(family.type, "counter") == 0;

	if (is_openmetrics ? total : counter != total)
		wrong(line, "a name that its type forbids");
}

static void read_help(const char *line, const char *help, size_t len)
{
	if (!len)
		wrong(line, "no help");
	for (size_t i = 0; i < len; i++)
		if (help[i] == '\\' || help[i] == '"')
			wrong(line, "help that would have to be escaped");
}

/* "# WORD name rest" */
static void read_comment(const char *line, size_t len)
{
	const char *word = line + 2, *name = word + 5, *rest;
	char text[NAME_MAX_BYTES];
	size_t name_len = name_length(name);

	if (!name_len || name_len >= sizeof(text) || name[name_len] != ' ')
		wrong(line, "not a comment of a family");
	snprintf(text, sizeof(text), "%.*s", (int)name_len, name);
	if (strcmp(text, family.name) != 0)
		begin_family(line, text);
	if (family.has_samples)
		wrong(line, "a comment behind samples");
	rest = name + name_len + 1;

	size_t rest_len = len - (size_t)(rest - line);
	bool *has = strncmp(word, "HELP ", 5) == 0   ? &family.has_help
		    : strncmp(word, "TYPE ", 5) == 0 ? &family.has_type
		    : strncmp(word, "UNIT ", 5) == 0 ? &family.has_unit
						     : NULL;

	if (!has || *has || (has == &family.has_unit && !is_openmetrics))
		wrong(line, "a comment that should not be there");
	*has = true;
	if (has == &family.has_help)
		read_help(line, rest, rest_len);
	else if (has == &family.has_type)
		read_type(line, rest, rest_len);
	else if (rest[-2 - (int)rest_len] != '_' ||
		 strncmp(rest - 1 - rest_len, rest, rest_len) != 0)
		wrong(line, "a unit that is not the end of the name");
}

static const char *read_label_value(const char *line, const char *at, char **to, const char *end)
{
	while (*at != '"') {
		if (*at == '\n' || *to >= end)
			wrong(line, "a value without its end");
		if (*at == '\\') {
			at++;
			if (*at != 'n' && *at != '"' && *at != '\\')
				wrong(line, "no such escape");
			*(*to)++ = *at == 'n' ? '\n' : *at;
		} else {
			*(*to)++ = *at;
		}
		at++;
	}
	return at;
}

static const char *read_labels(const char *line, const char *at, char **to, const char *end)
{
	char names[32][NAME_MAX_BYTES];
	size_t count = 0;

	do {
		size_t len = name_length(++at);

		if (!len || len >= sizeof(names[0]) || count == 32 || strncmp(at, "__", 2) == 0 ||
		    strncmp(at + len, "=\"", 2) != 0)
			wrong(line, "not a label");
		snprintf(names[count], sizeof(names[0]), "%.*s", (int)len, at);
		for (size_t i = 0; i < count; i++)
			if (strcmp(names[i], names[count]) == 0)
				wrong(line, "a label twice");
		count++;
		*to += snprintf(*to, (size_t)(end - *to), "%s%.*s", count > 1 ? "," : "{",
				(int)len + 2, at);
		at = read_label_value(line, at + len + 2, to, end);
		*(*to)++ = '"';
		at++;
	} while (*at == ',');
	if (*at != '}')
		wrong(line, "labels without their end");
	*(*to)++ = '}';
	return at + 1;
}

/* True for the suffix, or for one of those that a histogram has. */
static bool is_sample_name(const char *name, size_t len, const char *suffix)
{
	char expected[NAME_MAX_BYTES + 8];

	snprintf(expected, sizeof(expected), "%s%s", family.name, suffix);
	return strlen(expected) == len && strncmp(name, expected, len) == 0;
}

static void check_sample_name(const char *line, const char *name, size_t len)
{
	bool histogram = strcmp(family.type, "histogram") == 0;
	const char *suffix = !is_openmetrics			   ? ""
			     : strcmp(family.type, "counter") == 0 ? "_total"
			     : strcmp(family.type, "info") == 0	   ? "_info"
								   : "";

	if (histogram
		    ? !is_sample_name(name, len, "_bucket") && !is_sample_name(name, len, "_sum") &&
			      !is_sample_name(name, len, "_count")
		    : !is_sample_name(name, len, suffix))
		wrong(line, "a sample outside its family");
	if (!family.has_help || !family.has_type)
		wrong(line, "a sample of a family without help or type");
}

static void read_value(const char *line, const char *at, struct sample *s)
{
	char *end;

	if (*at != ' ')
		wrong(line, "no value");
	s->value = strtod(at + 1, &end);
	if (end == at + 1 || *end != '\n')
		wrong(line, "not a number");
	if (*family.type != 'g' && !(s->value >= 0))
		wrong(line, "a counter below 0");
}

static void read_sample(const char *line)
{
	if (sample_count == sample_room)
		samples = larger(samples, &sample_room, sizeof(*samples));

	struct sample *s = &samples[sample_count++];
	char *to = s->series, *end = s->series + sizeof(s->series) - 8;
	const char *at = line;

	s->name_len = name_length(line);
	check_sample_name(line, line, s->name_len);
	memcpy(to, line, s->name_len);
	to += s->name_len;
	at += s->name_len;
	if (*at == '{')
		at = read_labels(line, at, &to, end);
	*to = '\0';
	if (!yaml_text_valid(s->series))
		wrong(line, "not UTF-8");
	family.has_samples = true;
	read_value(line, at, s);
}

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct sample *)a)->series, ((const struct sample *)b)->series);
}

static void check_unique(void)
{
	qsort(samples, sample_count, sizeof(*samples), compare);
	for (size_t i = 1; i < sample_count; i++)
		if (strcmp(samples[i - 1].series, samples[i].series) == 0)
			wrong(samples[i].series, "a series twice");
}

void exposition_read(const char *text, size_t len, bool openmetrics)
{
	const char *end = text + len;
	bool ended = false;

	sample_count = family_count = 0;
	is_openmetrics = openmetrics;
	memset(&family, 0, sizeof(family));
	CHECK(len > 0 && end[-1] == '\n' && !memchr(text, '\0', len));
	for (const char *line = text; line < end;) {
		size_t line_len = (size_t)((const char *)memchr(line, '\n', len) - line);

		if (ended)
			wrong(line, "a line behind the end");
		if (openmetrics && line_len == 5 && strncmp(line, "# EOF", 5) == 0)
			ended = true;
		else if (*line == '#')
			read_comment(line, line_len);
		else
			read_sample(line);
		line += line_len + 1;
	}
	CHECK(ended == openmetrics);
	check_unique();
}

size_t exposition_samples(void)
{
	return sample_count;
}

size_t exposition_families(void)
{
	return family_count;
}

bool exposition_value(const char *series, double *ret)
{
	for (size_t i = 0; i < sample_count; i++) {
		if (strcmp(samples[i].series, series) != 0)
			continue;
		*ret = samples[i].value;
		return true;
	}
	return false;
}

size_t exposition_count(const char *name)
{
	size_t count = 0;

	for (size_t i = 0; i < sample_count; i++)
		count += samples[i].name_len == strlen(name) &&
			 strncmp(samples[i].series, name, samples[i].name_len) == 0;
	return count;
}
