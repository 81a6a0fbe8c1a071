// SPDX-License-Identifier: Apache-2.0
/* From inputs to metrics: every metric of a scope by its kind and unit, with no code of its own. */
#pragma once

#include <stdint.h>

#include "snapshot/builder.h"

#define DERIVE_MAX_INPUTS 64

/* The inputs of one row; arrays are indexed from the first input of the scope. */
struct derive_inputs {
	const uint64_t *amount;		    /* counters: added in this window */
	const uint64_t *value;		    /* counters: since first seen; gauges: newest */
	uint64_t available;		    /* bit i: input i is known */
	uint64_t zero_amounts, zero_values; /* bit i: it is 0, and need not be looked at */
	uint64_t length_ns;		    /* of the window; 0: amounts and rates are absent */
	uint32_t cpus;			    /* of the machine, for shares */
};

/* Puts every metric whose input is known into the row. For one thread only. */
void derive_row(struct builder_row *row, enum scope scope, const struct derive_inputs *in);

/* All inputs of a scope that this provider fills, as bits. */
uint64_t derive_inputs_of(enum scope scope, enum provider provider);
