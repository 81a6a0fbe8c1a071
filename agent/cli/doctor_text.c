// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <string.h>

#include "cli/doctor.h"

#define WIDTH 80
#define INDENT 25

/* Appends a text that begins in this column; further lines are indented by so many. */
static void add_wrapped(struct buf *out, size_t column, int indent, const char *text)
{
	const char *space = "";

	while (*text) {
		size_t word = strcspn(text, " ");

		if (*space && column + 1 + word > WIDTH) {
			buf_printf(out, "\n%*s", indent, "");
			column = (size_t)indent;
			space = "";
		}
		buf_add_string(out, space);
		for (size_t i = 0; i < word; i++)
			buf_add_char(out, text[i] >= 0x20 && text[i] < 0x7f ? text[i] : '?');
		column += word + strlen(space);
		text += word;
		text += strspn(text, " ");
		space = " ";
	}
	buf_add_char(out, '\n');
}

static void add_line(struct buf *out, const char *first, const char *second, const char *text)
{
	size_t before = out->len;

	buf_printf(out, *text ? "  %-12s %-9s " : "  %-12s %s", first, second);

	size_t column = out->len - before;

	for (; *text && column < INDENT; column++)
		buf_add_char(out, ' ');
	add_wrapped(out, column, INDENT, text);
}

static const char *yes(bool value)
{
	return value ? "yes" : "no";
}

static void add_facts(struct buf *out, const struct facts *f)
{
	buf_printf(out, "probecast %s on Linux %.40s (%.20s)\n", PROBECAST_VERSION, f->release,
		   f->machine);
	buf_printf(out, "  cgroup %s; kernel types (BTF): %s; lockdown: %s\n", f->cgroup,
		   yes(f->btf), f->lockdown[0] ? f->lockdown : "not known");
	buf_printf(out, "  uid %u; CAP_BPF: %s; CAP_PERFMON: %s; CAP_SYS_ADMIN: %s\n", f->uid,
		   yes(f->cap_bpf), yes(f->cap_perfmon), yes(f->cap_sys_admin));
}

static void add_probe(struct buf *out, const struct report *r, enum provider p)
{
	const struct probe_state *state = &r->collector->states[p];
	AUTO_BUF struct buf advice = {0};

	if (state->attached) {
		add_line(out, catalogue_providers[p].name, state->variant,
			 state->reason[0] ? state->reason : catalogue_providers[p].help);
		return;
	}
	if (p != PROVIDER_WALK &&
	    strcmp(state->reason, r->collector->states[PROVIDER_WALK].reason) == 0) {
		add_line(out, catalogue_providers[p].name, "-", "for the same reason as the walk");
		return;
	}
	add_line(out, catalogue_providers[p].name, "-", state->reason);
	diagnosis_advice(&r->facts, p, state, &advice);
	buf_add_char(&advice, '\0');
	if (!buf_failed(&advice) && advice.len > 1)
		add_line(out, "", "grant:", advice.data);
}

static bool is_measured(const struct report *r, int metric)
{
	const char *reason;

	return diagnosis_source(r->collector, r->snapshot, (enum metric)metric, &reason) != NULL;
}

/* The metrics from m on that stand together under one prefix ("network."); 1 without a prefix. */
static int family(const struct scope_info *scope, int m)
{
	const char *path = catalogue_metrics[m].path;
	size_t prefix = strcspn(path, ".") + 1;
	int count = 1;

	while (path[prefix - 1] && m + count < (int)scope->end_metric &&
	       strncmp(catalogue_metrics[m + count].path, path, prefix) == 0)
		count++;
	return count;
}

/* By name, and those of a family that is missing as a whole by its prefix. */
static void add_missing(struct buf *out, const struct report *r, const struct scope_info *scope)
{
	for (int m = (int)scope->first_metric, next; m < (int)scope->end_metric; m = next) {
		const char *path = catalogue_metrics[m].path;
		int last = m + family(scope, m), missing = 0;

		for (next = m; next < last; next++)
			missing += !is_measured(r, next);
		if (missing == last - m && missing > 1) {
			buf_printf(out, "%s%.*s.*",
				   out->len ? ", " : "not measured: ", (int)strcspn(path, "."),
				   path);
			continue;
		}
		for (int i = m; i < last; i++)
			if (!is_measured(r, i))
				buf_printf(out, "%s%s", out->len ? ", " : "not measured: ",
					   catalogue_metrics[i].path);
	}
}

static void add_scope(struct buf *out, const struct report *r, const struct scope_info *scope)
{
	char summary[64];
	unsigned have = 0, all = (unsigned)(scope->end_metric - scope->first_metric);
	AUTO_BUF struct buf missing = {0};

	if (!all)
		return;
	for (int m = (int)scope->first_metric; m < (int)scope->end_metric; m++)
		have += is_measured(r, m);
	if (have)
		add_missing(&missing, r, scope);
	else
		buf_add_string(&missing, "nothing measured");
	snprintf(summary, sizeof(summary), "%u/%u", have, all);
	buf_add_char(&missing, '\0');
	add_line(out, scope->name, summary, missing.len > 1 ? missing.data : "");
}

void doctor_text(const struct report *r, struct buf *out)
{
	const char *remark;

	add_facts(out, &r->facts);
	buf_add_string(out, "\nPROBE          HOW       WHAT IT IS, OR WHY IT IS NOT THERE\n");
	for (int p = 0; p < PROVIDERS; p++)
		if (p != PROVIDER_PROCFS || r->collector->states[p].attached)
			add_probe(out, r, (enum provider)p);
	buf_add_string(out, "\nMETRICS OF     MEASURED\n");
	for (int s = 0; s < SCOPES; s++)
		add_scope(out, r, &catalogue_scopes[s]);
	if (diagnosis_remark(r->collector, 0))
		buf_add_string(out, "\nNOT EXACT\n");
	for (unsigned i = 0; (remark = diagnosis_remark(r->collector, i)); i++) {
		buf_add_string(out, "  ");
		add_wrapped(out, 2, 4, remark);
	}
	buf_printf(out, "\n%s\n",
		   r->complete ? "All probes are to be had."
			       : "The agent would run without some of its probes.");
}
