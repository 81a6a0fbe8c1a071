// SPDX-License-Identifier: Apache-2.0
/* What a latency histogram of a BPF map grew by in a window, and its percentiles. */
#pragma once

#include <stdint.h>

#include <linux/types.h>

#include "latency.h"

struct histogram {
	uint32_t last[LATENCY_BUCKETS];	  /* newest reading; wraps around */
	uint32_t amount[LATENCY_BUCKETS]; /* added in this window */
	uint64_t count;			  /* sum of these */
};

/* Takes the newest reading. Counts from 0 if it is the first. */
void histogram_read(struct histogram *h, const uint32_t buckets[LATENCY_BUCKETS]);

/*
 * The latency in ns that so many per cent (1 to 100) of the window's requests did not exceed, by
 * the nearest rank; latency.h tells the error. count must not be 0.
 */
uint64_t histogram_percentile(const struct histogram *h, unsigned percent);

/* The window's requests below the first bound, from it to the second, ..., and from the last on. */
void histogram_between_bounds(const struct histogram *h, uint64_t ret[LATENCY_BOUNDS + 1]);
