// SPDX-License-Identifier: Apache-2.0
/* Lines of the formats that Prometheus reads. */
#pragma once

#include "base/buf.h"
#include "encode/family.h"
#include "encode/put.h"

/* The name that stands before a sample: a family's with a suffix. */
struct sample_name {
	char text[FAMILY_MAX_NAME + 8];
	size_t len;
};

/* The name of the samples with that suffix, "" for those that have none. */
struct sample_name sample_name_of(const struct family *f, const char *suffix);

/* Room for a line, less its labels. */
#define SAMPLE_ROOM (FAMILY_MAX_NAME + 8 + PUT_NUMBER_MAX)

/*
 * Writes a line; labels are {name="value",...} or nothing (len bytes). Returns where the next byte
 * goes.
 */
char *sample_put(char *to, const struct sample_name *name, const char *labels, size_t len,
		 double value);

/* Writes a number with up to nine decimals, those of nanoseconds; NaN, +Inf and -Inf as words. */
char *sample_put_value(char *to, double value);

/* Appends HELP, TYPE and, in OpenMetrics, UNIT of a family. */
void sample_head(struct buf *b, const struct family *f, bool openmetrics, const char *type);
