// SPDX-License-Identifier: Apache-2.0
/*
 * A snapshot as Prometheus reads it: text format 0.0.4, or OpenMetrics 1.0. Names
 * follow from the catalogue (encode/family.h); docs/PROMETHEUS.md tells them.
 */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "encode/encode.h"
#include "snapshot/tally.h"

struct prometheus_wish {
	bool openmetrics;
	/* Rows of a list at the most, each by several measures: CPU, memory, network, disk. */
	size_t processes; /* pools too; the other processes are one series in sum */
	size_t groups;
};

/*
 * Appends the newest snapshot, s, that was added to the tally. What it says of processes counts as
 * shown. No series is there twice; label values are valid UTF-8. server may be NULL. Memory that it
 * needs is kept for the next call; what did not fit is said by buf_failed().
 */
void encode_prometheus(struct buf *b, const struct snapshot *s, struct tally *t,
		       const struct prometheus_wish *wish, const struct encode_server *server);
