// SPDX-License-Identifier: Apache-2.0
/* What other programs do, as often as they can, on one CPU. */
#pragma once

struct load {
	const char *name; /* as an argument */
	const char *what; /* in the table */
	double bar;	  /* least share of its rate that it has with the agent */
	double (*rate)(double seconds);
};

/* The load of that name; NULL when there is none. */
const struct load *load_find(const char *name);

/* How often a second the load runs, in a process of its own that is pinned to the last CPU. */
double load_pinned_rate(const struct load *load, double seconds);
