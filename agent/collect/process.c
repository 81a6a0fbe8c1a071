// SPDX-License-Identifier: Apache-2.0
/* What a process is told besides the counters of its tasks. */
#include <stdlib.h>
#include <string.h>

#include "collect/arguments.h"
#include "collect/thread.h"

/* Most processes sleep for most of the time: then they have none of their own. */
const uint64_t *process_amounts(const struct process *p)
{
	static const uint64_t nothing[PROCESS_INPUTS];

	return p->amount ? p->amount : nothing;
}

uint64_t *process_add_amounts(struct window *w, struct process *p)
{
	if (!p->amount)
		p->amount = calloc(PROCESS_INPUTS, sizeof(*p->amount));
	w->totals.table_full += !p->amount;
	return p->amount;
}

void process_clear_amounts(struct process *p)
{
	free(p->amount);
	p->amount = NULL;
}

void process_set(struct window *w, struct process *p, unsigned input, uint64_t value)
{
	w->totals.table_full += !sparse_set(&p->value, input, value);
}

void process_add(struct window *w, struct process *p, unsigned input, uint64_t n)
{
	if (n)
		process_set(w, p, input, process_value(p, input) + n);
}

void former_free(struct former *f)
{
	if (f)
		free(f->shared);
	free(f);
}

void process_free(struct process *p)
{
	former_free(p->former);
	free(p->shared);
	free(p->amount);
	sparse_free(&p->value);
	free(p->exe);
	free(p->args);
	free(p);
}

void window_set_state(struct window *w, struct process *p, uint8_t *state, uint8_t to)
{
	static const unsigned inputs[THREAD_STATES] = {
		[THREAD_RUNNING] = PROCESS_INPUT(threads_running),
		[THREAD_BLOCKED] = PROCESS_INPUT(threads_blocked),
		[THREAD_STOPPED] = PROCESS_INPUT(threads_stopped),
	};

	if (to >= THREAD_STATES || *state == to)
		return;
	uint64_t before = *state == THREAD_SLEEPING ? 0 : process_value(p, inputs[*state]);

	if (before)
		process_set(w, p, inputs[*state], before - 1);
	if (to != THREAD_SLEEPING)
		process_add(w, p, inputs[to], 1);
	*state = to;
}

void window_path(struct window *w, const struct path_record *r)
{
	struct process *p = window_process(w, &r->head);

	if (!p || r->length == 0 || r->length > RECORD_PATH_LENGTH)
		return;

	/* The walk tells the resolved path; the event only what exec was called with. */
	char *exe = strndup(r->path, r->length - 1);

	if (!exe)
		return;
	free(p->exe);
	p->exe = exe;
	if (r->head.kind == RECORD_EXEC) {
		p->uid = r->uid;
		memcpy(p->comm, r->comm, RECORD_COMM_LENGTH);
	}
}

void window_arguments(struct window *w, const struct path_record *r)
{
	struct process *p = window_process(w, &r->head);

	if (!p || r->length > RECORD_PATH_LENGTH)
		return;
	free(p->args);
	p->args = arguments_text(r->path, r->length, RECORD_PATH_LENGTH);
	p->args_known = true;
}

void window_count(struct window *w, struct process *p, enum input input, uint64_t n)
{
	unsigned i = (unsigned)(input - INPUT_FIRST_PROCESS);
	uint64_t *amount = process_add_amounts(w, p);

	if (amount)
		amount[i] += n;
	process_add(w, p, i, n);
	p->touched_window = w->number;
}

/* The first connection of a walk begins the gauges anew; the mean is made with the row. */
void window_connection(struct window *w, struct process *p, uint64_t rtt_ns, bool close_wait)
{
	if (p->connections_walk != w->files_walk) {
		p->connections_walk = w->files_walk;
		process_set(w, p, PROCESS_INPUT(connections), 0);
		process_set(w, p, PROCESS_INPUT(close_wait), 0);
		process_set(w, p, PROCESS_INPUT(rtt_ns), 0);
		p->rtt_samples = 0;
	}
	process_add(w, p, PROCESS_INPUT(connections), 1);
	process_add(w, p, PROCESS_INPUT(close_wait), close_wait);
	process_add(w, p, PROCESS_INPUT(rtt_ns), rtt_ns);
	p->rtt_samples += rtt_ns != 0;
}

void window_files(struct window *w, const struct files_record *r)
{
	/* A thread may have a table of files of its own. */
	if (r->head.tid != r->head.pid)
		return;

	struct process *p = table_get(&w->processes, r->head.pid, r->head.process_start_ns);

	/* The walk over files goes before that over tasks. */
	if (!p)
		p = window_process(w, &r->head);
	if (!p)
		return;
	process_set(w, p, PROCESS_INPUT(open_files), r->files);
	process_set(w, p, PROCESS_INPUT(heard_rx_bytes), r->tcp_rx_bytes);
	p->files_walk = w->files_walk;
}

/* Later than in the window it ended in only while a zombie, or for late numbers. */
bool process_is_shown(const struct window *w, const struct process *p)
{
	return !p->exited || p->exited_window == w->number || p->zombie || p->amount;
}
