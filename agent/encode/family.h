// SPDX-License-Identifier: Apache-2.0
/*
 * Metric families of Prometheus, out of the catalogue. What grows is a counter: an
 * amount, or a rate or per cent whose amount the tally has worked out. Of the metrics
 * that tell of one input only one is a family. Units are base units: seconds, bytes,
 * ratios.
 */
#pragma once

#include <stdbool.h>

#include "snapshot/catalogue.h"

#define FAMILY_MAX_NAME 96
#define FAMILY_MAX_HELP 512

struct family {
	enum metric metric; /* whose presence and value count, less for what the tally adds up */
	int slot;	    /* counter: its number in the tally; -1: the metric's own value */
	int others;	    /* counter: the number of its sum over processes that are not shown */
	bool counter;
	bool additive; /* gauge: the sum over processes means something */
	double factor; /* from the metric's unit to the family's */
	const char *unit;
	char name[FAMILY_MAX_NAME]; /* without the _total of a counter */
	char help[FAMILY_MAX_HELP];
};

/* The families of a scope, in the order of its metrics; how many in *ret_count. */
const struct family *families_of(enum scope scope, size_t *ret_count);

/* The latencies of disks are one family with buckets, from what these metrics add up to. */
extern const struct family family_disk_latency;

/* Whether a label tells rows of a scope apart in time series: paths and times would be too many. */
bool family_has_label(enum label label);
