// SPDX-License-Identifier: Apache-2.0
#include "cli/options.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "collect/tenancy.h"
#include "collect/wish.h"

#define MAX_OPTIONS 32

int options_fail(int status, const char *format, ...)
{
	char line[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	for (char *c = line; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	fprintf(stderr, "probecast: %s\n", line);
	return status;
}

static void print_help(const struct command *command)
{
	printf("Usage: probecast %s%s%s%s\n%s\n", command->name,
	       command->option_count ? " [OPTIONS]" : "", command->operand ? " " : "",
	       command->operand ? command->operand : "", command->help);
	if (command->option_count)
		printf("\n");
	for (size_t i = 0; i < command->option_count; i++) {
		const struct option_spec *o = &command->options[i];
		char left[64];

		snprintf(left, sizeof(left), "--%s%s%s", o->name, o->argument ? " " : "",
			 o->argument ? o->argument : "");
		printf("  %-24s %s\n", left, o->help);
	}
	printf("  %-24s %s\n", "--help", "this text");
}

static struct option_spec *find(const struct command *command, const char *name, size_t len)
{
	for (size_t i = 0; i < command->option_count; i++)
		if (strlen(command->options[i].name) == len &&
		    memcmp(command->options[i].name, name, len) == 0)
			return &command->options[i];
	return NULL;
}

static enum options_result unknown(const struct command *command, const char *argument)
{
	const char *names[MAX_OPTIONS];
	char name[64];
	size_t count = 0;

	for (; count < command->option_count && count < MAX_OPTIONS; count++)
		names[count] = command->options[count].name;
	text_copy(name, sizeof(name), argument + 2);
	name[strcspn(name, "=")] = '\0';

	const char *nearest = text_nearest(name, names, count);

	options_fail(0, "%s: unknown option --%s%s%s%s; see probecast %s --help", command->name,
		     name, nearest ? " (did you mean --" : "", nearest ? nearest : "",
		     nearest ? "?)" : "", command->name);
	return OPTIONS_WRONG;
}

/* "--name value" and "--name=value". */
static enum options_result take_option(struct command *command, int argc, char **argv, int *at)
{
	const char *argument = argv[*at];
	size_t len = strcspn(argument + 2, "=");
	struct option_spec *o = find(command, argument + 2, len);
	const char *inlined = argument[2 + len] == '=' ? argument + 3 + len : NULL;

	if (!o)
		return unknown(command, argument);
	if (!o->argument && inlined) {
		options_fail(0, "%s: --%s takes no argument", command->name, o->name);
		return OPTIONS_WRONG;
	}
	if (!o->argument)
		o->value = "";
	else if (inlined)
		o->value = inlined;
	else if (*at + 1 < argc)
		o->value = argv[++*at];
	if (o->value)
		return OPTIONS_OK;
	options_fail(0, "%s: --%s needs %s; see probecast %s --help", command->name, o->name,
		     o->argument, command->name);
	return OPTIONS_WRONG;
}

static enum options_result take_operand(struct command *command, const char *argument)
{
	if (command->operand && !command->operand_value) {
		command->operand_value = argument;
		return OPTIONS_OK;
	}
	options_fail(0, "%s: unexpected argument %s; see probecast %s --help", command->name,
		     argument, command->name);
	return OPTIONS_WRONG;
}

enum options_result options_parse(struct command *command, int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		enum options_result result;

		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			print_help(command);
			return OPTIONS_HELP;
		}
		if (strncmp(argv[i], "--", 2) == 0 && argv[i][2])
			result = take_option(command, argc, argv, &i);
		else
			result = take_operand(command, argv[i]);
		if (result != OPTIONS_OK)
			return result;
	}
	if (command->operand && !command->operand_value) {
		options_fail(0, "%s: %s is missing; see probecast %s --help", command->name,
			     command->operand, command->name);
		return OPTIONS_WRONG;
	}
	return OPTIONS_OK;
}

const struct option_spec *options_get(const struct command *command, const char *name)
{
	return find(command, name, strlen(name));
}

int options_number(const struct command *command, const char *name, uint64_t most, uint64_t *ret)
{
	const char *text = options_get(command, name)->value;
	uint64_t value;

	if (!text)
		return 0;
	if (!text_u64(text, &value) || value > most)
		return options_fail(-1, "%s: --%s must be a number up to %llu, not %s",
				    command->name, name, (unsigned long long)most, text);
	*ret = value;
	return 0;
}

int options_check(const struct config *config, char *error, size_t size)
{
	struct probe_state states[PROVIDERS] = {0};

	if (wish_parse(config->probes, states, error, size))
		return -1;

	struct tenancy tenancy;

	if (tenancy_parse(&tenancy, config->tenants, error, size))
		return -1;
	tenancy_free(&tenancy);
	return 0;
}

int options_configure(const struct command *command, struct config *config)
{
	const struct option_spec *file = options_get(command, "config");
	struct config_error error;
	int failed = 0;

	config_init(config);
	if (file && file->value)
		failed = config_load(config, file->value, &error);
	if (!failed)
		failed = config_environment(config, &error);
	for (size_t i = 0; i < command->option_count && !failed; i++) {
		const struct option_spec *o = &command->options[i];
		char origin[64];

		if (!o->config_key || !o->value)
			continue;
		snprintf(origin, sizeof(origin), "--%s", o->name);
		failed = config_set(config, o->config_key, o->argument ? o->value : "true", origin,
				    &error);
	}
	if (!failed)
		failed = options_check(config, error.text, sizeof(error.text));
	if (failed)
		options_fail(0, "%s", error.text);
	return failed;
}
