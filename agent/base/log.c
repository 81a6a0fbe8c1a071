// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

#define LINE_MAX_BYTES 2048

static const char *const level_names[] = {"error", "warning", "info", "debug"};

static struct {
	const char *name;
	enum log_level level;
	bool json;
} settings = {.name = "probecast", .level = LOG_INFO};

void log_setup(const char *name, enum log_level level, bool json)
{
	settings.name = name;
	settings.level = level;
	settings.json = json;
}

bool log_enabled(enum log_level level)
{
	return level <= settings.level;
}

int log_level_of(const char *name)
{
	for (int i = 0; i < (int)(sizeof(level_names) / sizeof(*level_names)); i++)
		if (strcmp(level_names[i], name) == 0)
			return i;
	return -1;
}

/* Keeps a hostile process name from forging a line or a terminal sequence. */
static size_t escape(char *to, size_t cap, const char *from, bool json)
{
	size_t len = 0;

	for (; *from && len + 8 < cap; from++) {
		unsigned char c = (unsigned char)*from;

		if (c < 0x20 || c >= 0x7f)
			len += (size_t)snprintf(to + len, cap - len, json ? "\\u%04x" : "\\x%02x",
						c);
		else if (json && (c == '"' || c == '\\'))
			len += (size_t)snprintf(to + len, cap - len, "\\%c", c);
		else
			to[len++] = (char)c;
	}
	to[len] = '\0';
	return len;
}

void log_write(enum log_level level, const char *format, ...)
{
	if (!log_enabled(level))
		return;

	char raw[LINE_MAX_BYTES / 2], text[LINE_MAX_BYTES], when[CLOCK_TEXT_LENGTH];
	char line[LINE_MAX_BYTES + 256];
	va_list args;

	va_start(args, format);
	vsnprintf(raw, sizeof(raw), format, args);
	va_end(args);
	escape(text, sizeof(text), raw, settings.json);
	clock_text(clock_wall_ms(), when);

	const char *shape = settings.json ? "{\"time\":\"%s\",\"level\":\"%s\",\"process\":\"%s\","
					    "\"message\":\"%s\"}\n"
					  : "%s %s %s: %s\n";
	int len =
		snprintf(line, sizeof(line), shape, when, level_names[level], settings.name, text);

	/* One write, so that lines of the two processes do not mix. */
	if (write(STDERR_FILENO, line, (size_t)len) < 0)
		return;
}
