// SPDX-License-Identifier: Apache-2.0
/* TCP bytes of processes, from what their sockets count. */
#include "base/clock.h"
#include "collect/connection.h"
#include "collect/thread.h"

void connections_set_mode(struct connections *c, enum tcp_bytes mode)
{
	/* One that never had its base leaves the one before it in its place. */
	if (c->mode.now_from_ns != UINT64_MAX) {
		c->mode.before = c->mode.now;
		c->mode.before_until_ns = clock_boot_ns();
	}
	c->mode.now = mode;
	c->mode.now_from_ns = UINT64_MAX;
	if (mode == TCP_BYTES_BY_CALLS)
		window_restart_unseen(c->window);
}

void connection_bytes_walked(struct connections *c)
{
	if (c->mode.now_from_ns == UINT64_MAX)
		c->mode.now_from_ns = clock_boot_ns();
}

enum tcp_bytes connection_mode_at(const struct connections *c, uint64_t closed_ns)
{
	if (closed_ns >= c->mode.now_from_ns)
		return c->mode.now;
	return closed_ns < c->mode.before_until_ns ? c->mode.before : TCP_BYTES_UNKNOWN;
}

/* The socket is read while others change it: a number may seem to fall. */
static uint64_t take(uint64_t *newest, uint64_t reading)
{
	uint64_t grown = reading > *newest ? reading - *newest : 0;

	*newest += grown;
	return grown;
}

void connection_take_bytes(struct connection *n, const struct connection_record *r)
{
	n->read_new += take(&n->read_bytes, r->read_bytes);
	n->written_new += take(&n->written_bytes, r->written_bytes);
}

static bool credit_sampled(struct connections *c, const struct connection *n)
{
	struct process *p = connection_process(c, n);

	if (p && n->read_new)
		window_count(c->window, p, INPUT_PROCESS_tcp_rx_bytes, n->read_new);
	if (p && n->written_new)
		window_count(c->window, p, INPUT_PROCESS_tcp_tx_bytes, n->written_new);
	return p;
}

/* Of a connection that several processes have held nobody knows who read it. */
static void compare_with_calls(struct connections *c, const struct connection *n)
{
	struct process *p = connection_process(c, n);

	if (p && !n->shared)
		window_read(c->window, p, n->read_new);
}

/*
 * When files are read along with the tasks, what was heard comes with them and is
 * newer. After the iterator over all files the walk over tasks is to come.
 */
void connection_settle_unseen(struct connections *c, const struct connection *n)
{
	struct process *p = connection_process(c, n);

	if (p && !c->walked_all)
		process_settle_unseen(c->window, p);
}

bool connection_credit(struct connections *c, struct connection *n, enum tcp_bytes mode)
{
	/* A process that began during this walk is known at the next one. */
	if (mode == n->mode && mode == TCP_BYTES_SAMPLED && !credit_sampled(c, n))
		return false;
	if (mode == n->mode && mode == TCP_BYTES_BY_CALLS)
		compare_with_calls(c, n);
	n->mode = mode;
	n->read_new = n->written_new = 0;
	return true;
}
