// SPDX-License-Identifier: Apache-2.0
#include "bench/row.h"

#include <stdio.h>
#include <stdlib.h>

void bench_print(const struct bench_row *r)
{
	bool good = r->at_least ? r->compared >= r->bar : r->compared <= r->bar;

	printf("%s\t%s\t%s\t%.6g\t%s\t%.6g\t%.4g\t%s\t%g\t%s\n", r->what,
	       r->detail ? r->detail : "", r->unit, r->value, r->anchor ? r->anchor : "",
	       r->anchor_value, r->compared, r->at_least ? ">=" : "<=", r->bar,
	       good ? "pass" : "MISS");
	fflush(stdout);
}

void bench_skip(const char *what, const char *why)
{
	printf("%s\t%s\t\t\t\t\t\t\t\tskipped\n", what, why);
	fflush(stdout);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double bench_median(double *values, size_t count)
{
	qsort(values, count, sizeof(*values), compare);
	return values[count / 2];
}
