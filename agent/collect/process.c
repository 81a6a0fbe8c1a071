// SPDX-License-Identifier: Apache-2.0
/* What a process is told besides its tasks: its files and connections. */
#include "collect/window.h"

void window_count(struct window *w, struct process *p, enum input input, uint64_t n)
{
	unsigned i = (unsigned)(input - INPUT_FIRST_PROCESS);

	p->amount[i] += n;
	p->value[i] += n;
	p->touched_window = w->number;
}

/* The first connection of a walk begins the gauges anew; the mean is made with the row. */
void window_connection(struct window *w, struct process *p, uint64_t rtt_ns)
{
	if (p->connections_walk != w->files_walk) {
		p->connections_walk = w->files_walk;
		p->value[PROCESS_INPUT(connections)] = 0;
		p->value[PROCESS_INPUT(rtt_ns)] = 0;
		p->rtt_samples = 0;
	}
	p->value[PROCESS_INPUT(connections)]++;
	p->value[PROCESS_INPUT(rtt_ns)] += rtt_ns;
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
	p->value[PROCESS_INPUT(open_files)] = r->files;
	p->files_walk = w->files_walk;
}
