// SPDX-License-Identifier: Apache-2.0
/* The rows of the benchmarks' table. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct bench_row {
	const char *what;   /* names the row */
	const char *detail; /* what else is worth telling; NULL for nothing */
	const char *unit;   /* of value and anchor_value */
	double value;
	const char *anchor; /* what it is held against; NULL: against the bar alone */
	double anchor_value;
	double compared; /* with the bar: mostly the ratio of the two values */
	double bar;
	bool at_least; /* the bar is met from above */
};

/*
 * Prints a row, fields separated by tabs in the order of struct bench_row: at_least is written
 * ">=" or "<=" before the bar; the last field is "pass" or "MISS".
 */
void bench_print(const struct bench_row *row);

/* Prints a row that cannot be measured here, and why. */
void bench_skip(const char *what, const char *why);

/* The middle of the values, which are sorted for it. */
double bench_median(double *values, size_t count);
