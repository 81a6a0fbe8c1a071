// SPDX-License-Identifier: Apache-2.0
/*
 * Which rows a reader wants: globs on labels, comparisons with numbers, and a
 * text to search for. All must hold. A filter is plain bytes, without pointers:
 * two that were made alike are equal byte by byte.
 */
#pragma once

#include <stdbool.h>

#include "snapshot/snapshot.h"

#define FILTER_MAX_TERMS 16
#define FILTER_MAX_GLOBS 16   /* of one term */
#define FILTER_MAX_BYTES 1024 /* of all globs, each with its NUL */
#define FILTER_MAX_TEXT 64    /* of the text to search for, with its NUL */

enum filter_op {
	FILTER_GLOB,
	FILTER_NOT_GLOB,
	FILTER_GREATER,
	FILTER_GREATER_EQUAL,
	FILTER_LESS,
	FILTER_LESS_EQUAL,
	FILTER_EQUAL,
	FILTER_NOT_EQUAL,
};

struct filter_term {
	double number;	/* of a comparison */
	uint32_t id;	/* enum label, or enum metric */
	uint8_t metric; /* 1: id is a metric */
	uint8_t op;	/* enum filter_op */
	uint16_t globs; /* of FILTER_GLOB: any of them; of FILTER_NOT_GLOB: none of them */
};

/* Starts as zeros: every row passes. */
struct filter {
	struct filter_term terms[FILTER_MAX_TERMS];
	uint32_t count;
	uint32_t bytes;		      /* of globs */
	char globs[FILTER_MAX_BYTES]; /* in the order of the terms, each with its NUL */
	char text[FILTER_MAX_TEXT];   /* "" for none */
};

/* The operator by its name: gt, ge, lt, le, eq, ne. -1 when there is none. */
int filter_op_of(const char *name);

/* Adds a term on a label: any of the globs, or none of them. False when it does not fit. */
bool filter_add_globs(struct filter *f, enum label label, bool negated, const char *const *globs,
		      size_t count);

/* Adds a comparison with a metric, or with a label that is a number. False when it does not fit. */
bool filter_add_metric(struct filter *f, enum metric metric, enum filter_op op, double number);
bool filter_add_label(struct filter *f, enum label label, enum filter_op op, double number);

/*
 * True when all terms hold for the row of the scope they were made for. A label that the row has
 * not is the empty text to a glob; what compares with an absent number never holds. The text is
 * looked for in every label that is a text, whatever its case; one of digits is a pid too. Labels
 * whose bit is in hidden are as if the row had them not.
 */
bool filter_accepts(const struct filter *f, const struct snapshot *s, enum scope scope,
		    const struct snapshot_row *row, uint64_t hidden);
