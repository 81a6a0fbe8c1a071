// SPDX-License-Identifier: Apache-2.0
/*
 * A strict reader of what Prometheus reads, made from its specifications and from
 * nothing of the agent. It fails the test at the first thing that a scraper may refuse.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * Reads a whole document: lines and escapes; names and UTF-8; each family's HELP, TYPE (and UNIT)
 * once and before its samples, which stand together; suffixes as the type demands; no series twice;
 * "# EOF" at the end of OpenMetrics and only there.
 */
void exposition_read(const char *text, size_t len, bool openmetrics);

/* How many samples and families there were. */
size_t exposition_samples(void);
size_t exposition_families(void);

/*
 * The value of a series of the document that was read last, given as it is written there but with
 * its label values unescaped, as in a{b="c",d="e"}. False when there is none.
 */
bool exposition_value(const char *series, double *ret);

/* How many samples have that name. */
size_t exposition_count(const char *name);
