// SPDX-License-Identifier: Apache-2.0
/*
 * The ways in which a provider can attach. Programs are named <provider>__<hook>
 * for the first choice and <provider>__<hook>__<variant> for the others; the
 * programs of one variant go together. A section that begins with '?' is for a
 * function that not every kernel has: without it the variant does with the rest.
 */
#pragma once

#include <stdbool.h>

#include "collect/loader.h"

struct bpf_object;
struct bpf_program;
struct btf;

/* The wish that a provider is not attached. */
#define VARIANT_OFF "off"

/* The wish that TCP bytes are read from the sockets, and no hook hears of their calls. */
#define VARIANT_SAMPLED "tcp-sampled"

/* Instead of a variant's number: not to be attached; not chosen yet. */
#define VARIANT_NONE (-1)
#define VARIANT_NEXT (-2)

/* True for "off" and the name of a variant; and all these names, joined by ", ". */
bool variant_is_name(const char *name);
const char *variant_names(void);

/* The provider that a program belongs to, or -1. */
int variant_provider(const struct bpf_program *program);

/*
 * The first variant of the provider from number `first` on that it has programs
 * for, that is wanted (state->wanted), and whose targets the kernel has;
 * VARIANT_NONE when there is none. Why others are passed over is added to the
 * reason. Call it on an object that was just opened.
 */
int variant_choose(const struct bpf_object *object, const struct btf *btf, enum provider p,
		   int first, struct probe_state *state);

/* True when the program belongs to the variant and the kernel has its target. */
bool variant_includes(const struct bpf_program *program, const struct btf *btf, int variant);

/* The variant's name as agent.probes shows it, written to state->variant. */
void variant_name(const struct bpf_program *program, int variant, struct probe_state *state);

/* True for an iterator: it runs when the agent reads it, and in the agent's CPU time. */
bool variant_is_iterator(const struct bpf_program *program);

/* Adds to the reason, which holds what was tried before. */
void variant_add_reason(struct probe_state *state, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
