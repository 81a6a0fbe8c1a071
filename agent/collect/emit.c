// SPDX-License-Identifier: Apache-2.0
/* The rows of processes at the end of a window. */
#include <string.h>

#include "collect/arguments.h"
#include "collect/groups.h"
#include "collect/other.h"
#include "collect/thread.h"
#include "snapshot/derive.h"

/* Processes whose arguments are read from /proc in one window. */
#define ARGUMENTS_ASKED_MAX 1000

#define BIT(id) (1ULL << PROCESS_INPUT(id))
#define MEMORY_GAUGES                                                                  \
	(BIT(rss_bytes) | BIT(anonymous_bytes) | BIT(file_bytes) | BIT(shared_bytes) | \
	 BIT(swap_bytes) | BIT(peak_rss_bytes))

_Static_assert(PROCESS_INPUTS <= DERIVE_MAX_INPUTS, "availability is one bit an input");

/*
 * The kernel samples user and system time at ticks, but counts run time exactly:
 * the split is scaled to the run time, as in cputime_adjust(). Without a tick in
 * the window the process's whole past decides; without any, it is user time.
 */
static void split_run_time(struct process *p)
{
	uint64_t *a = p->amount;
	double run = (double)a[PROCESS_INPUT(run_ns)];
	double user = (double)a[PROCESS_INPUT(user_ns)];
	double system = (double)a[PROCESS_INPUT(system_ns)];

	if (user + system == 0) {
		user = (double)process_value(p, PROCESS_INPUT(user_ns));
		system = (double)process_value(p, PROCESS_INPUT(system_ns));
	}
	if (user + system == 0)
		user = 1;
	a[PROCESS_INPUT(system_ns)] = (uint64_t)(run * (system / (user + system)));
	a[PROCESS_INPUT(user_ns)] = a[PROCESS_INPUT(run_ns)] - a[PROCESS_INPUT(system_ns)];
}

/* Of amounts, or of values. */
static void fill_derived(uint64_t *v)
{
	v[PROCESS_INPUT(rx_bytes)] = v[PROCESS_INPUT(tcp_rx_bytes)] +
				     v[PROCESS_INPUT(udp_rx_bytes)] +
				     v[PROCESS_INPUT(other_rx_bytes)];
	v[PROCESS_INPUT(tx_bytes)] = v[PROCESS_INPUT(tcp_tx_bytes)] +
				     v[PROCESS_INPUT(udp_tx_bytes)] +
				     v[PROCESS_INPUT(other_tx_bytes)];
}

static void add_exit_labels(struct builder_row *row, const struct process *p)
{
	unsigned signal = p->exit_status & 0x7f;

	builder_label(row, SCOPE_PROCESS, LABEL_PROCESS_exited, p->exited);
	if (!p->exited)
		return;
	if (signal)
		builder_label(row, SCOPE_PROCESS, LABEL_PROCESS_exit_signal, signal);
	else
		builder_label(row, SCOPE_PROCESS, LABEL_PROCESS_exit_code,
			      p->exit_status >> 8 & 0xff);
}

static void add_labels(struct builder *b, struct builder_row *row, const struct process *p,
		       const char *user)
{
	const struct cgroup *c = p->cgroup;

	builder_label(row, SCOPE_PROCESS, LABEL_PROCESS_pid, p->pid);
	builder_label(row, SCOPE_PROCESS, LABEL_PROCESS_start_time, p->start_ns);
	builder_label(row, SCOPE_PROCESS, LABEL_PROCESS_ppid, p->ppid);
	builder_label_string(b, row, SCOPE_PROCESS, LABEL_PROCESS_comm, p->comm);
	builder_label_string(b, row, SCOPE_PROCESS, LABEL_PROCESS_exe, p->exe);
	builder_label_string(b, row, SCOPE_PROCESS, LABEL_PROCESS_args, p->args);
	builder_label(row, SCOPE_PROCESS, LABEL_PROCESS_uid, p->uid);
	builder_label_shared(b, row, SCOPE_PROCESS, LABEL_PROCESS_user, user);
	add_exit_labels(row, p);
	if (!c)
		return;
	builder_label_shared(b, row, SCOPE_PROCESS, LABEL_PROCESS_cgroup, c->path);
	builder_label_shared(b, row, SCOPE_PROCESS, LABEL_PROCESS_unit, c->unit);
	builder_label_shared(b, row, SCOPE_PROCESS, LABEL_PROCESS_container, c->container);
	builder_label_shared(b, row, SCOPE_PROCESS, LABEL_PROCESS_pod, c->pod);
	builder_label_shared(b, row, SCOPE_PROCESS, LABEL_PROCESS_namespace, c->namespace);
}

/*
 * What the newest walk over files says. A process is told of at least once in
 * WINDOW_FILES_WALKS walks as long as it has a file; before the first it is not known.
 */
static uint64_t settle_files(struct window *w, struct process *p)
{
	uint64_t absent = 0;

	if (!p->files_walk)
		absent |= BIT(open_files);
	else if (p->exited || w->files_walk - p->files_walk > WINDOW_FILES_WALKS)
		process_set(w, p, PROCESS_INPUT(open_files), 0);
	if (p->connections_walk != w->files_walk || p->exited) {
		process_set(w, p, PROCESS_INPUT(connections), 0);
		process_set(w, p, PROCESS_INPUT(close_wait), 0);
		return absent | BIT(rtt_ns);
	}
	if (!p->rtt_samples)
		return absent | BIT(rtt_ns);
	process_set(w, p, PROCESS_INPUT(rtt_ns),
		    process_value(p, PROCESS_INPUT(rtt_ns)) / p->rtt_samples);
	p->rtt_samples = 1;
	return absent;
}

/* Those that were there before the agent, some of them a window: reading costs 10 us each. */
static void ask_for_arguments(struct window *w, struct process *p, unsigned *asked)
{
	if (!w->show_arguments || p->args_known || p->exited || p->kernel_thread ||
	    *asked >= ARGUMENTS_ASKED_MAX)
		return;
	p->args = arguments_read(p->pid);
	p->args_known = true;
	++*asked;
}

static void add_row(struct window *w, struct builder *b, struct process *p, struct other *other,
		    uint64_t length_ns)
{
	const char *user = identity_user(w->identity, p->uid);
	bool touched = p->touched_window == w->number;
	uint64_t value[PROCESS_INPUTS];
	struct builder_row row;
	struct derive_inputs in = {
		.amount = process_amounts(p),
		.value = value,
		.available = w->available,
		.zero_amounts = p->amount ? 0 : UINT64_MAX,
		.length_ns = length_ns,
		.cpus = 1,
	};

	if (!p->cgroup)
		p->cgroup = identity_known(w->identity, p->cgroup_id);
	if (!p->has_memory)
		in.available &= ~MEMORY_GAUGES;
	if (p->shares || p->kernel_thread)
		in.available &= ~BIT(unseen_rx_bytes);
	in.available &= ~settle_files(w, p);
	sparse_expand(&p->value, value, PROCESS_INPUTS);
	fill_derived(value);
	in.zero_values = ~(p->value.present | BIT(rx_bytes) | BIT(tx_bytes));
	if (p->amount) {
		split_run_time(p);
		fill_derived(p->amount);
	}
	if (w->groups)
		groups_add(w->groups, p, value, user, touched);
	if (other_takes(other, p)) {
		other_add(other, p, value);
		return;
	}
	builder_row_clear(&row);
	add_labels(b, &row, p, user);
	derive_row(&row, SCOPE_PROCESS, &in);
	builder_add(b, SCOPE_PROCESS, &row);
}

struct window_counts window_emit(struct window *w, struct builder *b, uint64_t length_ns)
{
	struct window_counts counts = {0};
	unsigned asked = 0;
	struct other other;
	struct process *p;
	size_t at = 0;

	other_begin(&other, w);

	while ((p = table_next(&w->processes, &at))) {
		counts.processes += !p->exited;
		counts.zombies += p->zombie;
		counts.threads += process_value(p, PROCESS_INPUT(threads));
		/* What it was heard of is final. */
		if (p->exited)
			process_settle_unseen(w, p);
		if (!process_is_shown(w, p))
			continue;
		ask_for_arguments(w, p, &asked);
		add_row(w, b, p, &other, length_ns);
		counts.rows++;
	}
	other_emit(&other, w, b, length_ns);
	counts.merged = other.count;
	counts.rows -= other.count ? other.count - 1 : 0;
	return counts;
}
