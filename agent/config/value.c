// SPDX-License-Identifier: Apache-2.0
/* Values of keys: from text into struct config, and back as YAML. */
#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "config/setting.h"

/* As much of a value as an error shows. */
#define SHOWN "%.80s"

#define HOST_BYTES "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-"

int origin_error(const struct origin *from, const char *format, ...)
{
	char what[sizeof(from->error->text)];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	return yaml_error(from->error->text, sizeof(from->error->text), from->name, from->line,
			  "%s", what);
}

static void *place(const struct setting *s, struct config *c)
{
	return (char *)c + s->offset;
}

/* Switches and two-way choices lie in a bool, other numbers in 32 bits. */
static void store_number(const struct setting *s, struct config *c, uint64_t value)
{
	uint32_t wide = (uint32_t)value;
	bool narrow = value != 0;

	if (s->size == sizeof(narrow))
		memcpy(place(s, c), &narrow, sizeof(narrow));
	else
		memcpy(place(s, c), &wide, sizeof(wide));
}

static uint32_t load_number(const struct setting *s, const struct config *c)
{
	const char *at = (const char *)c + s->offset;
	uint32_t wide = 0;
	bool narrow = false;

	if (s->size == sizeof(narrow))
		memcpy(&narrow, at, sizeof(narrow));
	else
		memcpy(&wide, at, sizeof(wide));
	return s->size == sizeof(narrow) ? narrow : wide;
}

static void join_choices(const char *const *choices, char *out, size_t size)
{
	size_t used = (size_t)snprintf(out, size, "one of ");

	for (size_t i = 0; choices[i] && used < size; i++)
		used += (size_t)snprintf(out + used, size - used, "%s%s", i ? ", " : "",
					 choices[i]);
}

char *setting_wants(const struct setting *s, char *out, size_t size)
{
	if (s->choices)
		join_choices(s->choices, out, size);
	else if (s->kind == SETTING_NUMBER)
		snprintf(out, size, "a whole number from %llu to %llu",
			 (unsigned long long)s->least, (unsigned long long)s->most);
	else if (s->kind == SETTING_MILLI)
		snprintf(out, size, "a number from %llu to %llu with at most three decimals",
			 (unsigned long long)s->least / 1000, (unsigned long long)s->most / 1000);
	else if (s->kind == SETTING_TEXT && s->least == 0)
		snprintf(out, size, "a text of at most %zu bytes", s->size - 1);
	else if (s->kind == SETTING_TEXT)
		snprintf(out, size, "a text of %llu to %zu bytes", (unsigned long long)s->least,
			 s->size - 1);
	else if (s->kind == SETTING_SWITCH)
		snprintf(out, size, "true or false");
	else if (s->kind == SETTING_ADDRESS)
		snprintf(out, size, "ADDRESS:PORT or \"[IPV6]:PORT\"");
	else if (s->kind == SETTING_NETWORKS)
		snprintf(out, size, "a list of addresses or networks");
	else
		snprintf(out, size, "a list of keys");
	return out;
}

static int refuse_value(const struct setting *s, const char *text, const struct origin *from)
{
	char path[80], wants[160];

	return origin_error(from, "%s must be %s, not \"" SHOWN "\"",
			    setting_path(s, path, sizeof(path)),
			    setting_wants(s, wants, sizeof(wants)), text);
}

/* A choice such as "replay:FILE" is any text behind its colon. */
static bool choice_fits(const char *choice, const char *text)
{
	const char *colon = strchr(choice, ':');
	size_t len = colon ? (size_t)(colon + 1 - choice) : 0;

	return colon ? strncmp(choice, text, len) == 0 && text[len] : strcmp(choice, text) == 0;
}

static int choice_index(const char *const *choices, const char *text)
{
	for (int i = 0; choices[i]; i++)
		if (choice_fits(choices[i], text))
			return i;
	return -1;
}

static int refuse_choice(const struct setting *s, const char *text, const struct origin *from)
{
	char path[80], wants[160];
	size_t count = 0;

	while (s->choices[count])
		count++;

	const char *near = text_nearest(text, s->choices, count);

	if (!near)
		return refuse_value(s, text, from);
	return origin_error(from, "%s must be %s, not \"" SHOWN "\"; did you mean \"%s\"?",
			    setting_path(s, path, sizeof(path)),
			    setting_wants(s, wants, sizeof(wants)), text, near);
}

static int parse_number(const struct setting *s, struct config *c, const char *text,
			const struct origin *from)
{
	uint64_t value;

	if (!text_u64(text, &value) || value < s->least || value > s->most)
		return refuse_value(s, text, from);
	store_number(s, c, value);
	return 0;
}

/* Digits, and behind a point one to three more. */
static bool split_milli(const char *text, uint64_t *ret_milli)
{
	const char *point = strchr(text, '.');
	char whole[16] = "", decimals[] = "000";
	size_t len = point ? (size_t)(point - text) : strlen(text);
	uint64_t ones, thousandths;

	if (len >= sizeof(whole) || (point && (!point[1] || strlen(point + 1) > 3)))
		return false;
	memcpy(whole, text, len);
	if (point)
		memcpy(decimals, point + 1, strlen(point + 1));
	if (!text_u64(whole, &ones) || !text_u64(decimals, &thousandths) || ones > UINT32_MAX)
		return false;
	*ret_milli = ones * 1000 + thousandths;
	return true;
}

static int parse_milli(const struct setting *s, struct config *c, const char *text,
		       const struct origin *from)
{
	uint64_t value;

	if (!split_milli(text, &value) || value < s->least || value > s->most)
		return refuse_value(s, text, from);
	store_number(s, c, value);
	return 0;
}

static int parse_text(const struct setting *s, struct config *c, const char *text,
		      const struct origin *from)
{
	size_t len = strlen(text);
	char path[80];

	if (s->choices && choice_index(s->choices, text) < 0)
		return refuse_choice(s, text, from);
	if (!yaml_text_valid(text))
		return origin_error(from, "%s is not valid UTF-8",
				    setting_path(s, path, sizeof(path)));
	if (len < s->least || len >= s->size)
		return refuse_value(s, text, from);
	memset(place(s, c), 0, s->size);
	memcpy(place(s, c), text, len);
	return 0;
}

static int parse_choice(const struct setting *s, struct config *c, const char *text,
			const struct origin *from)
{
	int index = choice_index(s->choices, text);

	if (index < 0)
		return refuse_choice(s, text, from);
	store_number(s, c, (uint64_t)index);
	return 0;
}

static int parse_switch(const struct setting *s, struct config *c, const char *text,
			const struct origin *from)
{
	static const char *const words[] = {"false", "true", "no", "yes", "off", "on", "0", "1"};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (strcasecmp(words[i], text) != 0)
			continue;
		store_number(s, c, i % 2);
		return 0;
	}
	return refuse_value(s, text, from);
}

/* An IP address, or a host name: letters, digits, dots, hyphens, not only digits and dots. */
static bool host_valid(const char *host, bool bracketed)
{
	unsigned char address[sizeof(struct in6_addr)];

	if (bracketed)
		return inet_pton(AF_INET6, host, address) == 1;
	if (host[strspn(host, "0123456789.")] == '\0')
		return inet_pton(AF_INET, host, address) == 1;
	return host[strspn(host, HOST_BYTES)] == '\0';
}

/* Takes HOST:PORT or [HOST]:PORT apart; false when it is neither. */
static bool split_address(const char *text, char *host, size_t size, uint64_t *ret_port)
{
	bool bracketed = *text == '[';
	const char *colon = strrchr(text, ':');

	if (!colon || !text_u64(colon + 1, ret_port) || *ret_port > UINT16_MAX)
		return false;
	if (bracketed && (colon < text + 2 || colon[-1] != ']'))
		return false;

	size_t len = (size_t)(colon - text) - (bracketed ? 2 : 0);

	if (len == 0 || len >= size)
		return false;
	memcpy(host, text + bracketed, len);
	host[len] = '\0';
	return host_valid(host, bracketed);
}

static int parse_address(const struct setting *s, struct config *c, const char *text,
			 const struct origin *from)
{
	char host[sizeof(c->listen_host)] = "";
	uint64_t port;

	if (!split_address(text, host, sizeof(host), &port))
		return refuse_value(s, text, from);
	memset(c->listen_host, 0, sizeof(c->listen_host));
	text_copy(c->listen_host, sizeof(c->listen_host), host);
	c->listen_port = (uint16_t)port;
	return 0;
}

static int parse_list(const struct setting *s, struct config *c, const char *text,
		      const struct origin *from)
{
	(void)c;
	return refuse_value(s, text, from);
}

int setting_parse(const struct setting *s, struct config *c, const char *text,
		  const struct origin *from)
{
	static int (*const parsers[])(const struct setting *, struct config *, const char *,
				      const struct origin *) = {
		[SETTING_NUMBER] = parse_number, [SETTING_TEXT] = parse_text,
		[SETTING_MILLI] = parse_milli,	 [SETTING_CHOICE] = parse_choice,
		[SETTING_SWITCH] = parse_switch, [SETTING_ADDRESS] = parse_address,
		[SETTING_KEYS] = parse_list,	 [SETTING_NETWORKS] = parse_list,
	};

	return parsers[s->kind](s, c, text, from);
}

static void print_address(const struct config *c, struct buf *out)
{
	bool v6 = strchr(c->listen_host, ':') != NULL;

	buf_printf(out, "\"%s%s%s:%u\"", v6 ? "[" : "", c->listen_host, v6 ? "]" : "",
		   c->listen_port);
}

void setting_print(const struct setting *s, const struct config *c, struct buf *out)
{
	if (s->kind == SETTING_ADDRESS)
		print_address(c, out);
	else if (s->kind == SETTING_TEXT)
		yaml_quote(out, (const char *)c + s->offset);
	else if (s->kind == SETTING_CHOICE)
		buf_add_string(out, s->choices[load_number(s, c)]);
	else if (s->kind == SETTING_SWITCH)
		buf_add_string(out, load_number(s, c) ? "true" : "false");
	else if (s->kind == SETTING_MILLI)
		buf_printf(out, "%u.%03u", load_number(s, c) / 1000, load_number(s, c) % 1000);
	else
		buf_printf(out, "%u", load_number(s, c));
}
