// SPDX-License-Identifier: Apache-2.0
#include "collect/oom.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "snapshot/derive.h"

#define OOM_KILL_INPUT(id) (INPUT_OOM_KILL_##id - INPUT_FIRST_OOM_KILL)
#define OOM_KILL_INPUTS (INPUT_END_OOM_KILL - INPUT_FIRST_OOM_KILL)

/* With so much of its memory available the machine does not kill. */
#define MACHINE_HAS_MEMORY 0.1

/* Before 6.9 the kernel does not tell the start of the victim: of that pid only one is alive. */
static struct process *victim_of(const struct window *w, const struct oom_kill *k)
{
	struct process *p;
	size_t at = 0;

	if (k->process_start_ns)
		return table_get(&w->processes, k->pid, k->process_start_ns);
	while ((p = table_next(&w->processes, &at)))
		if (p->pid == k->pid && (!p->exited || p->exit_status == SIGKILL))
			return p;
	return NULL;
}

/* True when the cgroup, or one that it is in, has a limit. */
static bool has_limit(const struct oom *oom, const struct cgroup *c)
{
	char path[4096];
	char *slash;
	struct cgroup_stat stat;

	text_copy(path, sizeof(path), c->path);
	while (*path) {
		cgroup_stat_read(&oom->mounts, path, &stat);
		if (stat.has_limit)
			return true;
		slash = strrchr(path, '/');
		if (!slash)
			break;
		*slash = '\0';
	}
	return false;
}

/* Available memory of the machine as a share of all; -1 when it is not known. */
static double available_share(void)
{
	unsigned long total, available;
	AUTO_FCLOSE FILE *f = fopen("/proc/meminfo", "re");

	if (!f ||
	    fscanf(f, "MemTotal: %lu kB MemFree: %*u kB MemAvailable: %lu kB", &total,
		   &available) != 2 ||
	    !total)
		return -1;
	return (double)available / (double)total;
}

/*
 * The tracepoint does not tell. Without a limit it was the machine; while the
 * machine has plenty it was the limit; a machine that is short of memory, with
 * the victim in a cgroup with a limit, may be both.
 */
static const char *reason_of(const struct oom *oom, const struct oom_kill *k,
			     const struct process *p)
{
	if (!p || !p->cgroup || !oom->mounted)
		return NULL;
	if (!has_limit(oom, p->cgroup))
		return "machine";
	return k->available > MACHINE_HAS_MEMORY ? "cgroup" : NULL;
}

void oom_take(struct oom *oom, const struct window *w, const struct oom_record *r)
{
	if (oom->count == OOM_KILLS_MAX) {
		oom->left_out++;
		return;
	}
	if (!oom->mounted)
		oom->mounted = cgroup_mounts_find(&oom->mounts);

	struct oom_kill *k = &oom->kills[oom->count++];

	*k = (struct oom_kill){
		.pid = r->head.pid,
		.process_start_ns = r->head.process_start_ns,
		.boot_ns = r->boot_ns,
	};
	memcpy(k->trigger, r->trigger, RECORD_COMM_LENGTH);
	k->available = available_share();
	k->reason = reason_of(oom, k, victim_of(w, k));
}

static void add_victim(const struct window *w, struct builder *b, struct builder_row *row,
		       const struct process *p)
{
	const struct cgroup *c = p->cgroup;

	builder_label(row, SCOPE_OOM_KILL, LABEL_OOM_KILL_start_time, p->start_ns);
	builder_label_string(b, row, SCOPE_OOM_KILL, LABEL_OOM_KILL_comm, p->comm);
	builder_label_shared(b, row, SCOPE_OOM_KILL, LABEL_OOM_KILL_user,
			     identity_user(w->identity, p->uid));
	if (!c)
		return;
	builder_label_shared(b, row, SCOPE_OOM_KILL, LABEL_OOM_KILL_container, c->container);
	builder_label_shared(b, row, SCOPE_OOM_KILL, LABEL_OOM_KILL_pod, c->pod);
	builder_label_shared(b, row, SCOPE_OOM_KILL, LABEL_OOM_KILL_namespace, c->namespace);
	builder_label_shared(b, row, SCOPE_OOM_KILL, LABEL_OOM_KILL_unit, c->unit);
	builder_label_shared(b, row, SCOPE_OOM_KILL, LABEL_OOM_KILL_cgroup, c->path);
}

static void emit(const struct oom *oom, const struct oom_kill *k, const struct window *w,
		 struct builder *b, uint64_t end_boot_ns)
{
	const struct process *p = victim_of(w, k);
	/* The cgroup may be known only by now; its limit is still there, if it is. */
	const char *reason = k->reason ? k->reason : reason_of(oom, k, p);
	struct builder_row row;
	uint64_t value[OOM_KILL_INPUTS] = {0};
	struct derive_inputs in = {.amount = value, .value = value, .cpus = 1};

	value[OOM_KILL_INPUT(age_ns)] = end_boot_ns - k->boot_ns;
	in.available = 1ULL << OOM_KILL_INPUT(age_ns);
	builder_row_clear(&row);
	builder_label(&row, SCOPE_OOM_KILL, LABEL_OOM_KILL_pid, k->pid);
	if (p)
		add_victim(w, b, &row, p);
	if (p && p->has_memory) {
		value[OOM_KILL_INPUT(peak_rss_bytes)] =
			process_value(p, PROCESS_INPUT(peak_rss_bytes));
		in.available |= 1ULL << OOM_KILL_INPUT(peak_rss_bytes);
	}
	builder_label_shared(b, &row, SCOPE_OOM_KILL, LABEL_OOM_KILL_reason, reason);
	builder_label_string(b, &row, SCOPE_OOM_KILL, LABEL_OOM_KILL_trigger, k->trigger);
	derive_row(&row, SCOPE_OOM_KILL, &in);
	builder_add(b, SCOPE_OOM_KILL, &row);
}

void oom_emit(struct oom *oom, const struct window *w, struct builder *b, uint64_t end_boot_ns)
{
	for (size_t i = 0; i < oom->count; i++)
		emit(oom, &oom->kills[i], w, b, end_boot_ns);
	oom->count = 0;
}
