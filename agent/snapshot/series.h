// SPDX-License-Identifier: Apache-2.0
/* Inputs of one row that user space reads: newest readings and what they grew by. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "snapshot/derive.h"

struct series {
	uint64_t last[DERIVE_MAX_INPUTS]; /* newest reading of a counter */
	uint64_t amount[DERIVE_MAX_INPUTS];
	uint64_t value[DERIVE_MAX_INPUTS];
	uint64_t available; /* inputs read in this window */
	uint64_t seeded;    /* counters that have a base */
};

/* Begins a window: nothing is available until it is read. */
static inline void series_begin(struct series *s)
{
	s->available = 0;
}

/*
 * Takes the newest reading of a counter. The first one only sets the base. A
 * counter that fell was begun anew (a device that came back): its reading is
 * what was added since.
 */
void series_counter(struct series *s, unsigned input, uint64_t reading);

/*
 * The same for a counter that cannot begin anew: when it falls, nothing was
 * added. The kernel's idle and I/O wait times step back a little now and then.
 */
void series_steady(struct series *s, unsigned input, uint64_t reading);

/* Takes the newest value of a gauge. */
void series_gauge(struct series *s, unsigned input, uint64_t value);

/* Takes what was added in this window, worked out of other inputs. */
void series_amount(struct series *s, unsigned input, uint64_t amount);

/* Takes part of whole, in thousandths of a per cent; of nothing there is no share. */
void series_share(struct series *s, unsigned input, uint64_t part, uint64_t whole);

/* Adds the row's metrics. */
void series_derive(const struct series *s, struct builder_row *row, enum scope scope,
		   uint64_t length_ns, uint32_t cpus);
