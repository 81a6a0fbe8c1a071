// SPDX-License-Identifier: Apache-2.0
#include "collect/connection.h"

#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

/* An end that was never told of (the ring was full) must not keep its entry for ever. */
#define WALKS_UNSEEN_MAX 720

void connections_init(struct connections *c, struct window *window)
{
	*c = (struct connections){
		.connections.limit = CONNECTIONS_MAX,
		.pools.limit = POOLS_MAX,
		.window = window,
		.mode.now_from_ns = UINT64_MAX,
	};
}

static struct process *process_of(const struct connections *c, const struct holder *h)
{
	return h->pid ? table_get(&c->window->processes, h->pid, h->process_start_ns) : NULL;
}

struct process *connection_process(const struct connections *c, const struct connection *n)
{
	return process_of(c, &n->owner);
}

/* Counts for the owner, and for the pool that the connection is in. */
static void count(struct connections *c, const struct connection *n, enum input process_input,
		  int pool_input, uint64_t amount)
{
	struct process *p = process_of(c, &n->owner);

	if (p)
		window_count(c->window, p, process_input, amount);
	if (n->pool && pool_input >= 0)
		pool_count(n->pool, (enum input)pool_input, amount);
}

static struct pool *pool_of(struct connections *c, const struct connection *n)
{
	struct hash_pair key = pool_key(n->owner.pid, n->owner.process_start_ns, &n->remote);
	struct pool *pool = table_get(&c->pools, key.a, key.b);

	if (pool)
		return pool;
	pool = pool_new(n->owner.pid, n->owner.process_start_ns, &n->remote);
	if (pool && table_put(&c->pools, key.a, key.b, pool))
		return pool;
	free(pool);
	c->totals.table_full++;
	return NULL;
}

static void leave_pool(struct connection *n)
{
	if (n->pool)
		n->pool->connections--;
	n->pool = NULL;
}

static void join_pool(struct connections *c, struct connection *n)
{
	leave_pool(n);
	if (n->opened && n->owner.pid)
		n->pool = pool_of(c, n);
	if (n->pool)
		n->pool->connections++;
}

static struct connection *connection_new(struct connections *c, const struct connection_record *r)
{
	struct connection *n = calloc(1, sizeof(*n));

	if (!n || !table_put(&c->connections, r->cookie, 0, n)) {
		free(n);
		c->totals.table_full++;
		return NULL;
	}
	n->cookie = r->cookie;
	n->owner = (struct holder){r->head.pid, r->head.process_start_ns};
	n->remote.family = r->family;
	n->remote.port = r->remote_port;
	memcpy(n->remote.address, r->remote, sizeof(n->remote.address));
	n->netns = r->netns;
	n->local_port = r->local_port;
	n->opened = r->opened;
	n->base = c->walk == 1 && r->head.kind == RECORD_SOCKET;
	/* One that began after all others had their base needs none. */
	n->mode = connection_mode_at(c, r->head.kind == RECORD_SOCKET ? clock_boot_ns()
								      : r->closed_ns);
	return n;
}

static uint64_t grown(uint64_t now, uint64_t before)
{
	return now > before ? now - before : 0;
}

/* What the socket counts, since the newest reading. */
static void take_counters(struct connections *c, struct connection *n,
			  const struct connection_record *r)
{
	uint64_t rx = grown(r->rx_bytes, n->rx_bytes), tx = grown(r->tx_bytes, n->tx_bytes);
	uint64_t retransmits = grown(r->retransmits, n->retransmits);

	connection_take_bytes(n, r);
	n->rx_bytes = r->rx_bytes;
	n->tx_bytes = r->tx_bytes;
	n->retransmits = r->retransmits;
	n->rtt_us = r->rtt_us;
	n->state = (uint8_t)r->state;
	if (n->base && !n->counted)
		return;
	n->active |= rx || tx;
	if (retransmits)
		count(c, n, INPUT_PROCESS_retransmits, INPUT_POOL_retransmits, retransmits);
	if (n->pool) {
		pool_count(n->pool, INPUT_POOL_rx_bytes, rx);
		pool_count(n->pool, INPUT_POOL_tx_bytes, tx);
	}
}

static bool is_connecting(unsigned state)
{
	return state == TCP_SYN_SENT || state == TCP_SYN_RECV;
}

static void count_established(struct connections *c, struct connection *n)
{
	if (n->counted)
		return;
	n->counted = true;
	if (n->base)
		return;
	count(c, n, n->opened ? INPUT_PROCESS_opened : INPUT_PROCESS_accepted, INPUT_POOL_opened,
	      1);
}

static void count_closed(struct connections *c, struct connection *n)
{
	if (n->closed)
		return;
	n->closed = true;
	count(c, n, INPUT_PROCESS_closed, INPUT_POOL_closed, 1);
}

static bool is_same(const struct holder *a, const struct holder *b)
{
	return a->pid == b->pid && a->process_start_ns == b->process_start_ns;
}

/* Its owner is the first that was seen to hold it; is there another? */
static void note_shared(const struct connections *c, struct connection *n,
			const struct holder *holder)
{
	const struct holder *holders[] = {&n->owner, &n->first, holder};

	if (is_same(holder, &n->owner) && is_same(holder, &n->first))
		return;
	n->shared = true;
	for (size_t i = 0; i < 3; i++) {
		struct process *p = process_of(c, holders[i]);

		if (p)
			p->shares = true;
	}
}

static void take_holder(struct connections *c, struct connection *n, const struct record_header *h)
{
	struct holder holder = {h->pid, h->process_start_ns};

	if (n->walk != c->walk) {
		n->walk = c->walk;
		n->owner_holds = false;
		n->first = holder;
	}
	n->owner_holds |= is_same(&holder, &n->owner);
	note_shared(c, n, &holder);
}

static void take_listener(struct connections *c, const struct connection_record *r)
{
	static char present;

	if (c->walk == 1 && !table_get(&c->listeners, r->netns, r->local_port))
		table_put(&c->listeners, r->netns, r->local_port, &present);
}

static void take_socket(struct connections *c, const struct connection_record *r)
{
	if (r->state == TCP_LISTEN)
		take_listener(c, r);
	/* A socket that is not connected yet, or no more: its end was an event. */
	if (r->state == TCP_LISTEN || r->state == TCP_CLOSE)
		return;

	struct connection *n = table_get(&c->connections, r->cookie, 0);

	if (!n) {
		n = connection_new(c, r);
		if (!n)
			return;
		if (!n->base)
			join_pool(c, n);
	}
	/* The same socket in another process, or twice in one, says nothing new. */
	if (n->walk != c->walk)
		take_counters(c, n, r);
	take_holder(c, n, &r->head);
	if (!n->base && !is_connecting(r->state))
		count_established(c, n);
}

static void connection_free(struct connection *n)
{
	leave_pool(n);
	free(n);
}

static void take_end(struct connections *c, const struct connection_record *r)
{
	struct connection *n = table_get(&c->connections, r->cookie, 0);

	if (!n) {
		n = connection_new(c, r);
		if (!n)
			return;
		join_pool(c, n);
	}
	take_counters(c, n, r);
	if (!connection_credit(c, n, connection_mode_at(c, r->closed_ns)) || !n->owner.pid)
		c->totals.unowned++;
	if (r->state == TCP_SYN_SENT) {
		count(c, n, INPUT_PROCESS_failed, INPUT_POOL_failed, 1);
	} else if (r->state != TCP_SYN_RECV) {
		count_established(c, n);
		count_closed(c, n);
	}
	table_remove(&c->connections, r->cookie, 0);
	connection_free(n);
}

void connections_take(struct connections *c, const struct connection_record *r)
{
	if (r->head.kind == RECORD_SOCKET)
		take_socket(c, r);
	else
		take_end(c, r);
}

void connections_walk_begin(struct connections *c)
{
	c->window->files_walk = ++c->walk;
}

/* Which side began it was not seen: who listens on its local port has accepted it. */
static void settle_base(struct connections *c, struct connection *n)
{
	if (!n->opened)
		n->opened = !table_get(&c->listeners, n->netns, n->local_port);
	join_pool(c, n);
	if (!is_connecting(n->state))
		count_established(c, n);
	else
		n->base = false;
}

/* A process that passed its connection on and closed it owns it no more. */
static void settle_owner(struct connections *c, struct connection *n)
{
	if (n->owner_holds)
		return;
	n->owner = n->first;
	n->owner_holds = true;
	join_pool(c, n);
}

static void add_to_gauges(struct connections *c, struct connection *n)
{
	struct process *p = process_of(c, &n->owner);

	c->close_wait += n->state == TCP_CLOSE_WAIT;
	c->connecting += is_connecting(n->state);
	if (p)
		window_connection(c->window, p, n->rtt_us * (NS_PER_MS / 1000),
				  n->state == TCP_CLOSE_WAIT);
	if (!n->pool)
		return;
	if (is_connecting(n->state))
		pool_gauge(n->pool, c->walk, INPUT_POOL_connecting, 0);
	else
		pool_gauge(n->pool, c->walk, n->active ? INPUT_POOL_active : INPUT_POOL_idle,
			   n->rtt_us);
}

/* Its owner held it in the walk before and has slept since. */
static bool is_held_asleep(const struct connections *c, const struct connection *n)
{
	const struct process *p;

	if (c->walked_all || n->walk + 1 != c->walk)
		return false;
	p = process_of(c, &n->owner);
	return p && !p->exited && p->files_walk != c->walk;
}

static bool end_of_walk(void *context, void *item)
{
	struct connections *c = context;
	struct connection *n = item;

	if (is_held_asleep(c, n))
		n->walk = c->walk;
	if (n->walk == c->walk) {
		settle_owner(c, n);
		connection_credit(c, n, c->mode.now);
		connection_settle_unseen(c, n);
		if (c->walk == 1)
			settle_base(c, n);
		add_to_gauges(c, n);
		n->active = false;
		return false;
	}
	/* No process holds it any more. */
	if (n->counted)
		count_closed(c, n);
	if (c->walk - n->walk < WALKS_UNSEEN_MAX)
		return false;
	connection_free(n);
	return true;
}

void connections_walk_end(struct connections *c, bool walked_all)
{
	c->walked_all = walked_all;
	c->close_wait = c->connecting = 0;
	table_sweep(&c->connections, end_of_walk, c);
	connection_bytes_walked(c);
	if (c->walk == 1)
		table_free(&c->listeners);
}

void connections_emit(struct connections *c, struct builder *b, uint64_t length_ns)
{
	const struct pool *pool;
	size_t at = 0;

	while ((pool = table_next(&c->pools, &at))) {
		struct holder owner = {pool->pid, pool->process_start_ns};

		if (pool->walk == c->walk || pool_has_amount(pool))
			pool_emit(pool, process_of(c, &owner), b, c->walk, length_ns);
	}
}

static bool end_of_window(void *context, void *item)
{
	struct pool *pool = item;

	(void)context;
	memset(pool->amount, 0, sizeof(pool->amount));
	if (pool->connections)
		return false;
	free(pool);
	return true;
}

void connections_next(struct connections *c)
{
	table_sweep(&c->pools, end_of_window, c);
}

void connections_free(struct connections *c)
{
	void *item;
	size_t at = 0;

	while ((item = table_next(&c->connections, &at)))
		free(item);
	at = 0;
	while ((item = table_next(&c->pools, &at)))
		free(item);
	table_free(&c->connections);
	table_free(&c->pools);
	table_free(&c->listeners);
}
