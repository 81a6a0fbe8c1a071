// SPDX-License-Identifier: Apache-2.0
/* What the log writes, whatever it is given: one line, and nothing a terminal would obey. */
#include <jansson.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/log.h"
#include "harness/harness.h"

static char text[8192];

/* What one message becomes; the test's own stderr is not touched. */
static const char *logged(enum log_level level, const char *message)
{
	int file = memfd_create("log", 0), kept = dup(STDERR_FILENO);

	CHECK(file >= 0 && kept >= 0);
	dup2(file, STDERR_FILENO);
	log_write(level, "%s", message);
	dup2(kept, STDERR_FILENO);
	close(kept);

	ssize_t len = pread(file, text, sizeof(text) - 1, 0);

	close(file);
	CHECK(len >= 0);
	text[len] = '\0';
	return text;
}

static void check_one_printable_line(const char *line)
{
	size_t len = strlen(line);

	CHECK(len > 0 && line[len - 1] == '\n');
	for (size_t i = 0; i < len - 1; i++)
		CHECK(line[i] >= 0x20 && line[i] < 0x7f);
}

/* The line, which must be a JSON object; the caller owns it. */
static json_t *logged_json(enum log_level level, const char *message)
{
	json_error_t error;
	json_t *line = json_loads(logged(level, message), 0, &error);

	if (!line)
		harness_fail(__FILE__, __LINE__, "%s: %s", error.text, text);
	check_one_printable_line(text);
	return line;
}

TEST(a_line_has_time_level_process_and_message)
{
	const char *line;

	log_setup("collector", LOG_INFO, false);
	line = logged(LOG_WARNING, "probe sockets is not there");
	check_one_printable_line(line);
	CHECK_INT(strspn(line, "0123456789-"), 10);
	CHECK(line[10] == 'T' && line[23] == 'Z');
	CHECK_STRING(line + 24, " warning collector: probe sockets is not there\n");
}

TEST(levels_above_the_chosen_one_are_silent)
{
	for (int chosen = LOG_ERROR; chosen <= LOG_DEBUG; chosen++) {
		log_setup("x", (enum log_level)chosen, false);
		for (int level = LOG_ERROR; level <= LOG_DEBUG; level++) {
			CHECK_INT(log_enabled((enum log_level)level), level <= chosen);
			CHECK_INT(logged((enum log_level)level, "m")[0] != '\0', level <= chosen);
		}
	}
}

TEST(levels_have_names)
{
	CHECK_INT(log_level_of("error"), LOG_ERROR);
	CHECK_INT(log_level_of("warning"), LOG_WARNING);
	CHECK_INT(log_level_of("info"), LOG_INFO);
	CHECK_INT(log_level_of("debug"), LOG_DEBUG);
	CHECK_INT(log_level_of("warn"), -1);
	CHECK_INT(log_level_of("Error"), -1);
	CHECK_INT(log_level_of(""), -1);
}

TEST(a_json_line_is_an_object)
{
	log_setup("server", LOG_DEBUG, true);

	json_t *line = logged_json(LOG_DEBUG, "C:\\ and \"quotes\"");

	CHECK_STRING(json_string_value(json_object_get(line, "level")), "debug");
	CHECK_STRING(json_string_value(json_object_get(line, "process")), "server");
	CHECK_STRING(json_string_value(json_object_get(line, "message")), "C:\\ and \"quotes\"");
	CHECK_INT(strlen(json_string_value(json_object_get(line, "time"))), 24);
	json_decref(line);
}

TEST(no_byte_can_forge_a_line_or_move_a_cursor)
{
	char message[2] = {0};

	for (int c = 1; c < 256; c++) {
		message[0] = (char)c;
		log_setup("x", LOG_INFO, false);
		check_one_printable_line(logged(LOG_INFO, message));
		log_setup("x", LOG_INFO, true);
		json_decref(logged_json(LOG_INFO, message));
	}
	log_setup("x", LOG_INFO, false);
	CHECK(strstr(logged(LOG_INFO, "a\nb\033[2J"), "x: a\\x0ab\\x1b[2J\n") != NULL);
}

/* Cut where it grows most and where an escape would be torn. */
TEST(a_message_of_any_length_is_one_whole_line)
{
	static char message[6000];
	static const char fill[] = {'a', '\n', '"', '\x80'};

	for (size_t k = 0; k < sizeof(fill); k++) {
		for (size_t len = 0; len < sizeof(message) - 1; len += len < 1100 ? 1 : 97) {
			memset(message, fill[k], len);
			message[len] = '\0';
			log_setup("x", LOG_INFO, true);
			json_decref(logged_json(LOG_INFO, message));
			log_setup("x", LOG_INFO, false);
			check_one_printable_line(logged(LOG_INFO, message));
		}
	}
}
