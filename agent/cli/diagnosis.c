// SPDX-License-Identifier: Apache-2.0
#include "cli/diagnosis.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "collect/sampled.h"
#include "collect/variant.h"

/* Task iterator 5.8, task storage for tracing programs 5.11. */
#define OLDEST_KERNEL 5011

static size_t read_text(const char *path, char *text, size_t size)
{
	FILE *f = fopen(path, "re");
	size_t len = f ? fread(text, 1, size - 1, f) : 0;

	if (f)
		fclose(f);
	text[len] = '\0';
	return len;
}

static int read_number(const char *path)
{
	char text[32];

	return read_text(path, text, sizeof(text)) ? (int)strtol(text, NULL, 10) : -1;
}

/* The one in brackets counts: "none [integrity] confidentiality". */
static void read_lockdown(char *ret, size_t size)
{
	char text[128];
	const char *open = read_text("/sys/kernel/security/lockdown", text, sizeof(text))
				   ? strchr(text, '[')
				   : NULL;

	*ret = '\0';
	if (open)
		snprintf(ret, size, "%.*s", (int)strcspn(open + 1, "]"), open + 1);
}

static const char *read_cgroup(void)
{
	if (access("/sys/fs/cgroup/cgroup.controllers", F_OK) == 0)
		return "v2";
	if (access("/sys/fs/cgroup/unified/cgroup.controllers", F_OK) == 0)
		return "hybrid";
	return access("/sys/fs/cgroup/memory", F_OK) == 0 ? "v1" : "none";
}

static bool has_capability(cap_t caps, cap_value_t cap)
{
	cap_flag_value_t value = CAP_CLEAR;

	return caps && cap_get_flag(caps, cap, CAP_EFFECTIVE, &value) == 0 && value == CAP_SET;
}

void facts_read(struct facts *f)
{
	struct utsname names;
	unsigned major = 0, minor = 0;
	cap_t caps = cap_get_proc();

	*f = (struct facts){
		.bpf = loader_providers(),
		.cgroup = read_cgroup(),
		.uid = (unsigned)geteuid(),
		.btf = access("/sys/kernel/btf/vmlinux", R_OK) == 0,
		.cap_bpf = has_capability(caps, CAP_BPF),
		.cap_perfmon = has_capability(caps, CAP_PERFMON),
		.cap_sys_admin = has_capability(caps, CAP_SYS_ADMIN),
		.unprivileged_bpf_disabled =
			read_number("/proc/sys/kernel/unprivileged_bpf_disabled"),
		.perf_event_paranoid = read_number("/proc/sys/kernel/perf_event_paranoid"),
	};
	cap_free(caps);
	read_lockdown(f->lockdown, sizeof(f->lockdown));
	if (uname(&names))
		return;
	text_copy(f->release, sizeof(f->release), names.release);
	text_copy(f->machine, sizeof(f->machine), names.machine);
	if (sscanf(names.release, "%u.%u", &major, &minor) == 2)
		f->version = major * 1000 + minor;
}

/* What forbids BPF altogether; false when nothing does. */
static bool advise_on_bpf(const struct facts *f, struct buf *out)
{
	bool may = f->cap_sys_admin || (f->cap_bpf && f->cap_perfmon);

	if (f->version < OLDEST_KERNEL)
		buf_add_string(out, "needs Linux 5.11 or newer");
	else if (!f->btf)
		buf_add_string(out, "needs a kernel built with CONFIG_DEBUG_INFO_BTF=y, and "
				    "/sys/kernel mounted (sysfs)");
	else if (strcmp(f->lockdown, "confidentiality") == 0)
		buf_add_string(out, "kernel lockdown is \"confidentiality\": boot with "
				    "lockdown=integrity");
	else if (!may)
		buf_add_string(out, "run as root, or grant CAP_BPF and CAP_PERFMON (in a container "
				    "also a seccomp profile that lets bpf() through)");
	else
		return false;
	return true;
}

static void advise_on_sockets(const struct facts *f, struct buf *out)
{
	buf_add_string(out,
		       "needs the tracepoints of Linux 6.3, or fexit (CONFIG_FUNCTION_TRACER), "
		       "or kprobes (CONFIG_KPROBES)");
	if (f->perf_event_paranoid > 2 && !f->cap_sys_admin)
		buf_printf(out,
			   "; kernel.perf_event_paranoid is %d, so that kprobes need "
			   "CAP_SYS_ADMIN",
			   f->perf_event_paranoid);
}

void diagnosis_advice(const struct facts *f, enum provider p, const struct probe_state *state,
		      struct buf *out)
{
	if (strcmp(state->wanted, VARIANT_OFF) == 0)
		buf_printf(out, "take %s=off out of the configuration key probes",
			   catalogue_providers[p].name);
	else if (state->wanted[0])
		buf_printf(out, "the configuration key probes asks for %s alone", state->wanted);
	else if (p == PROVIDER_PRESSURE && strstr(state->reason, "psi=1") == NULL)
		buf_add_string(out, "needs a kernel built with CONFIG_PSI=y, booted with psi=1");
	else if (!(f->bpf >> p & 1) || advise_on_bpf(f, out))
		return;
	else if (p == PROVIDER_SOCKETS)
		advise_on_sockets(f, out);
	else
		buf_add_string(out, "the capabilities are there: look for a seccomp profile or a "
				    "security module that forbids bpf()");
}

static bool has_one_row(enum scope scope)
{
	return scope == SCOPE_SYSTEM || scope == SCOPE_TOTALS || scope == SCOPE_LOSSES ||
	       scope == SCOPE_AGENT;
}

static bool is_shown(const struct snapshot *s, enum metric metric)
{
	enum scope scope = catalogue_metrics[metric].scope;
	union snapshot_value value;

	for (size_t i = 0; i < snapshot_rows(s, scope); i++)
		if (snapshot_value(s, snapshot_row(s, scope, i), metric, &value))
			return true;
	return false;
}

/*
 * Where the inputs of processes lie among those of its scope: a group begins with
 * the same ones, in the same order. -1 for an input of no process.
 */
static int usage_input(enum metric metric)
{
	enum input input = catalogue_metrics[metric].input;
	int shared = (int)INPUT_PROCESS_peak_rss_bytes - INPUT_FIRST_PROCESS;
	int of_group = (int)input - INPUT_FIRST_GROUP;

	if (catalogue_metrics[metric].scope == SCOPE_PROCESS)
		return (int)input - INPUT_FIRST_PROCESS;
	if (catalogue_metrics[metric].scope == SCOPE_GROUP && of_group < shared)
		return of_group;
	return -1;
}

const char *diagnosis_source(const struct collector *c, const struct snapshot *s,
			     enum metric metric, const char **ret_reason)
{
	enum scope scope = catalogue_metrics[metric].scope;
	enum provider p = catalogue_inputs[catalogue_metrics[metric].input].provider;
	const struct probe_state *state = &c->states[p];
	int usage = usage_input(metric);

	*ret_reason = state->reason;
	if (usage >= 0 && p == PROVIDER_WALK && c->states[PROVIDER_PROCFS].attached) {
		*ret_reason = geteuid() == 0 ? "/proc does not tell it"
					     : "/proc does not tell it, or tells it root alone";
		p = PROVIDER_PROCFS;
	} else if (!state->attached) {
		/* Without the probe, the kernel's totals give the same of disks. */
		return scope == SCOPE_DISK && is_shown(s, metric)
			       ? catalogue_providers[PROVIDER_DISKSTATS].name
			       : NULL;
	}
	if (usage >= 0 ? c->window.available >> usage & 1
		       : !has_one_row(scope) || is_shown(s, metric))
		return catalogue_providers[p].name;
	if (p != PROVIDER_PROCFS && !state->reason[0])
		*ret_reason = "there is nothing of it on this machine";
	return NULL;
}

const char *diagnosis_remark(const struct collector *c, unsigned i)
{
	static const char ended[] =
		"processes that begin and end between two windows are not seen, "
		"nor is what ended ones did last";
	static const char ticks[] = "CPU time is read in clock ticks";
	static const char kprobe[] = "socket bytes come from kprobes: what raw and unix sockets "
				     "receive is missed while more than ten calls, or two for each "
				     "CPU, wait (losses.returns_missed)";
	static const char splice[] = "not counted as received: splice from a socket to a pipe, and "
				     "TCP_ZEROCOPY_RECEIVE; network.tcp.unseen_rx_bytes tells how "
				     "much, but for processes that fork or share connections";
	static const char sampled[] =
		"TCP bytes come from the counters of sockets: those of a "
		"connection that several processes hold count for one of them, those of "
		"multipath TCP for none";
	const char *remarks[4];
	unsigned count = 0;

	if (!c->states[PROVIDER_LIFE].attached)
		remarks[count++] = ended;
	if (c->states[PROVIDER_PROCFS].attached)
		remarks[count++] = ticks;
	if (sampled_is_on(c))
		remarks[count++] = sampled;
	else if (c->states[PROVIDER_SOCKETS].attached)
		remarks[count++] = splice;
	if (strcmp(c->states[PROVIDER_SOCKETS].variant, "kprobe") == 0)
		remarks[count++] = kprobe;
	return i < count ? remarks[i] : NULL;
}
