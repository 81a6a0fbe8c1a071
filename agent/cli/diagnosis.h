// SPDX-License-Identifier: Apache-2.0
/* What this machine allows, and what to grant where a probe is not to be had. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "collect/collector.h"

/* What decides on whether BPF is to be had. */
struct facts {
	char release[128]; /* of the kernel, as uname() gives it */
	char machine[64];
	unsigned version;   /* major * 1000 + minor */
	char lockdown[32];  /* "none", "integrity", "confidentiality"; "" when not to be read */
	const char *cgroup; /* "v1", "hybrid", "v2", "none" */
	unsigned uid;	    /* effective */
	uint64_t bpf;	    /* providers that are BPF probes, as bits */
	bool btf;	    /* the kernel tells its types */
	bool cap_bpf, cap_perfmon, cap_sys_admin;
	int unprivileged_bpf_disabled; /* -1 when not to be read; the same below */
	int perf_event_paranoid;
};

/* Reads them; what cannot be read has the value said above. */
void facts_read(struct facts *f);

/* Appends what to do for a probe that is not there, one sentence; nothing when it is said in its
 * reason already. */
void diagnosis_advice(const struct facts *f, enum provider p, const struct probe_state *state,
		      struct buf *out);

/*
 * Where a metric comes from, after one window whose snapshot is s: the provider's name, or NULL
 * with the reason in *ret_reason.
 */
const char *diagnosis_source(const struct collector *c, const struct snapshot *s,
			     enum metric metric, const char **ret_reason);

/* What is not exact with the probes that are there: the i-th remark, NULL behind the last. */
const char *diagnosis_remark(const struct collector *c, unsigned i);
