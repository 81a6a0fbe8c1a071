// SPDX-License-Identifier: Apache-2.0
/* What `probecast doctor` found out, and its two forms. */
#pragma once

#include "base/buf.h"
#include "cli/diagnosis.h"

struct report {
	struct facts facts;
	const struct collector *collector; /* open, after one window */
	const struct snapshot *snapshot;   /* of that window */
	bool complete;			   /* all that BPF gives is to be had */
};

/* Appends the report as JSON; docs/PROBES.md describes it. */
void doctor_json(const struct report *r, struct buf *out);

/* Appends the report for people, at most 80 columns wide. */
void doctor_text(const struct report *r, struct buf *out);
