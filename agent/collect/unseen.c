// SPDX-License-Identifier: Apache-2.0
/*
 * Bytes that no receive call takes: splice() from a socket, TCP_ZEROCOPY_RECEIVE.
 * The sockets know how much was read of them, the hooks how much the process's
 * calls took. Where each of its connections is its own, the difference is the rest.
 *
 * Each time the sockets are read before the hooks' counters, so that what is read
 * in between makes the difference smaller, never larger: once seen it is true. One
 * socket shared with another process, which the hooks count there, would belie it.
 * Between two walks nobody sees who holds a socket; but to share it takes a fork.
 */
#include "collect/thread.h"

void window_fork(struct window *w, const struct fork_record *r)
{
	struct process *parent = table_get(&w->processes, r->parent, r->parent_start_ns);

	window_process(w, &r->head);
	if (parent)
		parent->shares = true;
}

void window_read(struct window *w, struct process *p, uint64_t n)
{
	process_add(w, p, PROCESS_INPUT(expected_rx_bytes), n);
}

/* The hooks' newest counter may have come with the files alone. */
static uint64_t not_added_yet(const struct process *p)
{
	uint64_t newest = process_value(p, PROCESS_INPUT(heard_rx_bytes));
	uint64_t added = p->shared ? p->shared->tcp_rx_bytes : 0;

	return newest > added ? newest - added : 0;
}

void process_settle_unseen(struct window *w, struct process *p)
{
	uint64_t expected = process_value(p, PROCESS_INPUT(expected_rx_bytes));
	uint64_t heard = process_value(p, PROCESS_INPUT(tcp_rx_bytes)) + not_added_yet(p);

	if (p->shares || p->kernel_thread || expected <= heard)
		return;
	window_count(w, p, INPUT_PROCESS_unseen_rx_bytes, expected - heard);
	process_set(w, p, PROCESS_INPUT(expected_rx_bytes), heard);
}

void window_restart_unseen(struct window *w)
{
	struct process *p;
	size_t at = 0;

	while ((p = table_next(&w->processes, &at)))
		process_set(w, p, PROCESS_INPUT(expected_rx_bytes),
			    process_value(p, PROCESS_INPUT(tcp_rx_bytes)));
}
