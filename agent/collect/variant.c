// SPDX-License-Identifier: Apache-2.0
#include "collect/variant.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <bpf/btf.h>
#include <bpf/libbpf.h>

/* In the order in which they are tried. The first is that of programs without a variant's name. */
static const char *const variants[] = {"tp_btf", "fexit", "raw_tp", "tp", "kprobe"};

#define VARIANTS ((int)(sizeof(variants) / sizeof(*variants)))

bool variant_is_name(const char *name)
{
	for (int v = 0; v < VARIANTS; v++)
		if (strcmp(variants[v], name) == 0)
			return true;
	return strcmp(name, VARIANT_OFF) == 0;
}

const char *variant_names(void)
{
	return "tp_btf, fexit, raw_tp, tp, kprobe";
}

void variant_add_reason(struct probe_state *state, const char *format, ...)
{
	size_t used = strlen(state->reason);
	size_t room = sizeof(state->reason) - used;
	va_list args;

	va_start(args, format);
	if (used && room > 2) {
		memcpy(state->reason + used, "; ", 3);
		used += 2;
		room -= 2;
	}
	vsnprintf(state->reason + used, room, format, args);
	va_end(args);
}

/* What stands behind "<provider>__", or NULL. */
static const char *hook_of(const struct bpf_program *program, int provider)
{
	const char *name = bpf_program__name(program);
	size_t len = strlen(catalogue_providers[provider].name);

	if (strncmp(name, catalogue_providers[provider].name, len) == 0 &&
	    strncmp(name + len, "__", 2) == 0)
		return name + len + 2;
	return NULL;
}

int variant_provider(const struct bpf_program *program)
{
	for (int p = 0; p < PROVIDERS; p++)
		if (hook_of(program, p))
			return p;
	return -1;
}

static int variant_of(const struct bpf_program *program)
{
	int p = variant_provider(program);
	const char *suffix = p < 0 ? NULL : strstr(hook_of(program, p), "__");

	for (int v = 0; suffix && v < VARIANTS; v++)
		if (strcmp(variants[v], suffix + 2) == 0)
			return v;
	return suffix || p < 0 ? VARIANT_NONE : 0;
}

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/*
 * Whether the kernel has what the program attaches to, as far as its type
 * information tells: the callback's type of a tracepoint, a function.
 */
static bool target_exists(const struct btf *btf, const struct bpf_program *program)
{
	const char *section = bpf_program__section_name(program);
	const char *slash = strchr(section, '/');
	char type[128];

	if (begins(section, "tp_btf/")) {
		snprintf(type, sizeof(type), "btf_trace_%s", slash + 1);
		return btf__find_by_name_kind(btf, type, BTF_KIND_TYPEDEF) > 0;
	}
	if (begins(section, "fexit/") || begins(section, "fentry/") || begins(section, "kprobe/") ||
	    begins(section, "kretprobe/"))
		return btf__find_by_name_kind(btf, slash + 1, BTF_KIND_FUNC) > 0;
	return true;
}

bool variant_is_iterator(const struct bpf_program *program)
{
	return begins(bpf_program__section_name(program), "iter/");
}

bool variant_includes(const struct bpf_program *program, const struct btf *btf, int variant)
{
	return variant >= 0 && variant_of(program) == variant && target_exists(btf, program);
}

/* libbpf leaves programs of sections that begin with '?' out unless told otherwise. */
static bool is_optional(const struct bpf_program *program)
{
	return !bpf_program__autoload(program);
}

/* True when the provider has programs for the variant, and the kernel what they need. */
static bool is_possible(const struct bpf_object *object, const struct btf *btf, enum provider p,
			int variant, struct probe_state *state)
{
	struct bpf_program *program;
	bool any = false;

	bpf_object__for_each_program (program, object) {
		if (variant_provider(program) != (int)p || variant_of(program) != variant ||
		    is_optional(program))
			continue;
		if (!target_exists(btf, program)) {
			variant_add_reason(state, "this kernel has no %s",
					   bpf_program__section_name(program));
			return false;
		}
		any = true;
	}
	return any;
}

int variant_choose(const struct bpf_object *object, const struct btf *btf, enum provider p,
		   int first, struct probe_state *state)
{
	bool wanted = state->wanted[0] != '\0';

	for (int v = first; v < VARIANTS; v++) {
		if (wanted && strcmp(state->wanted, variants[v]) != 0)
			continue;
		if (is_possible(object, btf, p, v, state))
			return v;
	}
	return VARIANT_NONE;
}

void variant_name(const struct bpf_program *program, int variant, struct probe_state *state)
{
	const char *section = bpf_program__section_name(program);
	int len = variant_is_iterator(program) ? (int)strlen(section) : (int)strcspn(section, "/");

	if (variant > 0)
		snprintf(state->variant, sizeof(state->variant), "%s", variants[variant]);
	else
		snprintf(state->variant, sizeof(state->variant), "%.*s", len, section);
}
