// SPDX-License-Identifier: Apache-2.0
/* Whether a provider of numbers, a BPF probe or a file, is there. */
#pragma once

#include <stdbool.h>

/* What became of a provider. */
struct probe_state {
	bool attached;
	char wanted[16];  /* "" for the first variant that does, the only one to try, or "off" */
	char variant[32]; /* how, when attached */
	char reason[256]; /* why not, when not */
};
