// SPDX-License-Identifier: Apache-2.0
#include "cli/doctor.h"

#include <string.h>

#include "encode/encode.h"
#include "encode/writer.h"

static void open_member(struct buf *out, const char *name, char bracket)
{
	encode_member(out, name);
	buf_add_char(out, bracket);
}

/* null where it cannot be read. */
static void add_sysctl(struct buf *out, const char *name, int value)
{
	if (value >= 0)
		encode_member_integer(out, name, (uint64_t)value);
}

static void add_facts(struct buf *out, const struct facts *f)
{
	open_member(out, "kernel", '{');
	encode_member_string(out, "release", f->release);
	encode_member_string(out, "machine", f->machine);
	encode_member_bool(out, "btf", f->btf);
	if (f->lockdown[0])
		encode_member_string(out, "lockdown", f->lockdown);
	add_sysctl(out, "unprivileged_bpf_disabled", f->unprivileged_bpf_disabled);
	add_sysctl(out, "perf_event_paranoid", f->perf_event_paranoid);
	buf_add_char(out, '}');
	encode_member_string(out, "cgroup", f->cgroup);
	open_member(out, "privileges", '{');
	encode_member_integer(out, "uid", f->uid);
	encode_member_bool(out, "cap_bpf", f->cap_bpf || f->cap_sys_admin);
	encode_member_bool(out, "cap_perfmon", f->cap_perfmon || f->cap_sys_admin);
	encode_member_bool(out, "cap_sys_admin", f->cap_sys_admin);
	buf_add_char(out, '}');
}

static void add_probe(struct buf *out, const struct report *r, enum provider p)
{
	const struct probe_state *state = &r->collector->states[p];
	AUTO_BUF struct buf advice = {0};

	encode_comma(out);
	buf_add_char(out, '{');
	encode_member_string(out, "name", catalogue_providers[p].name);
	encode_member_string(out, "help", catalogue_providers[p].help);
	encode_member_bool(out, "available", state->attached);
	if (state->attached) {
		encode_member_string(out, "variant", state->variant);
		if (state->reason[0])
			encode_member_string(out, "reason", state->reason);
	} else {
		encode_member_string(out, "reason", state->reason);
		diagnosis_advice(&r->facts, p, state, &advice);
		buf_add_char(&advice, '\0');
		if (!buf_failed(&advice) && advice.len > 1)
			encode_member_string(out, "advice", advice.data);
	}
	buf_add_char(out, '}');
}

static void add_metric(struct buf *out, const struct report *r, enum metric m)
{
	const char *reason, *source = diagnosis_source(r->collector, r->snapshot, m, &reason);

	encode_comma(out);
	buf_add_char(out, '{');
	encode_member_string(out, "scope", catalogue_scopes[catalogue_metrics[m].scope].name);
	encode_member_string(out, "path", catalogue_metrics[m].path);
	encode_member_bool(out, "available", source != NULL);
	if (source)
		encode_member_string(out, "source", source);
	else
		encode_member_string(out, "reason", reason);
	buf_add_char(out, '}');
}

void doctor_json(const struct report *r, struct buf *out)
{
	const char *remark;

	buf_add_char(out, '{');
	encode_member_string(out, "version", PROBECAST_VERSION);
	encode_member_bool(out, "complete", r->complete);
	encode_member_string(out, "source", r->collector->source.name);
	add_facts(out, &r->facts);
	open_member(out, "probes", '[');
	for (int p = 0; p < PROVIDERS; p++)
		add_probe(out, r, (enum provider)p);
	buf_add_char(out, ']');
	open_member(out, "metrics", '[');
	for (int m = 0; m < METRICS; m++)
		add_metric(out, r, (enum metric)m);
	buf_add_char(out, ']');
	open_member(out, "remarks", '[');
	for (unsigned i = 0; (remark = diagnosis_remark(r->collector, i)); i++) {
		encode_comma(out);
		encode_string(out, remark, strlen(remark));
	}
	buf_add_string(out, "]}\n");
}
